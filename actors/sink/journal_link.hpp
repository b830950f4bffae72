// What the journal's disk actor and the distributor agree on over restarts of either.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace feedtree::actors {

// Made once when the journal was opened. Positions are given by the distributor; none is given
// twice, not even by a successor.
struct journal_link {
  std::string id;
  std::vector<std::string> sinks;  // the names under which cursors are kept, by the sink's index
  std::atomic<std::uint64_t> next_position{1};
  std::uint64_t stored_at_start = 0;           // what the journal had when the process began
  std::vector<std::uint64_t> passed_at_start;  // by the sink's index
};

}  // namespace feedtree::actors
