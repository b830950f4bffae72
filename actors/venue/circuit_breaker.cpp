#include "actors/venue/circuit_breaker.hpp"

#include <algorithm>

namespace feedtree::actors {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t look_again_ms = 1'000;

}  // namespace

std::string_view to_string(breaker_state state) {
  if (state == breaker_state::open) return "open";
  return state == breaker_state::half_open ? "half_open" : "closed";
}

void circuit_breaker::enter(breaker_state state, std::int64_t now_ns) {
  state_ = state;
  since_ns_ = now_ns;
  if (state == breaker_state::open) {
    ++times_opened_;
    until_ns_ = now_ns + options_.open_ms * ms;
  }
  if (state == breaker_state::half_open) until_ns_ = now_ns + options_.trial_ms * ms;
}

std::int64_t circuit_breaker::blocked_until(std::int64_t now_ns) const {
  if (state_ == breaker_state::closed || now_ns >= until_ns_) return 0;
  // A trial may end at any time.
  const bool trying = state_ == breaker_state::half_open;
  return trying ? std::min(until_ns_, now_ns + look_again_ms * ms) : until_ns_;
}

std::int64_t circuit_breaker::try_or_when(std::int64_t now_ns) {
  if (const auto until = blocked_until(now_ns); until != 0) return until;
  // The time of waiting is over, or the trial has told nothing for too long: this is the next one.
  if (state_ != breaker_state::closed) enter(breaker_state::half_open, now_ns);
  return 0;
}

void circuit_breaker::succeeded(std::int64_t now_ns) {
  failures_ = 0;
  if (state_ != breaker_state::closed) enter(breaker_state::closed, now_ns);
}

void circuit_breaker::failed(std::int64_t now_ns) {
  ++failures_;
  const bool too_many = options_.failures != 0 && failures_ >= options_.failures;
  if (state_ == breaker_state::half_open || (state_ == breaker_state::closed && too_many)) {
    enter(breaker_state::open, now_ns);
  }
}

std::int64_t shared_breaker::spread(std::int64_t when_ns) const {
  if (when_ns == 0) return 0;
  const auto part_ms = static_cast<std::int64_t>((spread_ms_ * random_()) >> 32);
  return when_ns + part_ms * ms;
}

std::int64_t shared_breaker::try_or_when(std::int64_t now_ns) {
  std::int64_t when = 0;
  change([&] { when = breaker_.try_or_when(now_ns); });
  return spread(when);
}

std::int64_t shared_breaker::blocked_until(std::int64_t now_ns) const {
  const std::lock_guard lock(mutex_);
  return spread(breaker_.blocked_until(now_ns));
}

}  // namespace feedtree::actors
