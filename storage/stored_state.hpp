// The state of a feed at a moment, from its last message, its state changes and the ledger.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/event.hpp"
#include "storage/database_reader.hpp"

namespace feedtree::storage {

// One kind of one instrument at one venue, and a moment by our clock.
struct state_question {
  std::string venue;
  std::string instrument;
  event_kind feed = event_kind::book;
  std::int64_t moment_ns = 0;
  // Ledger entries that were written later do not count, but for outages: a server that was not
  // there could not write them. Nothing: all entries count.
  std::optional<std::int64_t> known_ns;
};

struct stored_state {
  std::string state;  // a feed_state in words; "outage"; "unknown": nothing was stored since
  std::int64_t since_ns = 0;  // when it began; 0 while the feed is live
  std::string cause;          // of the ledger's entry; empty without one
  std::string reason;         // in words; may be empty
};

// A feed that the ledger has an open entry for is not live. In an outage of the server the state is
// "outage"; in another entry it is "gap" where no change of the state says more. Behind the last
// event that was stored of the instrument it is "unknown". Throws sink_error.
stored_state state_at(database_reader& from, const state_question& question);

}  // namespace feedtree::storage
