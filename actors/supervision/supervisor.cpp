#include "actors/supervision/supervisor.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/bridge.hpp"
#include "actors/supervision/failure.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = supervisor_actor::stateful_pointer<supervisor_state>;
using standing = supervisor_state::standing;
using child = supervisor_state::child;

// Between the starts of a child that fails each time and is kept trying: from this to twice this.
constexpr std::int64_t slow_delay_ms = 30'000;

// For messages.
std::string name_of(const supervisor_state& state, const child& what) {
  return state.options.name + "/" + what.spec.name;
}

// Calls what is to be told to the registry, if there is one, with the child's path.
template <class Tell>
void show(const supervisor_state& state, const child& what, Tell&& tell) {
  if (state.options.registry == nullptr) return;
  tell(*state.options.registry, state.options.path + "/" + what.spec.name);
}

void show_state(const supervisor_state& state, const child& what, actor_standing to) {
  show(state, what, [&](auto& registry, const auto& path) { registry.set_state(path, to); });
}

// An operator wants it to stay down.
bool is_paused(const supervisor_state& state, const child& what) {
  bool result = false;
  show(state, what, [&](auto& registry, const auto& path) { result = registry.is_paused(path); });
  return result;
}

void show_failure(const supervisor_state& state, const child& what, const caf::error& reason,
                  actor_standing to) {
  show(state, what, [&](auto& registry, const auto& path) {
    const auto text = failure_text(reason);
    registry.failed(path, text.empty() ? "ended without being told to" : text, to);
  });
}

void show_new(self_pointer self, const child& what) {
  show(self->state, what, [&](auto& registry, const auto& path) {
    registry.add(path, what.spec.kind,
                 [to = bridge<supervisor_actor>(supervisor_actor{self}), name = what.spec.name] {
                   to.post(restart_atom::value, name);
                 });
  });
}

// The child of this name that stays.
child* find(supervisor_state& state, const std::string& name) {
  const auto found = std::find_if(state.children.begin(), state.children.end(), [&](auto& each) {
    return each.spec.name == name && !each.removed;
  });
  return found == state.children.end() ? nullptr : &*found;
}

void start_child(self_pointer self, child& what) {
  what.handle = what.spec.start(self);
  what.now = standing::running;
  what.run = ++self->state.runs;
  what.started_ms = self->state.options.now_ms();
  self->monitor(what.handle);
  show(self->state, what, [](auto& registry, const auto& path) { registry.started(path); });
}

void stop_child(self_pointer self, child& what) {
  what.now = standing::stopping;
  show_state(self->state, what, actor_standing::stopping);
  self->send(what.handle, stop_atom::value);
  self->delayed_send(self, std::chrono::milliseconds(what.spec.grace_ms), timer_atom::value,
                     what.run);
}

// Stops the last running child of those that must go; true while one is still on its way.
bool stop_next(self_pointer self) {
  auto& state = self->state;
  for (auto at = state.children.rbegin(); at != state.children.rend(); ++at) {
    if (!state.quitting && !at->leaving) continue;
    if (at->now == standing::stopping) return true;
    if (at->now != standing::running) continue;
    stop_child(self, *at);
    return true;
  }
  return false;
}

// Whether the start of this child must wait for that one.
bool waits_for(const supervisor_state& state, const child& what, const child& other) {
  if (&what == &other) return !what.ready;
  // One that is being removed and has the same name.
  if (other.removed) return other.spec.name == what.spec.name;
  if (state.options.strategy == restart_strategy::one_for_one) return false;
  return other.leaving || (other.now == standing::down && !other.ready);
}

// Starts, in order, every child that is down and has nothing to wait for.
void start_children(self_pointer self) {
  auto& state = self->state;
  if (state.quitting) return;
  for (auto& each : state.children) {
    const bool waits =
        std::any_of(state.children.begin(), state.children.end(),
                    [&](const auto& other) { return waits_for(state, each, other); });
    if (each.now != standing::down || each.removed || waits) continue;
    if (is_paused(state, each)) {
      show_state(state, each, actor_standing::paused);
    } else {
      start_child(self, each);
    }
  }
}

void quit_with(self_pointer self, caf::error reason) {
  self->state.quitting = true;
  self->state.quit_reason = std::move(reason);
  if (!stop_next(self)) self->quit(self->state.quit_reason);
}

