#include "actors/batch/backfill_fetch.hpp"

#include <algorithm>
#include <chrono>
#include <future>

#include "actors/supervision/failure.hpp"
#include "actors/system.hpp"

namespace feedtree::actors {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t refused_wait_s = 10;

}  // namespace

void stop_signal::set() {
  {
    const std::lock_guard lock(mutex_);
    set_ = true;
  }
  changed_.notify_all();
}

bool stop_signal::wait_ms(std::int64_t delay_ms) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(delay_ms),
                            [this] { return set_.load(); });
}

std::int64_t backoff_ms(int attempt) {
  return std::min<std::int64_t>(30'000, std::int64_t{500} << std::min(attempt, 6));
}

void fetcher::refused() {
  ++counters_.refused;
  budget_->penalise(wall_ns() + refused_wait_s * 1000 * ms);
}

fetched fetcher::get(const venues::rest_request& request) {
  fetched result;
  while (true) {
    if (stop_.is_set()) return {false, true, "stopped", false, {}};
    const auto now = wall_ns();
    const auto when = budget_->take_or_when(budget_rest, request.weight, now);
    if (when == 0) break;
    stop_.wait_ms(std::max<std::int64_t>(1, (when - now + ms - 1) / ms));
  }
  ++counters_.requests;
  const auto answered = std::make_shared<std::promise<transport::http_result>>();
  auto answer = answered->get_future();
  client_.get(request.url, {},
              [answered](transport::http_result what) { answered->set_value(std::move(what)); });
  auto got = answer.get();
  if (const auto* const error = std::get_if<transport::transport_error>(&got)) {
    result.reason = error->message;
    result.may_pass = true;
    return result;
  }
  auto& response = std::get<transport::http_response>(got);
  const auto wait_s = asked_wait_s(response.status, response.retry_after_s, response.body);
  if (wait_s > 0) {
    ++counters_.refused;
    budget_->penalise(wall_ns() + wait_s * 1000 * ms);
  }
  result.good = response.status == 200;
  result.may_pass = wait_s > 0 || response.status >= 500 || response.status == 408;
  if (!result.good) result.reason = status_text(response);
  result.body = {std::move(response.body), response.receive_ns};
  return result;
}

}  // namespace feedtree::actors
