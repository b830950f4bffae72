// An actor system without threads and without a real clock, for the tests of actors.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/supervision/failure.hpp"
#include "actors/supervision/restart_policy.hpp"
#include "actors/system.hpp"

namespace feedtree::tests {

// Messages wait until run(); delayed ones until advance(). At the end all actors that were made
// known are killed.
class test_system {
 public:
  test_system() { system_.await_actors_before_shutdown(false); }
  ~test_system() {
    run();
    for (const auto& address : known_) {
      if (const auto handle = caf::actor_cast<caf::actor>(address)) {
        caf::anon_send_exit(handle, caf::exit_reason::kill);
      }
    }
    run();
  }
  test_system(const test_system&) = delete;
  test_system& operator=(const test_system&) = delete;

  void run() { scheduler().run(); }
  // Lets time pass in steps of a millisecond, so that what is due early runs early.
  void advance(std::int64_t ms) {
    run();
    for (; ms > 0; --ms) {
      scheduler().advance_time(std::chrono::milliseconds(1));
      run();
    }
  }
  std::int64_t now_ms() {
    const auto now = scheduler().clock().now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  }

  // Ends an actor as a failure of its own would.
  template <class Handle>
  void end(const Handle& handle, const caf::error& reason) {
    caf::anon_send(caf::actor_cast<caf::actor>(handle), caf::exit_msg{handle.address(), reason});
    run();
  }

  caf::actor_system& system() { return system_; }
  template <class Behavior, class Options>
  auto spawn(Behavior behavior, Options options) {
    const auto handle = system_.spawn(behavior, std::move(options));
    know(handle);
    return handle;
  }
  template <class Handle>
  void know(const Handle& handle) {
    known_.push_back(caf::actor_cast<caf::actor_addr>(handle));
  }

 private:
  struct testing_config : actors::system_config {
    testing_config() { set("scheduler.policy", caf::atom("testing")); }
  };
  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  }

  testing_config config_;
  caf::actor_system system_{config_};
  std::vector<caf::actor_addr> known_;
};

// Hears when an actor ends, and why.
class ending {
 public:
  template <class Handle>
  ending(test_system& system, const Handle& whom) {
    watcher_ = system.system().spawn(
        [reason = reason_](caf::event_based_actor* self, const Handle& of) {
          self->monitor(of);
          self->set_down_handler([reason](const caf::down_msg& down) { *reason = down.reason; });
          return caf::behavior{[](actors::timer_atom) {}};
        },
        whom);
    system.know(watcher_);
    system.run();
  }
  bool came() const { return reason_->has_value(); }
  const caf::error& reason() const { return reason_->value(); }
  std::string text() const { return came() ? actors::failure_text(reason()) : "still running"; }

 private:
  std::shared_ptr<std::optional<caf::error>> reason_ =
      std::make_shared<std::optional<caf::error>>();
  caf::actor watcher_;
};

// A random source that always gives the highest number: delays are one less than their bound.
inline actors::random_source highest_random() {
  return [] { return std::uint32_t{0xffff'ffff}; };
}

}  // namespace feedtree::tests
