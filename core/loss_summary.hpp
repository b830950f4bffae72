// What was lost of each feed, for the ledger.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "core/event.hpp"

namespace feedtree {

// Gathers events that could not be kept and gives one ledger entry a feed (instrument and kind).
// Its size grows with the number of feeds and not with the number of events.
class loss_summary {
 public:
  void add(const event_batch& lost);
  bool empty() const { return feeds_.empty(); }
  std::uint64_t events() const { return events_; }
  void clear();

  // One gap event a feed, cause journal, from the first to the last event that was lost. Entries of
  // an earlier summary among what was added are widened and not counted as events of their own.
  event_batch entries(std::string_view detail) const;

 private:
  struct stretch {
    const listing* where = nullptr;
    event_kind feed = event_kind::book;
    std::int64_t begin_ns = 0;
    std::int64_t end_ns = 0;
    std::int64_t exchange_ns = 0;  // of the last
  };
  void add(const listing* where, event_kind feed, std::int64_t begin_ns, std::int64_t end_ns,
           std::int64_t exchange_ns);

  std::map<std::pair<std::uint32_t, event_kind>, stretch> feeds_;
  std::uint64_t events_ = 0;
};

}  // namespace feedtree
