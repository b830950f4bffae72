// Holes in an instrument's trades that connections notice by themselves, each by what it brought.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "core/book_arbiter.hpp"
#include "core/event.hpp"
#include "core/trade_continuity.hpp"

namespace feedtree {

// The trades that an entry of the ledger says are missing; nothing if it names none.
std::optional<number_range> missing_numbers(const event& entry);

// Where several connections bring the same trades, one is missing only if it is missing on all of
// them. No clock. Not thread-safe.
class noticed_holes {
 public:
  // A connection lacks these trades, as its entry says; so many bring trades now, this one among
  // them. Appends an entry for those that all of them lack.
  void take(source_id from, const event& entry, std::size_t sources, event_batch& out);

 private:
  struct hole {
    source_id from = 0;
    number_range numbers;
    std::int64_t receive_ns = 0;
  };
  // What every other connection lacks of these numbers too; nothing if one has them.
  std::optional<number_range> lacked_by_others(const hole& of, std::size_t others) const;

  std::deque<hole> holes_;  // of late
};

}  // namespace feedtree
