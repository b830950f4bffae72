#include "core/rules/history.hpp"

#include <algorithm>

namespace feedtree::rules {
namespace {

constexpr int quantity_exponent = -8;

}  // namespace

void book_mirror::take(const book_change& change, const event_batch& batch) {
  if (change.snapshot) {
    book_.clear();
    book_.set_depth(change.depth);
    known_ = true;
  }
  if (!known_) return;
  apply_counts counts;
  book_.apply(book_part::bids, batch.bids(change), counts);
  book_.apply(book_part::asks, batch.asks(change), counts);
  book_.truncate(counts);
  if (!counts.representable) known_ = false;
}

optional_decimal book_mirror::best(book_part part) const {
  if (!known_) return {};
  const auto found = book_.best(part);
  return found ? optional_decimal(found->price()) : optional_decimal();
}

bool volume_window::exceeds(const decimal& quantity, std::int64_t factor_thousandths) {
  const auto value = scaled(quantity, quantity_exponent);
  const bool full = seen_ == ring_.size();
  const bool result = full && wide{value} * 1000 * static_cast<std::int64_t>(ring_.size()) >
                                  sum_ * factor_thousandths;
  if (full) {
    sum_ -= ring_[next_];
  } else {
    ++seen_;
  }
  ring_[next_] = value;
  sum_ += value;
  next_ = (next_ + 1) % ring_.size();
  return result;
}

void trade_minutes::begin(std::int64_t exchange_ns) {
  ring_.assign(minutes, {});
  whole_since_ns_ = exchange_ns;
}

void trade_minutes::take(const decimal& price, std::int64_t exchange_ns) {
  if (ring_.empty()) begin(exchange_ns);
  const auto minute = exchange_ns / minute_ns;
  auto& at = ring_[static_cast<std::size_t>(minute) % minutes];
  if (at.minute != minute) {
    at = {minute, price, price};
    return;
  }
  at.high = std::max(at.high, price);
  at.low = std::min(at.low, price);
}

std::optional<bool> trade_minutes::outside(const candle& what) const {
  const auto first = what.open_ns / minute_ns;
  const auto count = what.interval_ns / minute_ns;
  const bool known = whole_since_ns_ != 0 && what.open_ns > whole_since_ns_ && count >= 1 &&
                     count < static_cast<std::int64_t>(minutes) && what.open_ns % minute_ns == 0;
  if (!known) return {};
  for (auto minute = first; minute < first + count; ++minute) {
    const auto& at = ring_[static_cast<std::size_t>(minute) % minutes];
    if (at.minute == minute && (at.high > what.high || at.low < what.low)) return true;
  }
  return false;
}

}  // namespace feedtree::rules
