// What pollers did so far: counters that any thread may read while their actors count.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "actors/reporting/report_gauge.hpp"

namespace feedtree::actors {

struct poller_gauge {
  std::string name;
  std::string source;
  std::atomic<std::uint64_t> runs{0};         // that came to their end
  std::atomic<std::uint64_t> runs_failed{0};  // of these: with something that was given up
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused{0};   // by 429 and the like
  std::atomic<std::uint64_t> events{0};    // handed on
  std::atomic<std::uint64_t> repeated{0};  // read, published before and not again
  std::atomic<std::uint64_t> quarantined{0};
  std::atomic<std::uint64_t> gaps{0};        // that the source has nothing for
  std::atomic<std::int64_t> last_run_ns{0};  // end of the last run that was whole; 0: none yet
  std::atomic<std::int64_t> next_run_ns{0};  // 0: one is under way, or none is known
  std::atomic<bool> failing{false};          // the last run was not whole, or none can begin
  trouble_note trouble;                      // why; empty where it is not failing
};

// Of all pollers of a server, for as long as it runs.
using poller_board = std::vector<std::shared_ptr<poller_gauge>>;

}  // namespace feedtree::actors
