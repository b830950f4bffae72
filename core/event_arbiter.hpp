// Of one instrument's events that several connections bring, the first arrival of each id counts.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "core/event.hpp"

namespace feedtree {

// A connection, as whoever merges events numbers it.
using source_id = std::uint32_t;

enum class arrival : std::uint8_t {
  first,    // pass it on
  again,    // another connection brought it already, with the same content
  differs,  // another connection brought this id with other content
};

// Remembers the ids of the last events, a bounded number. What one connection brings twice passes
// twice: it is not for this class to judge. Books are not its matter: see book_arbiter. No clock.
// Not thread-safe.
class event_arbiter {
 public:
  explicit event_arbiter(std::size_t remembered_max = 8'192) : remembered_max_(remembered_max) {}

  arrival take(source_id from, const event& what);
  std::size_t remembered() const { return order_.size(); }

 private:
  struct seen {
    source_id from = 0;
    std::uint32_t content = 0;
  };
  std::size_t remembered_max_;
  std::unordered_map<std::uint64_t, seen> by_id_;
  std::deque<std::uint64_t> order_;
};

// Appends what people are told when two connections gave one id different content: an entry of the
// quarantine, and an alert for the 1st, 2nd, 4th, ... of them.
void append_disagreement(const event& what, std::uint64_t count, event_batch& out);

// A fingerprint of what an event says, times apart: these may be our own clock's.
std::uint32_t content_of(const event& what);

}  // namespace feedtree
