#include "actors/supervision/restart_policy.hpp"

#include <algorithm>
#include <utility>

namespace feedtree::actors {

backoff::backoff(backoff_options options, random_source random)
    : options_(options), random_(std::move(random)), bound_ms_(options.initial_ms) {}

std::int64_t backoff::next_ms() {
  const auto bound = std::min(bound_ms_, options_.max_ms);
  bound_ms_ = std::min(bound * 2, options_.max_ms);
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(bound) * random_()) >> 32);
}

restart_policy::restart_policy(restart_options options, random_source random)
    : options_(options), backoff_(options.delay, std::move(random)) {}

std::optional<std::int64_t> restart_policy::on_failure(std::int64_t now_ms) {
  while (!failures_ms_.empty() && now_ms - failures_ms_.front() >= options_.within_ms) {
    failures_ms_.pop_front();
  }
  if (failures_ms_.empty()) backoff_.reset();
  if (failures_ms_.size() >= options_.intensity) return {};
  failures_ms_.push_back(now_ms);
  return backoff_.next_ms();
}

}  // namespace feedtree::actors