// Marks the others that must be restarted with this one, and begins to stop them.
void take_along(self_pointer self, std::size_t failed) {
  auto& state = self->state;
  const auto strategy = state.options.strategy;
  for (std::size_t at = 0; at < state.children.size(); ++at) {
    auto& each = state.children[at];
    const bool goes = strategy == restart_strategy::one_for_all ||
                      (strategy == restart_strategy::rest_for_one && at > failed);
    if (goes && each.now == standing::running && !each.removed) each.leaving = true;
  }
  stop_next(self);
}

// The delay before the next start; nothing if there were too many failures and the supervisor must
// fail itself.
std::optional<std::int64_t> next_delay(supervisor_state& state, child& what) {
  const auto now_ms = state.options.now_ms();
  if (!what.spec.keeps_trying) return state.policy->on_failure(now_ms);
  if (what.own == nullptr) {
    what.own = std::make_unique<restart_policy>(state.options.restart, state.options.random);
  }
  what.is_slow = what.is_slow && now_ms - what.started_ms < state.options.restart.within_ms;
  if (!what.is_slow) {
    const auto quick = what.own->on_failure(now_ms);
    if (quick.has_value()) return quick;
  }
  what.is_slow = true;
  return slow_delay_ms + ((slow_delay_ms * std::int64_t{state.options.random()}) >> 32);
}

void restart_later(self_pointer self, std::size_t failed, const caf::error& reason) {
  auto& state = self->state;
  auto& what = state.children[failed];
  const auto name = name_of(state, what);
  const auto delay_ms = next_delay(state, what);
  if (!delay_ms.has_value()) {
    log::error(name, "failed too often: " + failure_text(reason));
    show_failure(state, what, reason, actor_standing::failed);
    quit_with(self, failure_error(name + " failed too often, last: " + failure_text(reason)));
    return;
  }
  log::warning(name, "failed: " + failure_text(reason) + "; restarting in " +
                         std::to_string(*delay_ms) + " ms");
  ++state.restarts;
  show_failure(state, what, reason,
               what.is_slow ? actor_standing::failed : actor_standing::restarting);
  what.ready = false;
  self->delayed_send(self, std::chrono::milliseconds(*delay_ms), retry_atom::value, what.run);
  take_along(self, failed);
}

void child_failed_for_good(self_pointer self, child& what, const caf::error& reason) {
  auto& state = self->state;
  what.now = standing::failed;
  show_failure(state, what, reason, actor_standing::failed);
  // One that is down waits for its restart.
  const auto any_left =
      std::any_of(state.children.begin(), state.children.end(),
                  [](const auto& each) { return each.now != standing::failed && !each.removed; });
  if (!state.options.survives_fatal_children || !any_left) {
    quit_with(self, reason);
    return;
  }
  log::error(name_of(state, what), "is given up; the others go on");
}

// Forgets a child that was removed and is down.
void forget(self_pointer self, const child& what) {
  auto& state = self->state;
  log::info(name_of(state, what), "removed");
  // Another of the same name may wait for its place.
  if (find(state, what.spec.name) == nullptr) {
    show(state, what, [](auto& registry, const auto& path) { registry.remove(path); });
  }
  if (what.spec.removed) what.spec.removed();
  state.children.erase(state.children.begin() + (&what - state.children.data()));
  start_children(self);
}

// A child that was told to stop has ended.
void stopped(self_pointer self, child& what, const caf::error& reason) {
  auto& state = self->state;
  if (reason && reason != caf::exit_reason::normal) {
    log::error(name_of(state, what), "while stopping: " + failure_text(reason));
    if (state.quitting && !state.quit_reason) state.quit_reason = reason;
  }
  const bool again = std::exchange(what.leaving, false) && !state.quitting;
  show_state(state, what, again ? actor_standing::restarting : actor_standing::stopped);
  if (what.removed && !state.quitting) {
    forget(self, what);
    return;
  }
  if (stop_next(self)) return;
  if (state.quitting) {
    self->quit(state.quit_reason);
  } else {
    start_children(self);
  }
}

void on_down(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto found = std::find_if(state.children.begin(), state.children.end(), [&](auto& each) {
    return each.handle != nullptr && each.handle.address() == down.source;
  });
  if (found == state.children.end()) return;
  const bool expected = found->now == standing::stopping;
  found->handle = nullptr;
  found->now = standing::down;
  if (expected) {
    stopped(self, *found, down.reason);
  } else if (state.quitting) {
    show_failure(state, *found, down.reason, actor_standing::stopped);
    if (!stop_next(self)) self->quit(state.quit_reason);
  } else if (is_fatal(down.reason)) {
    found->leaving = false;
    child_failed_for_good(self, *found, down.reason);
  } else {
    found->leaving = false;
    restart_later(self, static_cast<std::size_t>(found - state.children.begin()), down.reason);
  }
}

