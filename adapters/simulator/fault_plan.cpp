#include "adapters/simulator/fault_plan.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace feedtree::simulator {
namespace {

constexpr auto never_ns = std::numeric_limits<std::int64_t>::max();

}  // namespace

fault_timer::fault_timer(fault_spec spec, std::uint64_t seed, std::int64_t begin_ns)
    : spec_(std::move(spec)), random_(seed, spec_.text), next_ns_(begin_ns + spec_.after_ns) {
  if (spec_.poisson_ns != 0) next_ns_ += random_wait_ns();
}

// The wait for the next of events that know nothing of each other; at most a thousand times the
// mean.
std::int64_t fault_timer::random_wait_ns() {
  const auto share = static_cast<double>(random_.below(1'000'000'000) + 1) / 1e9;
  return static_cast<std::int64_t>(-std::log(share) * static_cast<double>(spec_.poisson_ns)) + 1;
}

void fault_timer::advance(std::int64_t now_ns) {
  while (next_ns_ <= now_ns) {
    is_arrived_ = has_begun_ = true;
    const bool for_ever = spec_.for_ns == 0 && spec_.poisson_ns == 0;
    until_ns_ = for_ever ? never_ns : next_ns_ + spec_.for_ns;
    next_ns_ = spec_.poisson_ns == 0 ? never_ns : until_ns_ + random_wait_ns();
  }
}

bool fault_timer::spend() {
  if (is_over_ || (spec_.times != 0 && spent_ == spec_.times)) return false;
  ++spent_;
  return true;
}

bool fault_timer::hits(std::int64_t now_ns) {
  advance(now_ns);
  if (is_over_ || !has_begun_) return false;
  if (spec_.poisson_ns != 0 && spec_.for_ns == 0) {
    return std::exchange(is_arrived_, false) && spend();
  }
  if (now_ns >= until_ns_) return false;
  ++matched_;
  if (spec_.at != 0 && matched_ != spec_.at) return false;
  if (spec_.every != 0 && matched_ % spec_.every != 0) return false;
  return spend();
}

bool fault_timer::begins(std::int64_t now_ns) {
  advance(now_ns);
  return std::exchange(is_arrived_, false) && spend();
}

bool fault_timer::lasts(std::int64_t now_ns) {
  advance(now_ns);
  return !is_over_ && has_begun_ && now_ns < until_ns_;
}

fault_plan::fault_plan(const std::vector<fault_spec>& specs, std::uint64_t seed,
                       std::int64_t begin_ns) {
  timers_.reserve(specs.size());
  for (std::size_t at = 0; at < specs.size(); ++at) {
    timers_.emplace_back(specs[at], seed + at, begin_ns);
  }
}

const fault_spec* fault_plan::hit(fault_kind kind, std::int64_t now_ns) {
  for (auto& timer : timers_) {
    if (timer.spec().kind == kind && timer.hits(now_ns)) return &timer.spec();
  }
  return nullptr;
}

const fault_spec* fault_plan::lasting(fault_kind kind, std::int64_t now_ns) {
  for (auto& timer : timers_) {
    if (timer.spec().kind == kind && timer.lasts(now_ns)) return &timer.spec();
  }
  return nullptr;
}

void fault_plan::end() {
  for (auto& timer : timers_) timer.end();
}

}  // namespace feedtree::simulator
