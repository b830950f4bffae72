// What a server did and does, for a terminal and for scripts.
#pragma once

#include <cstdint>
#include <string>

#include "actors/statistics.hpp"

namespace feedtree::actors {

// The overview printed about once a second: venues with rates, books, sinks.
class overview {
 public:
  // Some lines of text, ended; rates are since the call before.
  std::string text(const statistics& counters, std::int64_t now_ns);

 private:
  std::int64_t last_ns_ = 0;
  std::uint64_t last_frames_ = 0;
  std::uint64_t last_events_ = 0;
};

// The totals at the end as JSON, one line.
std::string summary_json(const statistics& counters);

// Why the totals do not add up, in words; empty if they do: frames received are decoded, ignored or
// rejected, none is rejected, no check failed, every sink delivered what the validators passed on.
std::string totals_problem(const statistics& counters);

}  // namespace feedtree::actors
