// Trades that may come two ways: late by a stream or an answer to it, and by a poller.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_set>

#include "core/event.hpp"

namespace feedtree::actors {

// Whoever claims a trade first passes it on, the other one does not. Only old trades are claimed:
// pollers leave younger ones to the streams. The latest claims are kept, more than stay on the way
// to a database; what is in one pollers see there. Thread-safe.
class trade_claims {
 public:
  static constexpr std::int64_t old_ns = 5'000'000'000;
  static constexpr std::size_t claims_max = 262'144;

  // So old when it was received that a poller may have it too.
  static bool is_old(const event& what) {
    return what.kind() == event_kind::trade && what.receive_ns - what.exchange_ns > old_ns;
  }
  // True for who comes first.
  bool claim(const event& what);
  // Takes the old trades out of the batch that were claimed before; gives how many.
  std::size_t remove_claimed(event_batch& batch);

 private:
  std::mutex mutex_;
  std::unordered_set<std::uint64_t> claimed_;  // hashes of ids
  std::deque<std::uint64_t> order_;
};

}  // namespace feedtree::actors
