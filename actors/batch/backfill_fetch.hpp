// One request within the venue's budget, from a thread that waits for its answer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "actors/venue/shared_budget.hpp"
#include "adapters/transport/https_client.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::actors {

// Wakes those who wait for a time when everything is to end.
class stop_signal {
 public:
  void set();
  bool is_set() const { return set_; }
  // True if the time came; false if everything is to end.
  bool wait_ms(std::int64_t delay_ms);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> set_ = false;
};

struct fetch_counters {
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> refused = 0;
};

// What a request came to.
struct fetched {
  bool good = false;      // status 200, or another that has a body to read
  bool stopped = false;   // nothing was asked
  std::string reason;     // where it is not good
  bool may_pass = false;  // another attempt may succeed
  venues::raw_frame body;
};

class fetcher {
 public:
  fetcher(transport::https_client& client, std::shared_ptr<address_budget> budget,
          stop_signal& stop, fetch_counters& counters)
      : client_(client), budget_(std::move(budget)), stop_(stop), counters_(counters) {}

  // Waits for the budget and for the answer. 429, 418 and Retry-After hold for the whole address.
  fetched get(const venues::rest_request& request);
  // The venue said in a good answer that it was asked too often.
  void refused();

 private:
  transport::https_client& client_;
  std::shared_ptr<address_budget> budget_;
  stop_signal& stop_;
  fetch_counters& counters_;
};

// Before which attempt to wait how long: doubling from half a second, half a minute at the most.
std::int64_t backoff_ms(int attempt);

}  // namespace feedtree::actors
