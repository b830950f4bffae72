// What follows the checks of a replay: the rules, then candles of what keeps them.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "core/candle_desk.hpp"
#include "core/rules/judgement.hpp"

namespace feedtree::actors {

// Of one venue. The same order as in the actor of an instrument: events, candles, and both judged
// once. Not thread-safe.
class judged_candles {
 public:
  // Rules null: the built-in ones alone, which the pipeline has judged by. The board is shared by
  // all venues.
  judged_candles(const candle_options& options, std::shared_ptr<const rules::rule_list> rules,
                 const std::shared_ptr<rules::price_board>& board)
      : candles_(options), judgement_(engine_of(std::move(rules), board)) {}

  // Takes the events of the batch from this one on, then the time. Gives how many went into
  // quarantine.
  std::size_t follow(event_batch& batch, std::size_t first, std::int64_t now_ns) {
    auto quarantined = judgement_.judge(batch, first);
    const auto judged = batch.events.size();
    candles_.follow(batch, first, now_ns);
    quarantined += judgement_.judge(batch, judged);
    return quarantined;
  }

  candle_counters counters() const { return candles_.counters(); }

 private:
  static std::unique_ptr<rules::rule_engine> engine_of(
      std::shared_ptr<const rules::rule_list> rules,
      const std::shared_ptr<rules::price_board>& board) {
    if (rules == nullptr) return nullptr;
    auto counts = std::make_shared<rules::venue_counts>(*rules);
    return std::make_unique<rules::rule_engine>(std::move(rules), board, std::move(counts));
  }

  candle_desk candles_;
  rules::event_judgement judgement_;
};

}  // namespace feedtree::actors
