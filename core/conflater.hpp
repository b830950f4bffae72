// Merges updates of books and quotes that wait, so that the latest state wins.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/event.hpp"
#include "core/order_book.hpp"

namespace feedtree {

// Gathers batches for one receiver and gives one batch that has the same effect with fewer events:
// - changes of one book become one change with the last quantity of each price, a delete included;
//   behind a snapshot they become a snapshot. Whoever applies it has the book that he would have
//   had, also where a venue cuts its book to a depth. A book whose snapshot was not yet seen is not
//   merged.
// - of quotes of one instrument the last one is left.
// - every other event is passed on as it came. A status or a ledger entry of an instrument stays
//   between what was before and behind it.
// What was merged carries the number of updates in it, the ids and times of the last of them, and
// stands where the first of them stood. Memory grows with the number of instruments and the depth
// of books that are cut, and with what was added and not yet taken. Not thread-safe.
class conflater {
 public:
  // A batch that waits.
  void add(const event_batch& batch);
  // A batch that the receiver got as it is; nothing waits at that time.
  void pass(const event_batch& batch);
  // All that waits, as one batch; nothing waits afterwards.
  std::shared_ptr<event_batch> take();

  bool empty() const { return slots_.empty() && quarantine_.empty() && alerts_.empty(); }
  // Of what take would give.
  std::uint64_t events() const { return slots_.size(); }
  std::uint64_t bytes() const;
  // Updates that were merged into others, ever.
  std::uint64_t merged() const { return merged_; }

 private:
  using levels_by_price = std::map<decimal, level>;
  // What waits: an event, and for a book its levels: as they came, or once something was merged by
  // price. Deletes of what the venue cuts stand in the latter from the beginning.
  struct slot {
    event what;
    std::vector<level> as_sent;
    levels_by_price bids;
    levels_by_price asks;

    levels_by_price& side(book_part part) { return part == book_part::bids ? bids : asks; }
    std::uint64_t levels() const { return as_sent.size() + bids.size() + asks.size(); }
  };
  static constexpr std::size_t none = ~std::size_t{0};
  struct feed {
    const listing* of = nullptr;
    bool book_known = false;         // its snapshot was seen
    std::optional<order_book> book;  // as the venue has it; where it cuts to a depth
    std::size_t book_slot = none;    // what takes more of the book
    std::size_t quote_slot = none;
  };

  feed& feed_of(const event& what);
  void add_book(const event& what, const event_batch& batch);
  void add_quote(const event& what);
  static void merge(slot& into, const event& what, const event_batch& batch);
  static void follow(feed& of, const event& what, const event_batch& batch, slot* into);
  static void cut(order_book& book, book_part part, slot* into);

  std::vector<feed> feeds_;  // by listing index
  std::vector<slot> slots_;
  std::vector<quarantine_entry> quarantine_;
  std::vector<alert_entry> alerts_;
  std::uint64_t levels_ = 0;  // in all slots
  std::uint64_t merged_ = 0;
};

}  // namespace feedtree