// The delay of the child whose last run this was is over.
void retry(self_pointer self, std::uint64_t run) {
  auto& state = self->state;
  for (auto& each : state.children) {
    if (each.run == run && each.now == standing::down) each.ready = true;
  }
  start_children(self);
}

void grace_is_over(self_pointer self, std::uint64_t run) {
  for (auto& each : self->state.children) {
    if (each.run != run || each.now != standing::stopping) continue;
    log::error(name_of(self->state, each), "did not stop in time and is killed");
    self->send_exit(each.handle, caf::exit_reason::kill);
  }
}

void remove(self_pointer self, const std::string& name) {
  auto& state = self->state;
  auto* const what = find(state, name);
  if (what == nullptr || state.quitting) return;
  what->removed = true;
  what->leaving = false;
  if (what->now == standing::running) {
    stop_child(self, *what);
  } else if (what->now != standing::stopping) {
    forget(self, *what);
  }
}

void add(self_pointer self, const child_spec& spec, const std::string& behind) {
  auto& state = self->state;
  if (state.quitting) return;
  if (auto* const known = find(state, spec.name)) {
    if (known->now != standing::failed) {
      log::error(name_of(state, *known), "is there already and is not added");
      return;
    }
    remove(self, spec.name);
  }
  auto at = std::find_if(state.children.begin(), state.children.end(),
                         [&](const auto& each) { return each.spec.name == behind; });
  if (at != state.children.end()) ++at;
  at = state.children.insert(at, child{.spec = spec, .handle = {}});
  log::info(name_of(state, *at), "added");
  show_new(self, *at);
  start_children(self);
}

// Stops it alone: those that were started after it do without.
void pause(self_pointer self, child& what) {
  log::warning(name_of(self->state, what), "is paused as asked");
  what.leaving = false;
  if (what.now == standing::failed) what.now = standing::down;
  if (what.now == standing::running) stop_child(self, what);
  if (what.now == standing::down) show_state(self->state, what, actor_standing::paused);
}

// True if the child was paused and is to go on: it is started, and no other is touched.
bool resume(self_pointer self, child& what) {
  auto& state = self->state;
  bool was_paused = false;
  show(state, what, [&](auto& registry, const auto& path) {
    const auto info = registry.find(path);
    was_paused = info && info->state == actor_standing::paused;
  });
  if (!was_paused || what.now != standing::down) return false;
  log::warning(name_of(state, what), "goes on as asked");
  what.ready = true;
  start_children(self);
  return true;
}

// Someone wants this child restarted: it stops in order and is started without delay. It counts
// as no failure.
void restart(self_pointer self, const std::string& name) {
  auto& state = self->state;
  auto* const what = find(state, name);
  if (what == nullptr || state.quitting) return;
  if (is_paused(state, *what)) {
    pause(self, *what);
    return;
  }
  if (resume(self, *what)) return;
  log::info(name_of(state, *what), "is restarted as asked");
  what->ready = true;
  if (what->now == standing::failed) what->now = standing::down;
  if (what->now == standing::running) what->leaving = true;
  take_along(self, static_cast<std::size_t>(what - state.children.data()));
  start_children(self);
}

}  // namespace

supervisor_actor::behavior_type supervisor_behavior(self_pointer self, supervisor_options options) {
  auto& state = self->state;
  state.options = std::move(options);
  state.policy = std::make_unique<restart_policy>(state.options.restart, state.options.random);
  for (auto& spec : state.options.children) {
    const auto name = spec.name;
    for (int copy = 2; find(state, spec.name) != nullptr; ++copy) {
      spec.name = name + "-" + std::to_string(copy);
    }
    state.children.push_back({.spec = std::move(spec), .handle = {}});
    show_new(self, state.children.back());
  }
  fail_on_exception(self, state.options.name);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  start_children(self);
  return {
      [self](retry_atom, std::uint64_t run) { retry(self, run); },
      [self](timer_atom, std::uint64_t run) { grace_is_over(self, run); },
      [self](add_atom, const child_spec_ptr& spec, const std::string& behind) {
        add(self, *spec, behind);
      },
      [self](remove_atom, const std::string& name) { remove(self, name); },
      [self](restart_atom, const std::string& name) { restart(self, name); },
      [self](stop_atom) {
        if (!self->state.quitting) quit_with(self, {});
      },
  };
}

}  // namespace feedtree::actors
