#include "actors/sink/journal_store.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/log.hpp"
#include "actors/supervision/failure.hpp"
#include "core/sink.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = journal_store_actor::stateful_pointer<journal_store_state>;
constexpr std::size_t commit_bytes_max = 8 << 20;  // in memory; the rest waits for the next commit

void commit_soon(self_pointer self) {
  if (std::exchange(self->state.commit_due, true)) return;
  // Behind what is in the mailbox already, so that it is stored together.
  self->send(self, commit_atom::value);
}

void report(self_pointer self) {
  auto& state = self->state;
  const auto& store = *state.store;
  state.options.counters->set_journal({store.last_position(), store.bytes(),
                                       store.options().bytes_max, store.events_dropped(),
                                       state.at_limit, state.last_error});
  const auto to = state.options.table->distributor();
  if (to == nullptr) return;
  self->send(to, stored_atom::value,
             journal_report{store.last_position(), !state.last_error.empty(), state.last_error});
}

void note_failure(self_pointer self, const sink_error& error) {
  auto& state = self->state;
  if (!error.retryable()) throw;
  if (state.last_error != error.what()) {
    log::error(state.options.name, std::string(error.what()) +
                                       "; sinks that store get nothing until it can be written");
  }
  state.last_error = error.what();
  state.retrying = true;
  self->delayed_send(self, std::chrono::milliseconds(state.options.retry_ms), retry_atom::value);
}

void note_success(self_pointer self) {
  auto& state = self->state;
  if (state.last_error.empty()) return;
  log::info(state.options.name, "can be written again");
  state.last_error.clear();
}

void note_limit(self_pointer self, bool at_limit) {
  auto& state = self->state;
  if (std::exchange(state.at_limit, at_limit) == at_limit) return;
  log::warning(state.options.name,
               at_limit ? "is full: everything waits until the slowest sink has taken something"
                        : "has room again");
}

void move_cursors(self_pointer self) {
  auto& state = self->state;
  if (!state.cursors_moved) return;
  std::map<std::string, std::uint64_t> moved;
  for (std::size_t at = 0; at < state.cursors.size(); ++at) {
    const auto& name = state.options.link->sinks[at];
    if (!name.empty()) moved[name] = state.cursors[at];
  }
  state.store->advance(moved);
  state.cursors_moved = false;
}

// Stores the first of what waits; false if the journal is full.
bool store_some(self_pointer self) {
  auto& pending = self->state.pending;
  std::vector<storage::journal_batch> group;
  std::size_t bytes = 0;
  for (const auto& each : pending) {
    if (bytes >= commit_bytes_max) break;
    bytes += each.batch->bytes();
    group.push_back(each);
  }
  if (!self->state.store->append(group)) return false;
  pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(group.size()));
  return true;
}

void commit(self_pointer self) {
  auto& state = self->state;
  state.commit_due = false;
  if (state.retrying) return;
  try {
    move_cursors(self);
    const bool stored = store_some(self);
    note_success(self);
    note_limit(self, !stored);
    if (stored && !state.pending.empty()) commit_soon(self);
  } catch (const sink_error& error) {
    note_failure(self, error);
  }
  report(self);
}

void take(self_pointer self, std::uint64_t position, const batch_ptr& batch) {
  auto& state = self->state;
  const auto last =
      state.pending.empty() ? state.store->last_position() : state.pending.back().position;
  if (position > last) state.pending.push_back({position, batch});
  commit_soon(self);
}

void read(self_pointer self, const journal_request& what) {
  auto page = self->state.store->read(what.after, what.events_max, what.bytes_max);
  journal_answer answer;
  answer.sink = what.sink;
  answer.through = page.through;
  answer.at_end = page.at_end;
  for (auto& each : page.batches) {
    answer.batches.emplace_back(each.position, std::move(each.batch));
  }
  const auto to = caf::actor_cast<distributor_actor>(self->current_sender());
  if (to != nullptr) self->send(to, page_atom::value, std::move(answer));
}

void stop(self_pointer self) {
  auto& state = self->state;
  try {
    move_cursors(self);
    while (!state.pending.empty() && store_some(self)) continue;
  } catch (const sink_error& error) {
    log::error(state.options.name, error.what());
  }
  if (!state.pending.empty()) {
    self->quit(failure_error("stopped with batches that the journal had not stored"));
    return;
  }
  self->quit();
}

}  // namespace

journal_store_actor::behavior_type journal_store_behavior(self_pointer self,
                                                          journal_store_options options) {
  auto& state = self->state;
  state.options = std::move(options);
  fail_on_exception(self, state.options.name);
  state.store = state.options.make();
  return {
      [self](batch_atom, std::uint64_t position, const batch_ptr& batch) {
        take(self, position, batch);
      },
      [self](commit_atom) { commit(self); },
      [self](read_atom, const journal_request& what) { read(self, what); },
      [self](cursor_atom, const journal_cursors& cursors) {
        self->state.cursors = cursors.passed;
        self->state.cursors_moved = true;
        commit_soon(self);
      },
      [self](retry_atom) {
        self->state.retrying = false;
        commit(self);
      },
      [self](stop_atom) { stop(self); },
  };
}

}  // namespace feedtree::actors
