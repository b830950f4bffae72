#include "actors/supervisor.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/failure.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = supervisor_actor::stateful_pointer<supervisor_state>;
using standing = supervisor_state::standing;

std::string path_of(const supervisor_state& state, const supervisor_state::child& child) {
  return state.options.name + "/" + child.spec.name;
}

void start_child(self_pointer self, supervisor_state::child& child) {
  child.handle = child.spec.start(self);
  child.now = standing::running;
  ++child.run;
  self->monitor(child.handle);
}

// Starts every child that is down, in order.
void start_children(self_pointer self) {
  self->state.restarting = false;
  for (auto& child : self->state.children) {
    if (child.now == standing::down) start_child(self, child);
  }
}

void stop_child(self_pointer self, supervisor_state::child& child) {
  child.now = standing::stopping;
  self->send(child.handle, stop_atom::value);
  self->delayed_send(
      self, std::chrono::milliseconds(child.spec.grace_ms), timer_atom::value,
      child.run << 16 | static_cast<std::uint64_t>(&child - self->state.children.data()));
}

// Stops the last running child of those that must go; true while one is still on its way.
bool stop_next(self_pointer self) {
  auto& children = self->state.children;
  for (auto at = children.size(); at > self->state.stop_from; --at) {
    auto& child = children[at - 1];
    if (child.now == standing::stopping) return true;
    if (child.now != standing::running) continue;
    stop_child(self, child);
    return true;
  }
  return false;
}

void quit_with(self_pointer self, caf::error reason) {
  auto& state = self->state;
  state.quitting = true;
  state.quit_reason = std::move(reason);
  state.stop_from = 0;
  if (!stop_next(self)) self->quit(state.quit_reason);
}

// The first of the children that must be restarted when this one fails.
std::size_t first_to_restart(const supervisor_state& state, std::size_t failed) {
  switch (state.options.strategy) {
    case restart_strategy::one_for_one:
      return state.children.size();
    case restart_strategy::one_for_all:
      return 0;
    case restart_strategy::rest_for_one:
      return failed + 1;
  }
  return 0;
}

void restart_later(self_pointer self, std::size_t failed, const caf::error& reason) {
  auto& state = self->state;
  const auto path = path_of(state, state.children[failed]);
  const auto delay_ms = state.policy->on_failure(state.options.now_ms());
  if (!delay_ms.has_value()) {
    log::error(path, "failed too often: " + failure_text(reason));
    quit_with(self, failure_error(path + " failed too often, last: " + failure_text(reason)));
    return;
  }
  log::warning(path, "failed: " + failure_text(reason) + "; restarting in " +
                         std::to_string(*delay_ms) + " ms");
  ++state.restarts;
  state.stop_from = std::min(state.restarting ? state.stop_from : state.children.size(),
                             first_to_restart(state, failed));
  state.restarting = true;
  stop_next(self);
  self->delayed_send(self, std::chrono::milliseconds(*delay_ms), retry_atom::value);
}

void child_failed_for_good(self_pointer self, std::size_t failed, const caf::error& reason) {
  auto& state = self->state;
  state.children[failed].now = standing::failed;
  // One that is down waits for its restart.
  const auto any_left =
      std::any_of(state.children.begin(), state.children.end(),
                  [](const auto& child) { return child.now != standing::failed; });
  if (!state.options.survives_fatal_children || !any_left) {
    quit_with(self, reason);
    return;
  }
  log::error(path_of(state, state.children[failed]), "is given up; the others go on");
}

void on_down(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto child = std::find_if(state.children.begin(), state.children.end(), [&](auto& entry) {
    return entry.handle != nullptr && entry.handle.address() == down.source;
  });
  if (child == state.children.end()) return;
  const bool expected = child->now == standing::stopping;
  child->handle = nullptr;
  child->now = standing::down;
  if (expected || state.quitting) {
    if (expected && down.reason && down.reason != caf::exit_reason::normal) {
      log::error(path_of(state, *child), "while stopping: " + failure_text(down.reason));
      if (state.quitting && !state.quit_reason) state.quit_reason = down.reason;
    }
    if (stop_next(self)) return;
    if (state.quitting) self->quit(state.quit_reason);
    return;
  }
  const auto index = static_cast<std::size_t>(child - state.children.begin());
  if (is_fatal(down.reason)) {
    child_failed_for_good(self, index, down.reason);
  } else {
    restart_later(self, index, down.reason);
  }
}

void retry(self_pointer self) {
  auto& state = self->state;
  if (state.quitting) return;
  if (stop_next(self)) {
    self->delayed_send(self, std::chrono::milliseconds(10), retry_atom::value);
    return;
  }
  state.stop_from = state.children.size();
  start_children(self);
}

void grace_is_over(self_pointer self, std::uint64_t ticket) {
  auto& child = self->state.children[ticket & 0xffff];
  if (child.run != ticket >> 16 || child.now != standing::stopping) return;
  log::error(path_of(self->state, child), "did not stop in time and is killed");
  self->send_exit(child.handle, caf::exit_reason::kill);
}

}  // namespace

supervisor_actor::behavior_type supervisor_behavior(self_pointer self, supervisor_options options) {
  auto& state = self->state;
  state.options = std::move(options);
  state.policy = std::make_unique<restart_policy>(state.options.restart, state.options.random);
  for (auto& spec : state.options.children) state.children.push_back({std::move(spec), {}, {}, 0});
  state.stop_from = state.children.size();
  fail_on_exception(self, state.options.name);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  start_children(self);
  return {
      [self](retry_atom) { retry(self); },
      [self](timer_atom, std::uint64_t ticket) { grace_is_over(self, ticket); },
      [self](stop_atom) {
        if (!self->state.quitting) quit_with(self, {});
      },
  };
}

}  // namespace feedtree::actors
