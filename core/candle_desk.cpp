#include "core/candle_desk.hpp"

#include <algorithm>

namespace feedtree {

candle_builder& candle_desk::builder_of(const listing* where) {
  if (where->index >= builders_.size()) builders_.resize(where->index + std::size_t{1});
  auto& found = builders_[where->index];
  if (found == nullptr) found = std::make_unique<candle_builder>(where, options_);
  return *found;
}

const candle_builder* candle_desk::find(const listing* where) const {
  return where->index < builders_.size() ? builders_[where->index].get() : nullptr;
}

void candle_desk::follow(event_batch& batch, std::size_t first, std::int64_t now_ns) {
  if (options_.intervals_ns.empty()) return;
  // Each builder passes over the others' events, and over the candles that were appended.
  std::vector<candle_builder*> concerned;
  for (auto at = first; at < batch.events.size(); ++at) {
    const auto& what = batch.events[at];
    const bool begins = what.kind() == event_kind::trade;
    if (!begins && (what.kind() == event_kind::book || find(what.where) == nullptr)) continue;
    auto* const builder = &builder_of(what.where);
    if (std::find(concerned.begin(), concerned.end(), builder) == concerned.end()) {
      concerned.push_back(builder);
    }
  }
  for (auto* builder : concerned) builder->follow(batch, first);
  if (now_ns == 0) return;
  for (const auto& builder : builders_) {
    if (builder != nullptr) builder->on_time(now_ns, batch);
  }
}

candle_counters candle_desk::counters() const {
  candle_counters total;
  for (const auto& builder : builders_) {
    if (builder != nullptr) total += builder->counters();
  }
  return total;
}

}  // namespace feedtree
