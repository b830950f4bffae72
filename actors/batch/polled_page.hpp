// An answer that a poller has read and not handed on yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/event.hpp"
#include "storage/backfill_state.hpp"

namespace feedtree::actors {

// What was published before, live or by an earlier run, is not published again: it is in the
// database, once that has everything up to the position that was given last when the page was read.
struct polled_page {
  std::shared_ptr<event_batch> batch;
  std::uint64_t position = 0;   // 0: nothing is waited for
  std::int64_t give_up_ns = 0;  // when the database is too late
};

// Takes the events out of the batch that the database has; gives how many. Throws sink_error.
std::size_t remove_stored(storage::backfill_state& database, event_batch& batch);

// What holds now is given again until it changes, and is not in the past of any source: the last
// one of each instrument and kind is remembered. Not thread-safe.
class repeated_events {
 public:
  // Takes the events out of the batch that are the last ones again; gives how many.
  std::size_t remove(event_batch& batch);

 private:
  std::unordered_map<std::string, std::string> last_;  // ids, by instrument and kind
};

}  // namespace feedtree::actors
