// The book of an instant, rebuilt from what was stored of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/order_book.hpp"
#include "storage/database_reader.hpp"
#include "storage/stored_state.hpp"

namespace feedtree::storage {

// As the server had it: the last snapshot received up to that time, and the deltas behind it.
struct stored_book {
  bool found = false;  // false: no snapshot was received up to then
  order_book book;
  stored_state feed;             // what it was worth at that time
  std::int64_t snapshot_ns = 0;  // when the snapshot was received
  std::int64_t receive_ns = 0;   // when the last message was
  std::int64_t exchange_ns = 0;  // of the last message
  std::string last_update_id;    // likewise; empty where the venue has none
  std::uint64_t deltas = 0;      // that were applied
};

// By our clock: what was received up to and with at_ns, and its state by the ledger's entries that
// were written up to known_ns. Throws sink_error, also where stored levels cannot be read.
stored_book book_at(database_reader& from, const std::string& venue, const std::string& instrument,
                    std::int64_t at_ns, std::optional<std::int64_t> known_ns = {});

}  // namespace feedtree::storage
