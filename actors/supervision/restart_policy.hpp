// When a failed child is started again, and when its supervisor gives up. No clock, no random
// source: both are passed in.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

namespace feedtree::actors {

// A random number in [0, 1) as a fraction of 2^32.
using random_source = std::function<std::uint32_t()>;

struct backoff_options {
  std::int64_t initial_ms = 100;
  std::int64_t max_ms = 10'000;
};

// Delays that double up to a cap, with full jitter: each is drawn from 0 to the current bound.
class backoff {
 public:
  backoff(backoff_options options, random_source random);
  // The next delay in milliseconds.
  std::int64_t next_ms();
  // It worked: the next delay is a first one again.
  void reset() { bound_ms_ = options_.initial_ms; }

 private:
  backoff_options options_;
  random_source random_;
  std::int64_t bound_ms_;
};

struct restart_options {
  std::uint32_t intensity = 5;  // restarts allowed within the period; one more escalates
  std::int64_t within_ms = 60'000;
  backoff_options delay;
};

// Counts failures of one supervisor's children.
class restart_policy {
 public:
  restart_policy(restart_options options, random_source random);
  // A child failed at this time: the delay before its restart, or nothing if there were too many
  // and the supervisor must fail itself.
  std::optional<std::int64_t> on_failure(std::int64_t now_ms);

 private:
  restart_options options_;
  backoff backoff_;
  std::deque<std::int64_t> failures_ms_;
};

}  // namespace feedtree::actors
