#include "core/current_candle.hpp"

#include <algorithm>

namespace feedtree {

bool current_candle::follow(const trade& what, std::int64_t at_ns) {
  const auto open_ns = at_ns - at_ns % interval_ns_;
  if (open_ns < open_ns_) return false;
  if (open_ns_ == 0) whole_from_ns_ = std::max(whole_from_ns_, at_ns);
  if (open_ns > open_ns_) {
    open_ns_ = open_ns;
    first_ns_ = last_ns_ = at_ns;
    open_ = high_ = low_ = close_ = what.price;
    volume_ = 0;
    fits_ = true;
    trades_ = 0;
  }
  if (at_ns < first_ns_) open_ = what.price, first_ns_ = at_ns;
  if (at_ns >= last_ns_) close_ = what.price, last_ns_ = at_ns;
  high_ = std::max(high_, what.price);
  low_ = std::min(low_, what.price);
  wide_integer volume = 0;
  fits_ = wide_mantissa(what.quantity, -18, volume) && fits_;
  volume_ += volume;
  ++trades_;
  return true;
}

void current_candle::interrupt(std::int64_t at_ns) {
  whole_from_ns_ = std::max(whole_from_ns_, at_ns);
}

bool current_candle::get(candle& out) const {
  const auto volume = wide_decimal{volume_, -18}.narrow();
  if (trades_ == 0 || !fits_ || !volume) return false;
  out = candle{};
  out.source = candle_source::trades;
  out.interval_ns = interval_ns_;
  out.open_ns = open_ns_;
  out.open = open_;
  out.high = high_;
  out.low = low_;
  out.close = close_;
  out.volume = *volume;
  out.trades = trades_;
  return true;
}

}  // namespace feedtree
