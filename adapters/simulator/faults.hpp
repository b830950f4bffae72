// What a hostile venue does wrong, as said on the command line: "drop:every=1000,kind=book",
// "mute:after=5s,for=20s", "disconnect:poisson=10s".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/event.hpp"

namespace feedtree::simulator {

enum class fault_kind : std::uint8_t {
  // Of a frame.
  drop,
  duplicate,
  reorder,
  delay,
  corrupt_checksum,
  malformed,
  truncated,
  oversized,
  wrong_type,
  unknown_field,
  // Of the connections that are open.
  mute,
  half_open,
  disconnect,
  announced_close,
  // Of connections that are being opened.
  refuse,
  slow_handshake,
  bad_certificate,
  // Of requests, and of snapshots.
  rate_limit,
  rest_error,
  stale_snapshot,
  // Of the venue and its markets.
  delist,
  clock_skew,
  crossed,
  maintenance,
};
inline constexpr std::size_t fault_kinds = 24;

std::string_view to_string(fault_kind kind);
std::optional<fault_kind> parse_fault_kind(std::string_view text);

// What the fault happens to.
enum class fault_scope : std::uint8_t {
  frame,       // frames with data
  connection,  // all connections that are open
  opening,     // each connection that a client opens
  request,     // each HTTP request; of rate_limit the WebSocket upgrades too
  snapshot,    // each snapshot of a book, over REST and on the WebSocket
  venue,       // the venue's markets, its clock, or all of it
};
fault_scope scope_of(fault_kind kind);

// One fault with its times. Times are nanoseconds; what was not said is zero or empty.
struct fault_spec {
  fault_kind kind = fault_kind::drop;
  std::string text;           // as it was given
  std::uint64_t every = 0;    // each N-th that matches
  std::uint64_t at = 0;       // the N-th that matches, counted from one
  std::uint64_t times = 0;    // so often at the most
  std::int64_t after_ns = 0;  // not before, since the simulator began
  std::int64_t for_ns = 0;    // how long it lasts; 0: to the end, or a moment where poisson is said
  std::int64_t poisson_ns = 0;   // begins at random moments, so far apart on average
  std::int64_t by_ns = 0;        // delay, slow_handshake, announced_close, clock_skew: how much
  std::int64_t retry_s = 0;      // rate_limit: Retry-After, seconds
  int status = 0;                // rate_limit, rest_error: HTTP status
  std::size_t bytes = 0;         // oversized: size of the frame
  std::uint64_t connection = 0;  // the N-th WebSocket that was opened; 0: all
  std::string instrument;        // canonical; empty: all
  std::optional<event_kind> feed;

  bool matches(event_kind what, std::string_view symbol) const;
  bool is_of(std::uint64_t opened) const { return connection == 0 || connection == opened; }
};

// Throws std::invalid_argument with one readable line.
fault_spec parse_fault(std::string_view text);

}  // namespace feedtree::simulator
