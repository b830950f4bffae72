#include "actors/operator/read_journal.hpp"

#include <utility>

namespace feedtree::actors {

std::optional<std::string> read_journal::note(const http::read_note& what, std::int64_t now_ms) {
  if (every_ms_ == 0) return {};
  const auto key = what.name + '\n' + what.peer + '\n' + what.target;
  auto found = seen_.find(key);
  if (found == seen_.end()) {
    if (seen_.size() >= keys_max_) forget(now_ms);
    if (seen_.size() >= keys_max_) {
      ++not_recorded_;
      return {};
    }
    found = seen_.emplace(key, seen{now_ms - every_ms_}).first;
  }
  auto& before = found->second;
  if (now_ms - before.recorded_ms < every_ms_) {
    ++before.since;
    return {};
  }
  before.recorded_ms = now_ms;
  auto detail = what.peer.empty() ? std::string() : "from " + what.peer;
  if (const auto count = std::exchange(before.since, 0); count > 0) {
    detail += (detail.empty() ? "" : "; ") + std::to_string(count) + " more since the last record";
  }
  return detail;
}

// Those that are due anyway. Not at each read: the table may be full for long.
void read_journal::forget(std::int64_t now_ms) {
  if (now_ms - forgot_ms_ < every_ms_ / 10) return;
  forgot_ms_ = now_ms;
  std::erase_if(seen_,
                [&](const auto& each) { return now_ms - each.second.recorded_ms >= every_ms_; });
}

}  // namespace feedtree::actors
