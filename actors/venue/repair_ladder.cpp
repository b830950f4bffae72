#include "actors/venue/repair_ladder.hpp"

#include <utility>

namespace feedtree::actors {
namespace {

constexpr std::int64_t ms = 1'000'000;

}  // namespace

repair_ladder::repair_ladder(repair_options options, random_source random)
    : options_(options), random_(std::move(random)) {}

repair_ladder::order repair_ladder::next(const listing* where, std::int64_t now_ns) {
  auto found = troubles_.find(where);
  const bool is_over = found != troubles_.end() && found->second.repaired_ns != 0 &&
                       now_ns - found->second.repaired_ns >= options_.settle_ns;
  if (is_over) troubles_.erase(std::exchange(found, troubles_.end()));
  if (found == troubles_.end()) {
    found = troubles_.emplace(where, trouble{0, 0, 0, 0, {options_.delay, random_}}).first;
  }
  auto& at = found->second;
  at.repaired_ns = 0;
  if (++at.asks == 1 && at.reconnects == 0) return {step::ask, now_ns};
  if (at.asks > options_.asks_max && may_harm(now_ns)) {
    if (at.reconnects < options_.reconnects_max) {
      ++at.reconnects;
      harmed_ns_ = now_ns;
      return {step::reconnect, now_ns};
    }
    if (at.restarts < options_.restarts_max) {
      ++at.restarts;
      harmed_ns_ = now_ns;
      return {step::restart, now_ns};
    }
  }
  return {step::ask, now_ns + (at.delay.next_ms() + 1) * ms};
}

void repair_ladder::repaired(const listing* where, std::int64_t now_ns) {
  const auto found = troubles_.find(where);
  if (found != troubles_.end()) found->second.repaired_ns = now_ns;
}

void repair_ladder::reconnected() {
  for (auto& [where, at] : troubles_) at.asks = 0;
}

bool repair_ladder::may_harm(std::int64_t now_ns) {
  return harmed_ns_ == 0 || now_ns - harmed_ns_ >= options_.harm_every_ns;
}

}  // namespace feedtree::actors
