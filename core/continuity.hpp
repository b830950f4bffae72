// The rules by which a book's updates prove that none is missing. One guard watches one book; which
// guard a venue needs is said in its file under adapters/venues.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "core/event.hpp"
#include "core/order_book.hpp"

namespace feedtree {

// What to do with a delta.
enum class continuity_verdict : std::uint8_t {
  apply,      // it continues the book
  old,        // it is older than the snapshot: drop it, that is normal
  duplicate,  // it was applied before: drop it and count it
  broken,     // something is missing, or it came out of order
  went_back,  // its number came before, but its time is later: the venue counts again
};

// Watches one book. Not thread-safe; the same updates give the same verdicts.
class continuity_guard {
 public:
  virtual ~continuity_guard() = default;

  // True if the snapshot is asked for over REST while deltas already flow: deltas that come before
  // it are held and judged again behind it.
  virtual bool holds_deltas() const { return false; }
  // False if the snapshot ends before the oldest held delta begins, so that updates are missing
  // between them and a newer snapshot is needed.
  virtual bool reaches(const book_change& snapshot, const book_change& oldest_held) const {
    static_cast<void>(snapshot), static_cast<void>(oldest_held);
    return true;
  }
  // The book was replaced by this snapshot.
  virtual void on_snapshot(const event& what, const book_change& snapshot) = 0;
  // The connection of the book is over: the numbers of the next one have nothing to do with its.
  virtual void on_connection_lost() {}
  // Judges a delta before it is applied, and remembers it if the verdict is apply. A repetition has
  // the time of the first one, so a number that came before with a later time is none.
  virtual continuity_verdict on_delta(const event& what, const book_change& delta) = 0;
  // Compares the venue's checksum with the book after the change; nothing if there is none.
  virtual std::optional<bool> checksum_holds(const book_change& change,
                                             const order_book& book) const {
    static_cast<void>(change), static_cast<void>(book);
    return {};
  }
  // Says how what a delta did to the book shows that an update before it is missing; empty if it
  // does not. The checksum is compared first.
  virtual std::string_view contradiction(const apply_counts& counts) const {
    static_cast<void>(counts);
    return {};
  }
  // True if on_delta is a check of numbers, to be counted as such.
  virtual bool checks_sequence() const { return true; }
};

using guard_ptr = std::unique_ptr<continuity_guard>;

// True if the venue counts again between these two deltas of one connection, of which `later` came
// behind the other: a lower number with a later time is no repetition.
bool numbers_went_back(const event& earlier, const event& later);

// No rule: what comes is applied.
guard_ptr make_unchecked_guard();

// Every update's number is the one before plus one; a snapshot sets it. An update whose number is
// not above the last is a duplicate.
guard_ptr make_contiguous_guard();

// An update covers first..last; it begins where the one before ended plus one. The first one after
// a snapshot that ends at L must cover L+1; what ends at or before L is old. Deltas are held until
// the snapshot comes.
guard_ptr make_range_guard();

// An update names the number of the one before it. With held deltas, the first one after a
// snapshot that ends at L must cover L (first <= L <= last); else it must name L itself.
struct link_options {
  bool holds_deltas = false;
};
guard_ptr make_link_guard(link_options options);

// The venue's checksum over the book is the proof; there are no numbers. An update with the key of
// the one before is a duplicate, one with an older exchange time came out of order.
using checksum_function = std::function<std::uint32_t(const order_book&)>;
guard_ptr make_checksum_guard(checksum_function checksum);

}  // namespace feedtree
