#include "actors/failure.hpp"

#include <caf/exit_reason.hpp>
#include <caf/message.hpp>

namespace feedtree::actors {

remedy classify(const transport::transport_error& error) {
  if (error.stage == transport::error_stage::closed_by_us) return remedy::ignore;
  return error.terminal ? remedy::fatal : remedy::reconnect;
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
