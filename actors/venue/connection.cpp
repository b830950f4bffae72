#include "actors/venue/connection.hpp"

#include <algorithm>
#include <chrono>

#include "actors/bridge.hpp"
#include "actors/supervision/failure.hpp"
#include "actors/venue/connection_parts.hpp"
#include "adapters/venues/schema_watch.hpp"
#include "core/scrub.hpp"

namespace feedtree::actors {
namespace connection_parts {
namespace {

constexpr std::int64_t ms = 1'000'000;

// The client that a frame callback pauses: it is known only after the callbacks are made.
using client_slot = std::shared_ptr<transport::websocket_client*>;

transport::websocket_callbacks callbacks_of(self_pointer self, std::uint64_t generation,
                                            const client_slot& client) {
  const bridge<connection_actor> to(connection_actor{self});
  return {
      [to, generation] { to.post(opened_atom::value, generation); },
      [to, inbox = self->state.inbox, client](std::string&& text, std::int64_t receive_ns) {
        const auto result = inbox->put(std::move(text), receive_ns);
        if (result.pause) (*client)->pause_reading();
        if (result.wake) to.post(frames_atom::value);
      },
      [to, generation](transport::transport_error error) {
        to.post(closed_atom::value, generation, connection_end{std::move(error)});
      },
  };
}

void reopen_later(self_pointer self, const transport::transport_error& error) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  auto delay_ns = state.announced_close ? 0 : state.reopen_delay->next_ms() * ms;
  state.announced_close = false;
  const auto wait_ns = asked_wait_s(error) * 1000 * ms;
  if (wait_ns > 0) {
    delay_ns = std::max(delay_ns, wait_ns);
    state.options.budget->penalise(budget_connect, now + wait_ns);
  }
  state.reopen_ns = now + delay_ns;
  arm(self, state.reopen_ns);
}

void on_opened(self_pointer self, std::uint64_t generation) {
  auto& state = self->state;
  if (generation != state.generation || state.socket == nullptr) return;
  state.open = true;
  state.options.counters->set_trouble(state.statistics->venue, state.name, {});
  state.counted_open.begin(state.statistics->connections_open);
  ++state.statistics->connections_opened;
  const auto info = state.socket->info();
  log::info(state.name, "connected to " + info.remote +
                            (info.tls_version.empty() ? "" : ", " + info.tls_version) +
                            (info.deflate ? ", compressed" : ""));
  state.tap.connect(state.options.plan.url, state.options.now_ns());
  state.session->on_connected();
  state.options.repairs->reconnected();
  subscribe(self);
  start_watch(self);
}

// It could not be opened: operators see why where nothing else is.
void note_refusal(const connection_state& state, const transport::transport_error& error) {
  auto& counters = *state.options.counters;
  const auto text = state.name + ": " + error.message;
  counters.set_failure(text);
  counters.set_trouble(state.statistics->venue, state.name, text);
  const auto wait_ns = asked_wait_s(error) * 1000 * ms;
  if (wait_ns > 0) {
    counters.set_waits(state.statistics->venue, state.options.now_ns() + wait_ns);
  }
}

void on_closed(self_pointer self, std::uint64_t generation, const connection_end& end) {
  auto& state = self->state;
  if (generation != state.generation) return;
  take_frames(self);
  if (state.blocked || !is_clear(state)) {
    // What was received before the end is handed on before the books hear of the end.
    state.waiting_end = std::make_unique<connection_end>(end);
    return;
  }
  state.waiting_end.reset();
  const bool was_open = std::exchange(state.open, false);
  const bool was_good = std::exchange(state.good, false);
  state.counted_open.end();
  state.socket.reset();
  state.to_send.clear();
  state.snapshots.clear();
  stop_watch(self);
  state.keep_alive_ns = 0;
  state.answers_due_ns = 0;
  if (state.stopping) {
    if (is_done(state)) finish(self);
    return;
  }
  ++state.statistics->connections_lost;
  if (!was_good && !state.announced_close) state.options.budget->failed(state.options.now_ns());
  if (was_open) state.tap.close(end.error.message, state.options.now_ns());
  if (was_open) tell_books(self, scrub(end.error.message));
  if (!was_open) note_refusal(state, end.error);
  if (classify(end.error) == remedy::fatal && !was_open) {
    log::error(state.name, end.error.message);
    self->quit(fatal_error(state.name + ": " + end.error.message));
    return;
  }
  log::warning(state.name, end.error.message);
  reopen_later(self, end.error);
}

void on_timer(self_pointer self) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  if (!state.timer.rings(now) || state.stopping) return;
  if (state.reopen_ns != 0 && now >= state.reopen_ns) open_socket(self);
  // What was due earlier took the timer.
  if (state.reopen_ns != 0) arm(self, state.reopen_ns);
  ask_for_due_trades(self);
  if (!state.open) return;
  keep_alive_due(self);
  check_answers(self);
  ask_for_due_snapshots(self);
  look_at_silence(self);
  send_due(self);
  tell_if_ready(self);
}

// Frames wait there also while this actor waits for credit and shows nothing.
void watch_inbox(const connection_state& state) {
  const auto name = state.name + " inbox";
  const std::weak_ptr<frame_inbox> inbox = state.inbox;
  state.options.counters->watch_edge(name, [name, inbox]() -> std::optional<edge_statistics> {
    const auto there = inbox.lock();
    if (there == nullptr) return {};
    const auto now = there->now();
    return edge_statistics{name, now.frames,     now.bytes, now.bounds.frames, now.bounds.bytes,
                           0,    now.times_full, now.full};
  });
}

void stop(self_pointer self) {
  auto& state = self->state;
  state.stopping = true;
  state.reopen_ns = 0;
  if (state.socket == nullptr) {
    if (is_done(state)) finish(self);
    return;
  }
  close_socket(self, state.retiring ? "replaced" : "shutting down");
}

}  // namespace

