// Reads events back from a file of SQLite, in the order in which they were received.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/event.hpp"

namespace feedtree::storage {

// Goes through the tables of all kinds together, by receive time; what was received at one time
// comes in the order of the kinds. Holds one row a kind. The file is not changed.
class sqlite_event_reader {
 public:
  // Rows received from from_ns on and before to_ns (0: no end). Throws sink_error: a file that is
  // not there, or has not the tables of this program.
  sqlite_event_reader(const std::string& path, std::int64_t from_ns, std::int64_t to_ns,
                      listing_registry& registry);
  ~sqlite_event_reader();

  // Appends the next event to the batch; false at the end. Throws sink_error if a row cannot be
  // read: which, and why.
  bool next(event_batch& out);
  // Rows that will come.
  std::uint64_t rows() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace feedtree::storage
