// The CAF actor system as feedtree configures it, and the clocks and dice its actors are given.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <cstdint>

#include "actors/messages.hpp"
#include "actors/supervision/restart_policy.hpp"

namespace feedtree::actors {

class system_config : public caf::actor_system_config {
 public:
  system_config();
};

// Nanoseconds since 1970.
std::int64_t wall_ns();
// Milliseconds of a clock that never goes back.
std::int64_t steady_ms();
// A thread-safe source seeded by the system.
random_source make_random_source();
// Names this run: the start time as text.
std::string make_epoch();

}  // namespace feedtree::actors