void tell_books(self_pointer self, const std::string& reason) {
  for (const auto& slot : self->state.slots) {
    const auto kinds = planned_kinds(self->state, slot.where);
    self->send(slot.to, lost_atom::value, feed_notice{kinds, reason});
  }
}

void arm(self_pointer self, std::int64_t at_ns) {
  auto& state = self->state;
  if (!state.timer.set(at_ns)) return;
  const auto delay_ns = std::max<std::int64_t>(0, at_ns - state.options.now_ns());
  self->delayed_send(self, std::chrono::nanoseconds(delay_ns), timer_atom::value);
}

void go_on(self_pointer self) {
  auto& state = self->state;
  pump(self);
  if (state.blocked) take_frames(self);
  if (!state.blocked && state.waiting_end != nullptr) {
    on_closed(self, state.generation, connection_end(*state.waiting_end));
  }
  if (state.stopping && state.socket == nullptr && is_done(state)) finish(self);
}

void tell_if_ready(self_pointer self) {
  auto& state = self->state;
  if (state.ready || state.options.line == nullptr || !state.open) return;
  if (!state.books_due.empty() || !state.subscriptions.all_answered()) return;
  state.ready = true;
  self->send(state.options.line, ready_atom::value);
}

void finish(self_pointer self) {
  auto& state = self->state;
  state.options.counters->set_trouble(state.statistics->venue, state.name, {});
  refuse_trades(self);
  if (state.retiring) {
    for (const auto& [where, book] : state.options.books) {
      self->send(book, ended_atom::value, std::string("replaced by a new connection"));
    }
  }
  self->quit();
}

void open_socket(self_pointer self) {
  auto& state = self->state;
  const auto when = state.options.budget->take_or_when(budget_connect, 1, state.options.now_ns());
  if (when != 0) {
    state.reopen_ns = when;
    arm(self, when);
    return;
  }
  state.reopen_ns = 0;
  ++state.generation;
  auto options = state.options.socket;
  options.url = state.options.plan.url;
  options.clock_ns = state.options.now_ns;
  const auto client = std::make_shared<transport::websocket_client*>(nullptr);
  state.socket = std::make_unique<transport::websocket_client>(
      *state.options.reactor, std::move(options), callbacks_of(self, state.generation, client));
  *client = state.socket.get();
  state.socket->start();
}

