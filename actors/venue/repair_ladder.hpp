// What is done about a book that is not to be trusted: the cheapest first, and never a storm.
#pragma once

#include <cstdint>
#include <map>

#include "actors/supervision/restart_policy.hpp"
#include "core/event.hpp"

namespace feedtree::actors {

struct repair_options {
  std::uint32_t asks_max = 3;        // snapshots before the connection is made anew
  std::uint32_t reconnects_max = 2;  // of the connection before the venue's supervisor is called
  std::uint32_t restarts_max = 1;
  // A book that breaks again within this time was not repaired; the steps go on.
  std::int64_t settle_ns = 5'000'000'000;
  // The connection is made anew, or its supervisor called, at most once in this time: that harms
  // the other books.
  std::int64_t harm_every_ns = 60'000'000'000;
  backoff_options delay{500, 30'000};  // between the snapshots of one book
};

// The steps for the books of one connection: ask for a snapshot, some times with growing delays;
// then the connection; then the supervisor; then snapshots only, at the longest delay, for good. A
// trouble is over when the book stays whole for settle_ns. No clock. Not thread-safe.
class repair_ladder {
 public:
  enum class step : std::uint8_t { ask, reconnect, restart };
  struct order {
    step what = step::ask;
    std::int64_t at_ns = 0;  // when to do it
  };

  repair_ladder(repair_options options, random_source random);

  // The book needs a snapshot, or the one that was asked for did not come or did not help.
  order next(const listing* where, std::int64_t now_ns);
  // A snapshot came.
  void repaired(const listing* where, std::int64_t now_ns);
  // The venue does not give this book any more: its troubles are over.
  void forget(const listing* where) { troubles_.erase(where); }
  // The connection was made anew, for whatever reason: its books are asked for from the beginning.
  void reconnected();

 private:
  struct trouble {
    std::uint32_t asks = 0;
    std::uint32_t reconnects = 0;
    std::uint32_t restarts = 0;
    std::int64_t repaired_ns = 0;  // 0: not
    backoff delay;
  };
  bool may_harm(std::int64_t now_ns);

  repair_options options_;
  random_source random_;
  std::map<const listing*, trouble> troubles_;
  std::int64_t harmed_ns_ = 0;  // 0: never
};

}  // namespace feedtree::actors
