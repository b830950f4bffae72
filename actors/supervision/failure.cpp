#include "actors/supervision/failure.hpp"

#include <algorithm>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>

#include "core/first_words.hpp"

namespace feedtree::actors {

remedy classify(const transport::transport_error& error) {
  if (error.stage == transport::error_stage::closed_by_us) return remedy::ignore;
  return error.terminal && asked_wait_s(error) == 0 ? remedy::fatal : remedy::reconnect;
}

std::int64_t asked_wait_s(int http_status, std::optional<std::int64_t> retry_after_s,
                          std::string_view body) {
  if (retry_after_s.has_value()) return std::max<std::int64_t>(0, *retry_after_s);
  if (http_status == 429) return 5;
  if (http_status == 403 && body.find("access too frequent") != body.npos) return 600;
  return http_status == 418 ? 120 : 0;
}

std::int64_t asked_wait_s(const transport::transport_error& error) {
  return asked_wait_s(error.http_status, error.retry_after_s, error.answer);
}

std::string status_text(const transport::http_response& answer) {
  const auto words = first_words(answer.body);
  return "HTTP " + std::to_string(answer.status) + (words.empty() ? "" : ": " + words);
}

caf::error failure_error(std::string_view text) {
  return caf::make_error(caf::sec::runtime_error, std::string(text));
}

caf::error fatal_error(std::string_view text) {
  return caf::make_error(caf::sec::invalid_argument, std::string(text));
}

bool is_fatal(const caf::error& reason) {
  return reason == caf::sec::invalid_argument;
}

std::string failure_text(const caf::error& reason) {
  if (!reason || reason == caf::exit_reason::normal) return {};
  const auto& context = reason.context();
  if (context.size() == 1 && context.match_element<std::string>(0)) {
    return context.get_as<std::string>(0);
  }
  return caf::to_string(reason);
}

}  // namespace feedtree::actors
