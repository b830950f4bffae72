// Starts children in order, restarts what fails, stops in reverse order.
#pragma once

#include <caf/actor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/supervision/actor_registry.hpp"
#include "actors/supervision/restart_policy.hpp"

namespace feedtree::actors {

// Which children are restarted when one fails.
enum class restart_strategy : std::uint8_t {
  one_for_one,   // only it
  one_for_all,   // all
  rest_for_one,  // it and those that were started after it
};

struct child_spec {
  std::string name;
  // Spawns the child; called at the start and at each restart. It understands stop_atom.
  std::function<child_actor(caf::scheduled_actor* supervisor)> start;
  std::int64_t grace_ms = 5'000;    // to stop by itself before it is killed
  std::string kind = "actor";       // "connection", "book": for those who look at the tree
  std::function<void()> removed{};  // called when it was removed and has stopped; may be empty
  // Its failures are its own: behind the quick restarts it is started again every 30 to 60 s, for
  // ever, and its supervisor and its neighbours go on.
  bool keeps_trying = false;
};

struct supervisor_options {
  std::string name;  // in messages
  restart_strategy strategy = restart_strategy::one_for_one;
  restart_options restart;
  std::vector<child_spec> children;
  // A child that fails for good is left down while others run; the supervisor fails with the last.
  bool survives_fatal_children = false;
  std::function<std::int64_t()> now_ms;  // steady
  random_source random;
  std::string path{};                          // where the children are: "root/venues"
  std::shared_ptr<actor_registry> registry{};  // where they are shown; may be null
};

struct supervisor_state {
  enum class standing : std::uint8_t { down, running, stopping, failed };
  struct child {
    child_spec spec;
    child_actor handle;
    standing now = standing::down;
    std::uint64_t run = 0;  // of the last start, one number a start: tells old timers from new
    bool ready = true;      // down: no delay is left before the next start
    bool leaving = false;   // must stop, to be started again with one that failed
    bool removed = false;   // goes for good when it has stopped
    // Where it keeps trying: its own quick restarts, and whether they are used up.
    std::unique_ptr<restart_policy> own{};
    bool is_slow = false;
    std::int64_t started_ms = 0;
  };
  supervisor_options options;
  std::vector<child> children;
  std::unique_ptr<restart_policy> policy;
  std::uint64_t runs = 0;
  std::uint64_t restarts = 0;
  bool quitting = false;  // stop_atom came, or too many failures
  caf::error quit_reason;
};

supervisor_actor::behavior_type supervisor_behavior(
    supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_options options);

}  // namespace feedtree::actors
