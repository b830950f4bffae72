#include "core/activity_windows.hpp"

#include <algorithm>

namespace feedtree {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

}  // namespace

wide_decimal window_sums::volatility() const {
  return {static_cast<wide_integer>(square_root(squared_returns)), log_ratio_exponent};
}

void activity_windows::set_price(const decimal& price, std::int64_t at_ns) {
  advance(at_ns);
  price_ = price;
}

void activity_windows::add_trade(const decimal& quantity, std::int64_t at_ns) {
  advance(at_ns);
  const auto number = at_ns / second_ns;
  wide_integer volume = 0;
  if (number < now_s_ - lengths_s.back() || !wide_mantissa(quantity, -18, volume)) {
    ++left_out_;
    return;
  }
  auto& in = seconds_[place_of(number)];
  ++in.trades;
  in.volume += volume;
  for (std::size_t at = 0; at < windows_.size(); ++at) {
    if (!is_in(at, number)) continue;
    ++windows_[at].sums.trades;
    windows_[at].sums.volume += volume;
  }
}

void activity_windows::advance(std::int64_t at_ns) {
  const auto now_s = at_ns / second_ns;
  if (now_s <= now_s_) return;
  if (now_s_ == 0) begin_s_ = now_s;
  close_price();
  now_s_ = now_s;
  for (; entered_ < seconds_.size() && seconds_[entered_].number < now_s_; ++entered_) {
    enter(seconds_[entered_]);
  }
  expire();
}

// The second that ends has its price, and with it its return.
void activity_windows::close_price() {
  if (!price_) return;
  const auto log_return = sampled_ ? log_ratio(*sampled_, *price_) : 0;
  if (log_return != 0) seconds_[place_of(now_s_)].log_return = log_return;
  sampled_ = price_;
}

void activity_windows::enter(const second& what) {
  for (auto& each : windows_) {
    each.sums.trades += what.trades;
    each.sums.volume += what.volume;
    each.sums.squared_returns += static_cast<wide_integer>(what.log_return) * what.log_return;
  }
}

void activity_windows::expire() {
  for (std::size_t at = 0; at < windows_.size(); ++at) {
    auto& [first, sums] = windows_[at];
    sums.seconds = std::min(lengths_s[at], now_s_ - begin_s_);
    for (; first < entered_ && !is_in(at, seconds_[first].number); ++first) {
      const auto& left = seconds_[first];
      sums.trades -= left.trades;
      sums.volume -= left.volume;
      sums.squared_returns -= static_cast<wide_integer>(left.log_return) * left.log_return;
    }
  }
  const auto gone = windows_.back().first;
  seconds_.erase(seconds_.begin(), seconds_.begin() + static_cast<long>(gone));
  entered_ -= gone;
  for (auto& each : windows_) each.first -= gone;
}

// The place of a second in seconds_; made where it has none.
std::size_t activity_windows::place_of(std::int64_t number) {
  auto at = seconds_.size();
  while (at > 0 && seconds_[at - 1].number > number) --at;
  if (at > 0 && seconds_[at - 1].number == number) return at - 1;
  return insert(at, number);
}

std::size_t activity_windows::insert(std::size_t before, std::int64_t number) {
  seconds_.insert(seconds_.begin() + static_cast<long>(before), second{number, 0, 0, 0});
  if (number >= now_s_) return before;
  ++entered_;
  for (std::size_t at = 0; at < windows_.size(); ++at) {
    if (!is_in(at, number)) ++windows_[at].first;
  }
  return before;
}

}  // namespace feedtree
