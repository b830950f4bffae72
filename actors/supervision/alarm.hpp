// The one timer of an actor that is set again and again.
#pragma once

#include <cstdint>

namespace feedtree::actors {

// Timer messages cannot be taken back: one that was set for later still comes after an earlier one
// was set. It must not act, or each would set the next one and they would multiply. Times are
// nanoseconds; 0 is none. No clock. Not thread-safe.
class alarm {
 public:
  // True if a timer message is to be sent for this time: none as early is under way.
  bool set(std::int64_t at_ns) {
    if (at_ns == 0 || (at_ns_ != 0 && at_ns_ <= at_ns)) return false;
    at_ns_ = at_ns;
    ++under_way_;
    return true;
  }
  // A timer message came: true if it is the one that counts, and nothing is set any more. The last
  // one under way counts even if it comes early by this clock, so that nobody waits for nothing.
  bool rings(std::int64_t now_ns) {
    if (under_way_ != 0) --under_way_;
    if (at_ns_ == 0 || (now_ns < at_ns_ && under_way_ != 0)) return false;
    at_ns_ = 0;
    return true;
  }

 private:
  std::int64_t at_ns_ = 0;
  std::uint64_t under_way_ = 0;
};

}  // namespace feedtree::actors
