// An L2 order book that holds the venue's levels with the digits as sent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/book_side.hpp"
#include "core/event.hpp"

namespace feedtree {

enum class book_part : std::uint8_t { bids, asks };

// What happened to the levels of one message.
struct apply_counts {
  std::size_t set = 0;
  std::size_t deleted = 0;
  std::size_t unknown_deletes = 0;  // deletes of prices that are not in the book: no error
  std::size_t truncated = 0;        // levels that fell off the depth
  std::size_t unchanged = 0;        // sets of a quantity that the level already had
  // New levels below the worst of a side that was full, in a message that deletes nothing of it: a
  // venue that cuts its book to the depth never sends them.
  std::size_t beyond_depth = 0;
  bool representable = true;  // false: a quantity is negative, or a price does not fit the scale
};

class order_book {
 public:
  // A book that keeps at most depth levels a side; 0 keeps all. A venue that sends the best N
  // levels and no deletes for what falls off (Kraken) needs its N here.
  explicit order_book(std::size_t depth = 0) : depth_(depth) {}

  // Applies levels in order: quantity zero deletes. Does not cut to the depth: see truncate.
  void apply(book_part part, std::span<const level> levels, apply_counts& counts);
  // Cuts both sides to the depth, as the venue does after each message.
  void truncate(apply_counts& counts);
  void clear();

  std::size_t depth() const { return depth_; }
  void set_depth(std::size_t depth) { depth_ = depth; }
  std::size_t size(book_part part) const { return part_of(part).size(); }
  bool empty() const { return bids_.empty() && asks_.empty(); }
  // Best level of a side, with the digits as sent.
  std::optional<level> best(book_part part) const;
  // Appends the best `most` levels of a side, best first.
  void top(book_part part, std::size_t most, std::vector<level>& out) const;
  // The quantity at a price, if the level is there.
  std::optional<decimal> quantity_at(book_part part, const decimal& price) const;
  // Best bid at or above best ask.
  bool crossed() const;
  // 64 bits over every level, best first, by value: the same however the digits were written.
  std::uint64_t hash() const;

  // Calls visit(const level&) for the best `most` levels of a side.
  template <class Visit>
  void for_top(book_part part, std::size_t most, Visit&& visit) const {
    part_of(part).for_top(most, [&](const ranked_level& entry) { visit(as_sent(part, entry)); });
  }

  // The same with visit(const ranked_level&): ranks are prices at scale(), negated for bids.
  template <class Visit>
  void for_top_ranked(book_part part, std::size_t most, Visit&& visit) const {
    part_of(part).for_top(most, visit);
  }
  int scale() const { return scale_; }
  level as_sent(book_part part, const ranked_level& entry) const;

 private:
  book_side& part_of(book_part part) { return part == book_part::bids ? bids_ : asks_; }
  const book_side& part_of(book_part part) const { return part == book_part::bids ? bids_ : asks_; }
  bool rank_of(book_part part, const decimal& price, std::int64_t& rank);
  bool refine_scale(int exponent);

  std::size_t depth_;
  int scale_ = 0;  // exponent of all ranks
  bool scale_set_ = false;
  book_side bids_;
  book_side asks_;
};

}  // namespace feedtree
