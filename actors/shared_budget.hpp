// One rate budget a venue and address, shared by all actors that talk to the venue.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>

#include "adapters/transport/rate_budget.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::actors {

inline constexpr std::string_view budget_connect = "connect";
inline constexpr std::string_view budget_rest = "rest";
inline constexpr std::string_view budget_message = "message";

// The venue's limits as buckets; limits that the venue does not state are free.
inline std::vector<transport::rate_limit> venue_rate_limits(const venues::venue_limits& limits) {
  std::vector<transport::rate_limit> result;
  if (limits.connects.count != 0) {
    result.push_back(
        {std::string(budget_connect), limits.connects.count, limits.connects.per_ns, 0});
  }
  if (limits.rest.count != 0) {
    result.push_back({std::string(budget_rest), limits.rest.count, limits.rest.per_ns, 0});
  }
  return result;
}

// Thread-safe.
class shared_budget {
 public:
  explicit shared_budget(std::vector<transport::rate_limit> limits) : budget_(std::move(limits)) {}

  // 0 if the weight was taken now; else the time at which to ask again, nanoseconds since 1970.
  std::int64_t take_or_when(std::string_view kind, std::int64_t weight, std::int64_t now_ns) {
    const std::lock_guard lock(mutex_);
    if (budget_.take(kind, weight, now_ns)) return 0;
    return budget_.earliest_ns(kind, weight, now_ns);
  }
  // The venue said to wait (429, 418).
  void penalise(std::int64_t until_ns) {
    const std::lock_guard lock(mutex_);
    budget_.penalise(until_ns);
  }

 private:
  std::mutex mutex_;
  transport::rate_budget budget_;
};

}  // namespace feedtree::actors
