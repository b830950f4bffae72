#include "actors/validator.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/failure.hpp"
#include "core/validator.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = validator_actor::stateful_pointer<validator_state>;
constexpr std::size_t answers_max = 256;

// Sends a sink the answers that belong before what has this sequence.
void send_answers(self_pointer self, std::size_t at, std::uint64_t sequence) {
  auto& answers = self->state.answers;
  for (auto next = answers.begin(); next != answers.end();) {
    if (next->question.sink != at || next->after >= sequence) {
      ++next;
      continue;
    }
    self->send(self->state.sinks[at], present_atom::value, next->question, next->book);
    next = answers.erase(next);
  }
}

void pump(self_pointer self) {
  auto& state = self->state;
  bool clear = true;
  for (std::size_t at = 0; at < state.sinks.size(); ++at) {
    auto& box = state.outboxes[at];
    box.pump([&](std::uint64_t sequence, const batch_ptr& batch) {
      send_answers(self, at, sequence);
      self->send(state.sinks[at], batch_atom::value, sequence, batch);
    });
    if (box.is_clear()) send_answers(self, at, box.last_sequence() + 1);
    clear = clear && box.is_clear();
  }
  if (clear) state.owed.settle(self);
}

void quit_when_done(self_pointer self) {
  auto& state = self->state;
  if (!state.stopping) return;
  const bool done = std::all_of(state.outboxes.begin(), state.outboxes.end(),
                                [](const auto& box) { return box.is_done(); });
  if (done) self->quit();
}

// The batch as it may be passed on: itself where all events keep the rules.
batch_ptr judged(const batch_ptr& batch, std::uint64_t& quarantined) {
  const bool good = std::all_of(batch->events.begin(), batch->events.end(),
                                [](const event& what) { return judge(what).rule.empty(); });
  if (good) return batch;
  auto copy = std::make_shared<event_batch>(*batch);
  quarantined += quarantine_bad_events(*copy);
  return copy;
}

void take(self_pointer self, std::uint64_t sequence, const batch_ptr& batch) {
  auto& state = self->state;
  state.owed.add(self->current_sender(), sequence);
  std::uint64_t quarantined = 0;
  const auto good = judged(batch, quarantined);
  state.counters->quarantined += quarantined;
  for (const auto& what : good->events) {
    ++state.counters->events[static_cast<std::size_t>(what.kind())];
  }
  for (auto& box : state.outboxes) box.push(good, good->events.size(), good->bytes());
  pump(self);
}

void acknowledged(self_pointer self, std::uint64_t sequence) {
  auto& state = self->state;
  for (std::size_t at = 0; at < state.sinks.size(); ++at) {
    if (caf::actor_cast<caf::strong_actor_ptr>(state.sinks[at]) != self->current_sender()) continue;
    state.outboxes[at].acknowledge(sequence);
  }
  pump(self);
  quit_when_done(self);
}

// Behind every batch that came before it. Too many questions are dropped: whoever asked, asks
// again.
void answer(self_pointer self, const book_question& question, const batch_ptr& batch) {
  auto& state = self->state;
  if (question.sink >= state.sinks.size() || state.answers.size() >= answers_max) return;
  const auto& box = state.outboxes[question.sink];
  state.answers.push_back({question, batch, box.last_sequence()});
  if (box.is_clear()) send_answers(self, question.sink, box.last_sequence() + 1);
}

void sinks_changed(self_pointer self) {
  auto& state = self->state;
  const auto now = state.table->all();
  for (std::size_t at = 0; at < state.sinks.size(); ++at) {
    if (now[at] == state.sinks[at]) continue;
    state.sinks[at] = now[at];
    state.outboxes[at].take_back();
  }
  pump(self);
}

}  // namespace

validator_actor::behavior_type validator_behavior(self_pointer self, validator_options options) {
  auto& state = self->state;
  state.name = std::move(options.name);
  state.table = std::move(options.sinks);
  state.counters = options.counters;
  state.sinks = state.table->listen(validator_actor(self));
  for (std::size_t at = 0; at < state.sinks.size(); ++at)
    state.outboxes.emplace_back(options.credit);
  fail_on_exception(self, state.name);
  return {
      [self](ack_atom, std::uint64_t sequence) { acknowledged(self, sequence); },
      [self](batch_atom, std::uint64_t sequence, const batch_ptr& batch) {
        take(self, sequence, batch);
      },
      [self](present_atom, const book_question& question, const batch_ptr& batch) {
        answer(self, question, batch);
      },
      [self](sinks_atom) { sinks_changed(self); },
      [self](stop_atom) {
        self->state.stopping = true;
        quit_when_done(self);
      },
  };
}

}  // namespace feedtree::actors
