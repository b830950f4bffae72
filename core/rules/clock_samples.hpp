// Which of an instrument's events tell how the venue's clock and ours differ.
#pragma once

#include <cstdint>

#include "core/event.hpp"

namespace feedtree::rules {

// A trade that was old when it came says nothing about clocks: those of the first frame (venues
// repeat the last trades to a new subscriber), those that were asked for, and those before one that
// was there already. Neither does a candle of our own. Not thread-safe.
class clock_samples {
 public:
  // Takes each event of the instrument in its order. True if its receive time less its exchange
  // time is a difference of clocks and of the way between them.
  bool take(const event& what);

 private:
  bool take_trade(const event& what);

  std::int64_t first_ns_ = 0;   // receive time of the first frame with trades; 0: none came yet
  std::int64_t filled_ns_ = 0;  // receive time of the last answer with missing trades
  std::int64_t latest_ns_ = 0;  // exchange time of the latest trade
};

}  // namespace feedtree::rules
