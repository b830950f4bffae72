// When faults happen. The same specification and seed give the same moments and counts; time is
// told.
#pragma once

#include <cstdint>
#include <vector>

#include "adapters/simulator/faults.hpp"
#include "adapters/simulator/random_source.hpp"

namespace feedtree::simulator {

// One fault on the time line. It comes in episodes: one from `after` on, or at random moments, each
// `for` long. Times are nanoseconds and do not go back.
class fault_timer {
 public:
  fault_timer(fault_spec spec, std::uint64_t seed, std::int64_t begin_ns);

  const fault_spec& spec() const { return spec_; }
  // Something that matches is there: true if the fault hits it.
  bool hits(std::int64_t now_ns);
  // True once for each episode that has begun by now.
  bool begins(std::int64_t now_ns);
  // True while an episode lasts.
  bool lasts(std::int64_t now_ns);
  // No episode begins any more, and the one that lasts is over.
  void end() { is_over_ = true; }

 private:
  void advance(std::int64_t now_ns);
  bool spend();
  std::int64_t random_wait_ns();

  fault_spec spec_;
  random_source random_;
  std::int64_t next_ns_;       // the next episode begins
  std::int64_t until_ns_ = 0;  // the present one ends
  bool is_arrived_ = false;    // an episode began that was not reported or used yet
  bool has_begun_ = false;     // there was one
  bool is_over_ = false;
  std::uint64_t matched_ = 0;
  std::uint64_t spent_ = 0;
};

// All faults of a simulator.
class fault_plan {
 public:
  fault_plan(const std::vector<fault_spec>& specs, std::uint64_t seed, std::int64_t begin_ns);

  std::vector<fault_timer>& timers() { return timers_; }
  // The first fault of this kind that hits; null if none does.
  const fault_spec* hit(fault_kind kind, std::int64_t now_ns);
  // The first fault of this kind that lasts; null if none does.
  const fault_spec* lasting(fault_kind kind, std::int64_t now_ns);
  void end();

 private:
  std::vector<fault_timer> timers_;
};

}  // namespace feedtree::simulator
