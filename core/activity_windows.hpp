// What happened in one market over the last minute, five minutes and hour, by whole seconds.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "core/fixed_point.hpp"

namespace feedtree {

struct window_sums {
  std::int64_t seconds = 0;  // how many of them were observed; at most the window's length
  std::uint64_t trades = 0;
  wide_integer volume = 0;           // units of 10^-18
  wide_integer squared_returns = 0;  // units of 10^-30

  // The square root of the sum of squared logarithmic returns from second to second; of the window,
  // not of a year.
  wide_decimal volatility() const;
  wide_decimal volume_sum() const { return {volume, -18}; }
};

// Time is that of the events and never goes back. A window of n seconds is the last n seconds that
// are over: what happens in the present second counts when the next one begins. The price of a
// second is the last one in it; where there was none, the price before it holds, so that over a gap
// the whole movement counts in the second in which prices are back. Trades count in their own
// second, also where they come late, up to an hour. All sums are of whole numbers: what leaves a
// window leaves nothing behind. Not thread-safe.
class activity_windows {
 public:
  static constexpr std::array<std::int64_t, 3> lengths_s{60, 300, 3'600};

  // The price from now on; it is above 0.
  void set_price(const decimal& price, std::int64_t at_ns);
  void add_trade(const decimal& quantity, std::int64_t at_ns);
  // Of the window with the length lengths_s[at].
  const window_sums& sums(std::size_t at) const { return windows_[at].sums; }
  // Trades that are in no window: over an hour late, or a quantity beyond 10^-18 or 128 bits.
  std::uint64_t left_out() const { return left_out_; }

 private:
  struct second {
    std::int64_t number = 0;  // since 1970
    std::int64_t log_return = 0;
    std::uint64_t trades = 0;
    wide_integer volume = 0;
  };
  struct window {
    std::size_t first = 0;  // the oldest of seconds_ that is in it
    window_sums sums;
  };
  void advance(std::int64_t at_ns);
  void close_price();
  void enter(const second& what);
  void expire();
  std::size_t place_of(std::int64_t number);
  std::size_t insert(std::size_t before, std::int64_t number);
  bool is_in(std::size_t at, std::int64_t number) const {
    return number < now_s_ && number >= now_s_ - lengths_s[at];
  }

  std::deque<second> seconds_;  // in which something happened, by number
  std::size_t entered_ = 0;     // so many of them are over
  std::array<window, lengths_s.size()> windows_;
  std::int64_t now_s_ = 0;
  std::int64_t begin_s_ = 0;
  optional_decimal price_;    // last
  optional_decimal sampled_;  // of the last second that is over
  std::uint64_t left_out_ = 0;
};

}  // namespace feedtree
