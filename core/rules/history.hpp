// What the rules remember of one instrument: its book, its last trades, when each kind came last.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/event.hpp"
#include "core/order_book.hpp"
#include "core/rules/ratio.hpp"

namespace feedtree::rules {

// The book of one instrument, made of the changes that pass by. Known from a snapshot on, until a
// status says that it is not to be trusted.
class book_mirror {
 public:
  void take(const book_change& change, const event_batch& batch);
  void forget() { known_ = false; }
  bool known() const { return known_; }
  // Best levels; nothing while the book is not known or the side is empty.
  optional_decimal bid() const { return best(book_part::bids); }
  optional_decimal ask() const { return best(book_part::asks); }
  const order_book& book() const { return book_; }

 private:
  optional_decimal best(book_part part) const;
  order_book book_;
  bool known_ = false;
};

// The mean of the last quantities, in a ring of fixed size.
class volume_window {
 public:
  explicit volume_window(std::size_t size) : ring_(size) {}
  // True if the quantity is more than so many thousandths of the mean; never before the ring is
  // full. The quantity counts from then on.
  bool exceeds(const decimal& quantity, std::int64_t factor_thousandths);

 private:
  __extension__ using wide = __int128;
  std::vector<std::int64_t> ring_;  // at a fixed exponent
  std::size_t seen_ = 0;
  std::size_t next_ = 0;
  wide sum_ = 0;
};

// The highest and lowest trade of each of the last minutes.
class trade_minutes {
 public:
  // Trades are whole from this time of the venue's clock on; what was before is forgotten.
  void begin(std::int64_t exchange_ns);
  void take(const decimal& price, std::int64_t exchange_ns);
  // Whether a trade of the interval lies outside of the candle; nothing where not all of its trades
  // were seen, or it is longer than what is remembered.
  std::optional<bool> outside(const candle& what) const;

 private:
  static constexpr std::int64_t minute_ns = 60'000'000'000;
  static constexpr std::size_t minutes = 128;
  struct bucket {
    std::int64_t minute = -1;
    decimal high;
    decimal low;
  };
  std::int64_t whole_since_ns_ = 0;  // 0: no trade yet
  std::vector<bucket> ring_;         // empty until the first trade
};

}  // namespace feedtree::rules