void close_socket(self_pointer self, const std::string& reason) {
  auto& state = self->state;
  if (state.socket == nullptr) return;
  // A paused socket would not read the peer's close frame.
  state.socket->resume_reading();
  state.socket->close(reason);
}

void prove_good(self_pointer self) {
  auto& state = self->state;
  if (!std::exchange(state.good, true)) state.options.budget->succeeded(state.options.now_ns());
}

}  // namespace connection_parts

connection_actor::behavior_type connection_behavior(
    connection_actor::stateful_pointer<connection_state> self, connection_options options) {
  using namespace connection_parts;
  auto& state = self->state;
  state.options = std::move(options);
  state.name = state.options.name;
  fail_on_exception(self, state.name);
  state.statistics = &state.options.counters->of_venue(state.options.venue->name());
  state.tap = archive_tap(state.options.archive, state.statistics->venue, state.name);
  state.frames = std::make_shared<std::vector<venues::raw_frame>>();
  state.session = state.options.venue->make_session(*state.options.symbols, state.options.plan.url,
                                                    state.options.addresses);
  if (!state.options.drift_rule.empty()) {
    state.schema = std::make_shared<venues::schema_watch>(
        venues::schema_watch_options{state.options.drift_sample_every, state.options.drift_learn});
  }
  state.inbox = std::make_shared<frame_inbox>(inbox_bounds{});
  state.reopen_delay = std::make_unique<backoff>(state.options.reconnect, state.options.random);
  state.quarantine_out = std::make_unique<outbox<batch_ptr>>(state.options.credit);
  state.quarantine_display = std::make_unique<edge_display>(state.name + " to validator");
  watch_inbox(state);
  const auto messages = state.options.venue->limits().messages;
  std::vector<transport::rate_limit> limits;
  if (messages.count != 0) {
    limits.push_back({std::string(budget_message), messages.count, messages.per_ns, 0});
  }
  state.message_budget = std::make_unique<transport::rate_budget>(std::move(limits));
  prepare_slots(self);
  prepare_watch(self);
  // What a predecessor that failed left behind is no book of this connection.
  tell_books(self, "the connection begins anew");
  open_socket(self);
  return {
      [self](ack_atom, std::uint64_t sequence) {
        auto& s = self->state;
        for (auto& slot : s.slots) {
          if (caf::actor_cast<caf::strong_actor_ptr>(slot.to) == self->current_sender()) {
            slot.out.acknowledge(sequence);
          }
        }
        if (caf::actor_cast<caf::strong_actor_ptr>(s.options.validator) == self->current_sender()) {
          s.quarantine_out->acknowledge(sequence);
        }
        go_on(self);
      },
      [self](opened_atom, std::uint64_t generation) { on_opened(self, generation); },
      [self](frames_atom) { take_frames(self); },
      [self](closed_atom, std::uint64_t generation, const connection_end& end) {
        on_closed(self, generation, end);
      },
      [self](rest_atom, const rest_result& result) { take_rest_result(self, result); },
      [self](resync_atom, const feed_ref& feed) { want_snapshot(self, feed.where); },
      [self](drop_atom, const feed_ref& feed) { drop_instrument(self, feed.where); },
      [self](proof_atom, const feed_ref& feed) { take_proof(self, feed.where); },
      [self](repeats_atom, const feed_ref& feed, bool repeats) {
        for (auto& slot : self->state.slots) {
          if (slot.where == feed.where) slot.book_repeats = repeats;
        }
      },
      [self](fill_atom, const missing_trades& what) { want_trades(self, what); },
      [self](retire_atom) {
        self->state.retiring = true;
        stop(self);
      },
      [self](timer_atom) { on_timer(self); },
      [self](stop_atom) { stop(self); },
  };
}

}  // namespace feedtree::actors
