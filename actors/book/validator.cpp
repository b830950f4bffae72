#include "actors/book/validator.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>
#include <utility>

#include "actors/sink/distributor_change.hpp"
#include "actors/supervision/failure.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = validator_actor::stateful_pointer<validator_state>;
constexpr std::size_t answers_max = 256;
constexpr std::chrono::seconds look_interval{1};

// Sends the answers that belong before what has this sequence.
void send_answers(self_pointer self, std::uint64_t sequence) {
  auto& state = self->state;
  while (!state.answers.empty() && state.answers.front().after < sequence) {
    const auto& next = state.answers.front();
    self->send(state.distributor, present_atom::value, next.question, next.book);
    state.answers.pop_front();
  }
}

void pump(self_pointer self) {
  auto& state = self->state;
  if (state.distributor == nullptr) return;
  state.out->pump([&](std::uint64_t sequence, const batch_ptr& batch) {
    send_answers(self, sequence);
    self->send(state.distributor, batch_atom::value, sequence, batch);
  });
  if (!state.out->is_clear()) return;
  send_answers(self, state.out->last_sequence() + 1);
  state.owed.settle(self);
}

void publish(const validator_state& state) {
  if (state.options.edges == nullptr) return;
  const auto& out = *state.out;
  state.options.edges->set_edge({state.options.name + " to distributor",
                                 out.events_waiting() + out.events_sent(),
                                 out.bytes_waiting() + out.bytes_sent(),
                                 state.options.credit.events, state.options.credit.bytes});
}

void quit_when_done(self_pointer self) {
  if (self->state.stopping && self->state.out->is_done()) self->quit();
}

// What the rules make of what decoding noticed: the batch itself where that is nothing.
batch_ptr ruled(validator_state& state, const batch_ptr& batch) {
  if (state.engine == nullptr || !state.engine->has_drift(*batch)) return batch;
  auto copy = std::make_shared<event_batch>(*batch);
  state.engine->take_drift(*copy);
  return copy;
}

bool is_clock_sample(validator_state& state, const event& what) {
  const std::size_t index = what.where->index;
  if (index >= state.clocks.size()) state.clocks.resize(index + 1);
  return state.clocks[index].take(what);
}

void count(validator_state& state, const event_batch& batch) {
  auto& counters = *state.options.counters;
  const auto now_ns = state.options.now_ns ? state.options.now_ns() : 0;
  for (const auto& what : batch.events) {
    ++counters.events[static_cast<std::size_t>(what.kind())];
    if (now_ns == 0) continue;
    counters.pass_latency.add_ns(now_ns - what.receive_ns);
    if (!is_clock_sample(state, what)) continue;
    counters.receive_latency.add_ns(what.receive_ns - what.exchange_ns);
    counters.skew.add(what.receive_ns - what.exchange_ns);
  }
  if (state.options.recent) state.options.recent->add(batch);
}

void take(self_pointer self, std::uint64_t sequence, const batch_ptr& batch) {
  auto& state = self->state;
  state.owed.add(self->current_sender(), sequence);
  const auto good = ruled(state, batch);
  count(state, *good);
  state.out->push(good, good->events.size(), good->bytes());
  pump(self);
}

void acknowledged(self_pointer self, std::uint64_t sequence) {
  auto& state = self->state;
  const auto from = caf::actor_cast<caf::strong_actor_ptr>(state.distributor);
  if (from != self->current_sender()) return;
  state.out->acknowledge(sequence);
  pump(self);
  publish(state);
  quit_when_done(self);
}

// Behind every batch that came before it. Too many questions are dropped and counted: whoever
// asked, asks again.
void answer(self_pointer self, const book_question& question, const batch_ptr& batch) {
  auto& state = self->state;
  if (state.answers.size() >= answers_max) {
    ++state.answers_dropped;
    if (state.options.edges == nullptr) return;
    state.options.edges->set_edge({state.options.name + " answers", state.answers.size(), 0,
                                   answers_max, 0, state.answers_dropped});
    return;
  }
  state.answers.push_back({question, batch, state.out->last_sequence()});
  pump(self);
}

void distributor_changed(self_pointer self) {
  if (follow_distributor(self->state)) pump(self);
}

// The venue's circuit breaker opened since the last look.
void alert_of_breaker(validator_state& state, std::int64_t now_ns, event_batch& out) {
  const auto opened = state.options.counters->breaker_opened.load();
  if (opened == std::exchange(state.breaker_opened, opened)) return;
  out.alerts.push_back({alert_severity::critical,
                        state.options.counters->venue,
                        {},
                        "breaker",
                        "the circuit breaker opened: nothing is tried for a while",
                        {},
                        now_ns,
                        0});
}

void look_around(self_pointer self) {
  auto& state = self->state;
  if (state.stopping) return;
  auto batch = std::make_shared<event_batch>();
  const auto now_ns = state.options.now_ns();
  alert_of_breaker(state, now_ns, *batch);
  if (!batch->empty()) {
    const auto bytes = batch->bytes();
    state.out->push(std::move(batch), 1, bytes);
    pump(self);
  }
  self->delayed_send(self, look_interval, timer_atom::value);
}

void prepare_rules(self_pointer self) {
  auto& state = self->state;
  const auto& options = state.options;
  state.breaker_opened = options.counters->breaker_opened.load();
  if (options.rules != nullptr) {
    state.engine =
        std::make_unique<rules::rule_engine>(options.rules, options.prices, options.rule_counts);
  }
  if (options.now_ns) self->delayed_send(self, look_interval, timer_atom::value);
}

}  // namespace

validator_actor::behavior_type validator_behavior(self_pointer self, validator_options options) {
  auto& state = self->state;
  state.options = std::move(options);
  fail_on_exception(self, state.options.name);
  state.out.emplace(state.options.credit);
  prepare_rules(self);
  state.options.sinks->listen(validator_actor(self));
  state.distributor = state.options.sinks->distributor();
  return {
      [self](ack_atom, std::uint64_t sequence) { acknowledged(self, sequence); },
      [self](batch_atom, std::uint64_t sequence, const batch_ptr& batch) {
        take(self, sequence, batch);
      },
      [self](present_atom, const book_question& question, const batch_ptr& batch) {
        answer(self, question, batch);
      },
      [self](sinks_atom) { distributor_changed(self); },
      [self](timer_atom) { look_around(self); },
      [self](stop_atom) {
        self->state.stopping = true;
        quit_when_done(self);
      },
  };
}

}  // namespace feedtree::actors
