// Notices missing trades by the volume of the venue's own candles.
#pragma once

#include <cstdint>
#include <deque>

#include "core/event.hpp"
#include "core/exact_sum.hpp"

namespace feedtree {

// Follows one instrument's trades and the venue's candles of one interval, whose volume grows with
// each trade, also before the interval is over. A candle with more volume than the trades that came
// says that some are missing: a ledger entry. Trades that a candle does not have yet say nothing,
// so that the two may come in any order. The first candle is only compared with; where there were
// trades just before it, it hides as much until the market pauses or the interval is over. Behind a
// gap of the trades it begins again. Times are those of the events. Not thread-safe.
class trade_volume {
 public:
  // Interval 0: the candles say nothing about trades, and nothing is followed.
  trade_volume(const listing* where, std::int64_t interval_ns)
      : where_(where), interval_ns_(interval_ns) {}

  // Takes the events of the batch from this one on; appends entries. To be called before any of
  // them is taken out for breaking a rule.
  void follow(event_batch& batch, std::size_t first = 0);

  std::uint64_t holes() const { return holes_; }

 private:
  struct sale {
    std::int64_t exchange_ns = 0;
    decimal quantity;
  };
  // What a candle said.
  struct reading {
    std::int64_t open_ns = 0;
    std::int64_t exchange_ns = 0;
    std::int64_t receive_ns = 0;
    decimal volume;
  };

  void take(const event& what);
  bool is_reading(const event& what) const;
  void follow_clock(std::int64_t exchange_ns);
  void take_trade(const event& what);
  void take_candle(const event& what);
  void forget();
  void judge_due(std::int64_t now_ns, event_batch& out);
  void judge(const reading& next, std::int64_t now_ns, event_batch& out);
  void begin(const reading& next, std::int64_t from_ns, const decimal& base);
  void add_trades_until(const reading& next);
  void tell(const reading& next, const decimal& missing, std::int64_t now_ns, event_batch& out);

  const listing* where_;
  std::int64_t interval_ns_;
  std::int64_t since_ns_ = 0;    // exchange time of the first trade that was followed; 0: none yet
  std::deque<sale> sales_;       // not in sum_ yet
  std::deque<reading> waiting_;  // their trades may still be on the way
  std::int64_t open_ns_ = 0;     // of the interval that is followed; 0: none yet
  std::int64_t from_ns_ = 0;     // later trades count
  std::int64_t latest_ns_ = 0;   // the venue's time so far
  std::int64_t last_ns_ = 0;     // exchange time of the last trade that was counted
  std::int64_t good_ns_ = 0;     // receive time of the last candle that had no more than the trades
  exact_sum missing_;            // candle less trades less what was told; trades alone between
  std::uint64_t holes_ = 0;
};

}  // namespace feedtree
