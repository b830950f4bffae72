// Reads events back from a database, in the order in which they were received.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/event.hpp"
#include "storage/database_reader.hpp"

namespace feedtree::storage {

// Goes through the tables of all kinds together, by receive time; what was received at one time
// comes in the order of the kinds. Holds a page of rows a kind. Nothing is changed.
class stored_event_reader {
 public:
  // Rows received from from_ns on and before to_ns (0: no end). The reader and the registry outlive
  // this. Throws sink_error where the tables are not those of this program.
  stored_event_reader(database_reader& from, std::int64_t from_ns, std::int64_t to_ns,
                      listing_registry& registry);
  ~stored_event_reader();

  // Appends the next event to the batch; false at the end. Throws sink_error if a row cannot be
  // read: which table and column, and why.
  bool next(event_batch& out);
  // Rows that will come.
  std::uint64_t rows() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

// The last row of each entry of the ledger that touches the time from from_ns to to_ns (0: no end),
// also where it was written before or behind it. Entries that never ended are left out, but for
// outages. Throws as the reader does.
std::vector<event> gaps_between(database_reader& from, std::int64_t from_ns, std::int64_t to_ns,
                                listing_registry& registry);

}  // namespace feedtree::storage
