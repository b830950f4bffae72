#include "actors/venue/connection_line.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/supervision/failure.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = connection_line_actor::stateful_pointer<connection_line_state>;

connection_actor start(self_pointer self) {
  auto& state = self->state;
  auto options = state.options.connection;
  options.line = connection_line_actor(self);
  ++state.run;
  auto made = state.options.start
                  ? state.options.start(self, std::move(options))
                  : self->spawn<caf::linked>(connection_behavior, std::move(options));
  self->monitor(made);
  state.all.push_back(made.address());
  return made;
}

void replace_later(self_pointer self, std::int64_t after_ns) {
  self->delayed_send(self, std::chrono::nanoseconds(after_ns), retry_atom::value, self->state.run);
}

void watch_age(self_pointer self) {
  auto& options = self->state.options;
  if (options.lifetime_ns == 0) return;
  replace_later(self, replacement_age_ns(options.lifetime_ns, options.connection.random()));
}

void begin_replacing(self_pointer self, std::uint64_t run) {
  auto& state = self->state;
  if (state.stopping || run != state.run || state.next != nullptr) return;
  log::info(state.options.connection.name, "opens a new connection before this one ends");
  state.next_is_ready = false;
  state.next_closes = false;
  state.next = start(self);
}

void on_announced(self_pointer self) {
  auto& state = self->state;
  const auto from = caf::actor_cast<connection_actor>(self->current_sender());
  if (from == nullptr) return;
  if (from == state.current) begin_replacing(self, state.run);
  if (from == state.next) state.next_closes = true;
}

// The new one has everything: what the old one still has on the way comes meanwhile.
void on_ready(self_pointer self) {
  auto& state = self->state;
  const auto from = caf::actor_cast<connection_actor>(self->current_sender());
  if (state.next == nullptr || from != state.next || state.next_is_ready) return;
  state.next_is_ready = true;
  self->delayed_send(self, std::chrono::nanoseconds(state.options.overlap_ns), timer_atom::value,
                     state.run);
}

void take_over(self_pointer self, std::uint64_t run) {
  auto& state = self->state;
  if (state.stopping || run != state.run || state.next == nullptr) return;
  const auto& connection = state.options.connection;
  self->send(state.current, retire_atom::value);
  state.old.push_back(std::exchange(state.current, std::exchange(state.next, nullptr)));
  ++connection.counters->of_venue(connection.venue->name()).connections_replaced;
  log::info(connection.name, "the new connection has taken over");
  watch_age(self);
  if (state.next_closes) begin_replacing(self, state.run);
}

bool all_ended(const connection_line_state& state) {
  return state.current == nullptr && state.next == nullptr && state.old.empty();
}

void on_down(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto is_it = [&](const connection_actor& what) {
    return what != nullptr && what.address() == down.source;
  };
  if (std::erase_if(state.old, is_it) == 0) {
    if (is_it(state.next)) {
      log::warning(state.options.connection.name,
                   "the new connection failed: " + failure_text(down.reason));
      state.next = nullptr;
      replace_later(self, state.options.retry_ns);
    } else if (is_it(state.current)) {
      state.current = nullptr;
      if (!state.stopping) {
        self->quit(down.reason);
        return;
      }
    }
  }
  if (state.stopping && all_ended(state)) self->quit();
}

// Those that are opened later do not carry it either.
void drop(self_pointer self, const feed_ref& feed) {
  auto& state = self->state;
  auto& connection = state.options.connection;
  std::erase_if(connection.plan.streams,
                [&](const auto& what) { return what.where == feed.where; });
  connection.books.erase(feed.where);
  for (const auto& what : {state.current, state.next}) {
    if (what != nullptr) self->send(what, drop_atom::value, feed);
  }
  for (const auto& what : state.old) self->send(what, drop_atom::value, feed);
}

void stop(self_pointer self) {
  auto& state = self->state;
  state.stopping = true;
  for (const auto& what : {state.current, state.next}) {
    if (what != nullptr) self->send(what, stop_atom::value);
  }
  if (all_ended(state)) self->quit();
}

}  // namespace

std::int64_t replacement_age_ns(std::int64_t lifetime_ns, std::uint32_t random) {
  const auto least = lifetime_ns / 4 * 3;
  const auto most = lifetime_ns / 20 * 19;
  const auto span = static_cast<std::uint64_t>(most - least) >> 20U;
  return least + static_cast<std::int64_t>((span * random) >> 12U);
}

connection_line_actor::behavior_type connection_line_behavior(self_pointer self,
                                                              connection_line_options options) {
  self->state.options = std::move(options);
  fail_on_exception(self, self->state.options.connection.name);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  // Connections are linked so that they do not outlive this actor; how they end is said by the
  // down messages.
  self->set_exit_handler([self](const caf::exit_msg& exit) {
    const auto& all = self->state.all;
    const bool is_ours = std::find(all.begin(), all.end(), exit.source) != all.end();
    if (!is_ours && exit.reason) self->quit(exit.reason);
  });
  self->state.current = start(self);
  watch_age(self);
  return {
      [self](stop_atom) { stop(self); },
      [self](ready_atom) { on_ready(self); },
      [self](retire_atom) { on_announced(self); },
      [self](drop_atom, const feed_ref& feed) { drop(self, feed); },
      [self](retry_atom, std::uint64_t run) { begin_replacing(self, run); },
      [self](timer_atom, std::uint64_t run) { take_over(self, run); },
  };
}

}  // namespace feedtree::actors
