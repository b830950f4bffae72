#include "actors/sink/sink_actor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/log.hpp"
#include "actors/supervision/failure.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = sink_actor::stateful_pointer<sink_actor_state>;

void set_timer(self_pointer self) {
  auto& state = self->state;
  if (state.timer_set) return;
  state.timer_set = true;
  self->delayed_send(self, std::chrono::milliseconds(state.options.flush_interval_ms),
                     timer_atom::value);
}

void retry_later(self_pointer self, const sink_error& error) {
  auto& state = self->state;
  if (state.last_error != error.what()) {
    state.last_error = error.what();
    log::warning(state.options.name, state.last_error + "; keeping what waits and trying again");
  }
  if (state.retrying) return;
  state.retrying = true;
  self->delayed_send(self, std::chrono::milliseconds(state.retry_delay->next_ms() + 1),
                     retry_atom::value);
}

// Runs an action of the sink; false if it must be tried again later.
template <class Action>
bool attempt(self_pointer self, Action&& action) {
  try {
    action();
  } catch (const sink_error& error) {
    if (!error.retryable()) {
      const auto& state = self->state;
      state.options.counters->set_sink(state.options.index, state.target->counters(), error.what());
      throw;
    }
    retry_later(self, error);
    return false;
  }
  return true;
}

// A flush went through: the target has everything. That a write did proves less, it may have gone
// into a buffer.
void note_success(sink_actor_state& state) {
  state.retry_delay->reset();
  if (state.last_error.empty()) return;
  log::info(state.options.name, "works again");
  state.last_error.clear();
}

void note_trouble(sink_actor_state& state) {
  auto trouble = state.target->trouble();
  if (trouble == state.last_trouble) return;
  if (trouble.empty()) {
    log::info(state.options.name, "works again");
  } else {
    log::warning(state.options.name, trouble);
  }
  state.last_trouble = std::move(trouble);
}

// The target has all that was taken: since when was it on its way? Candles have times of their own.
void count_latencies(sink_actor_state& state) {
  if (state.options.now_ns && !state.unflushed.empty()) {
    auto& latencies = state.options.counters->sink_latency(state.options.index);
    const auto now_ns = state.options.now_ns();
    for (const auto& batch : state.unflushed) {
      for (const auto& what : batch->events) {
        if (what.kind() != event_kind::candle) latencies.add_ns(now_ns - what.receive_ns);
      }
    }
  }
  state.unflushed.clear();
}

void count_rows(const sink_actor_state& state) {
  const auto* const rows = dynamic_cast<const row_counter*>(state.target.get());
  if (rows != nullptr) {
    state.options.counters->set_rows(state.options.index, rows->rows_written());
  }
}

void publish_statistics(sink_actor_state& state) {
  note_trouble(state);
  const auto& error = state.last_error.empty() ? state.last_trouble : state.last_error;
  state.options.counters->set_sink(state.options.index, state.target->counters(), error);
}

// An answer that cannot be sent is lost like any message on core NATS: whoever asked, asks again.
// So is one that would overtake batches that the book was made of.
void answer(self_pointer self, const book_question& question, const batch_ptr& batch) {
  auto& state = self->state;
  if (!state.waiting.empty()) return;
  try {
    if (batch == nullptr) {
      state.target->refuse(question.reply_to, "no such book");
    } else {
      state.target->answer(question.reply_to, *batch);
    }
  } catch (const sink_error& error) {
    log::warning(state.options.name, std::string("a question stays unanswered: ") + error.what());
  }
}

void flush(self_pointer self) {
  auto& state = self->state;
  if (!state.dirty || state.retrying) return;
  if (attempt(self, [&] { state.target->flush(); })) {
    state.dirty = false;
    state.unflushed_events = 0;
    count_latencies(state);
    count_rows(state);
    note_success(state);
    state.owed.settle(self);
  }
  publish_statistics(state);
}

void write_waiting(self_pointer self) {
  auto& state = self->state;
  while (!state.waiting.empty() && !state.retrying) {
    auto& next = state.waiting.front();
    if (!attempt(self, [&] { state.target->write(next.batch); })) break;
    if (!state.options.journal.empty()) state.target->mark(state.options.journal, next.sequence);
    state.owed.add(std::move(next.sender), next.sequence);
    state.unflushed_events += next.batch->events.size();
    state.unflushed.push_back(std::move(next.batch));
    state.waiting.pop_front();
    state.dirty = true;
    if (state.unflushed_events >= state.options.flush_events) flush(self);
  }
  if (state.dirty) set_timer(self);
  publish_statistics(state);
}

void stop(self_pointer self) {
  auto& state = self->state;
  state.retrying = false;  // a last time
  write_waiting(self);
  try {
    state.target->close();
    count_latencies(state);
    count_rows(state);
    state.owed.settle(self);
    publish_statistics(state);
  } catch (const sink_error& error) {
    log::error(state.options.name, error.what());
    const bool is_cache = !state.target->trouble().empty();
    const bool kept = error.retryable() && (is_cache || !state.options.journal.empty());
    self->quit(kept ? caf::error{} : failure_error(error.what()));
    return;
  }
  if (!state.waiting.empty() && state.options.journal.empty()) {
    self->quit(failure_error("stopped with batches that the sink had not taken"));
    return;
  }
  self->quit();
}

}  // namespace

sink_actor::behavior_type sink_actor_behavior(self_pointer self, sink_actor_options options) {
  auto& state = self->state;
  state.options = std::move(options);
  state.retry_delay = std::make_unique<backoff>(state.options.retry, state.options.random);
  fail_on_exception(self, state.options.name);
  state.target = state.options.make();
  // A sink that was started anew looks up what its target has.
  if (!state.options.journal.empty()) state.target->marked(state.options.journal);
  if (state.options.questions) state.target->hear_questions(state.options.questions);
  return {
      [self](batch_atom, std::uint64_t sequence, const batch_ptr& batch) {
        self->state.waiting.push_back({sequence, batch, self->current_sender()});
        if (!self->state.retrying) write_waiting(self);
      },
      [self](present_atom, const book_question& question, const batch_ptr& batch) {
        answer(self, question, batch);
      },
      [self](retry_atom) {
        self->state.retrying = false;
        write_waiting(self);
        if (self->state.dirty) flush(self);
      },
      [self](timer_atom) {
        self->state.timer_set = false;
        flush(self);
      },
      [self](stop_atom) { stop(self); },
  };
}

}  // namespace feedtree::actors
