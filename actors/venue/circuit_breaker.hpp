// Stops trying a venue that keeps failing. No clock, no random source: both are passed in.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "actors/supervision/restart_policy.hpp"

namespace feedtree::actors {

struct breaker_options {
  std::uint32_t failures = 10;     // in a row, that open it; 0: it never opens
  std::int64_t open_ms = 15'000;   // how long nothing is tried
  std::int64_t trial_ms = 30'000;  // after which a trial that told nothing counts as failed
};

enum class breaker_state : std::uint8_t {
  closed,     // everything is tried
  open,       // nothing is tried
  half_open,  // one trial is under way; its result decides
};
// "closed", "open", "half_open".
std::string_view to_string(breaker_state state);

// One venue's. A trial is a connection (or a request for symbols) that is about to be made; it
// succeeds when the venue gives what was asked for, and fails when it ends before. Not thread-safe.
class circuit_breaker {
 public:
  explicit circuit_breaker(breaker_options options) : options_(options) {}

  // 0 if something may be tried now, which the caller then does; else when to ask again,
  // nanoseconds since 1970. While it is half open that is for all but one.
  std::int64_t try_or_when(std::int64_t now_ns);
  // Likewise, and begins nothing.
  std::int64_t blocked_until(std::int64_t now_ns) const;
  // What was tried gave what was asked for.
  void succeeded(std::int64_t now_ns);
  // What was tried failed.
  void failed(std::int64_t now_ns);

  breaker_state state() const { return state_; }
  std::int64_t since_ns() const { return since_ns_; }   // in this state; 0: from the start
  std::uint32_t failures() const { return failures_; }  // in a row
  std::uint64_t times_opened() const { return times_opened_; }

 private:
  void enter(breaker_state state, std::int64_t now_ns);

  breaker_options options_;
  breaker_state state_ = breaker_state::closed;
  std::int64_t since_ns_ = 0;
  std::int64_t until_ns_ = 0;  // open: when the trial may begin; half open: when it is overdue
  std::uint32_t failures_ = 0;
  std::uint64_t times_opened_ = 0;
};

// A breaker as those who look at it see it.
struct breaker_view {
  breaker_state state = breaker_state::closed;
  std::int64_t since_ns = 0;
  std::uint32_t failures = 0;
  std::uint64_t times_opened = 0;
};

// The breaker that all actors of a venue share. Thread-safe. Those that must wait for it come back
// spread over a quarter of open_ms, so that a venue that is there again is not overrun.
class shared_breaker {
 public:
  using on_change = std::function<void(const breaker_view&)>;
  // Calls `changed` with each new state; it must not call the breaker.
  shared_breaker(breaker_options options, random_source random, on_change changed)
      : spread_ms_(static_cast<std::uint64_t>(options.open_ms / 4)),
        breaker_(options),
        random_(std::move(random)),
        changed_(std::move(changed)) {}

  std::int64_t try_or_when(std::int64_t now_ns);
  std::int64_t blocked_until(std::int64_t now_ns) const;
  void succeeded(std::int64_t now_ns) {
    change([&] { breaker_.succeeded(now_ns); });
  }
  void failed(std::int64_t now_ns) {
    change([&] { breaker_.failed(now_ns); });
  }
  breaker_view view() const {
    const std::lock_guard lock(mutex_);
    return view_of();
  }

 private:
  // A time to wait for, spread.
  std::int64_t spread(std::int64_t when_ns) const;
  breaker_view view_of() const {
    return {breaker_.state(), breaker_.since_ns(), breaker_.failures(), breaker_.times_opened()};
  }
  template <class Change>
  void change(Change&& what) {
    const std::lock_guard lock(mutex_);
    const auto before = breaker_.state();
    what();
    if (breaker_.state() != before && changed_) changed_(view_of());
  }

  mutable std::mutex mutex_;
  std::uint64_t spread_ms_;
  circuit_breaker breaker_;
  random_source random_;
  on_change changed_;
};

}  // namespace feedtree::actors
