// The candle of the interval that is not over yet, of one instrument.
#pragma once

#include <cstdint>

#include "core/event.hpp"
#include "core/fixed_point.hpp"

namespace feedtree {

// Follows trades by their own times. The next interval begins with its first trade; trades of an
// interval before the present one change nothing. The first and the last trade of the interval are
// so by their times, and of equal times by their order. Never closed. Not thread-safe.
class current_candle {
 public:
  explicit current_candle(std::int64_t interval_ns) : interval_ns_(interval_ns) {}

  // True if the candle changed.
  bool follow(const trade& what, std::int64_t at_ns);
  // Trades may be missing: the present candle is not whole, nor is one that began before at_ns.
  void interrupt(std::int64_t at_ns);

  // The candle; false if there is none yet, or its volume does not fit a decimal.
  bool get(candle& out) const;
  // True if all trades since the begin of the interval were followed.
  bool is_whole() const { return open_ns_ >= whole_from_ns_; }

 private:
  std::int64_t interval_ns_;
  std::int64_t open_ns_ = 0;  // 0: none yet
  std::int64_t whole_from_ns_ = 0;
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
  decimal open_;
  decimal high_;
  decimal low_;
  decimal close_;
  wide_integer volume_ = 0;  // units of 10^-18
  bool fits_ = true;
  std::int64_t trades_ = 0;
};

}  // namespace feedtree
