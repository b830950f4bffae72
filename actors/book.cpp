#include "actors/book.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/failure.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = book_actor::stateful_pointer<book_state>;
constexpr std::size_t questions_max = 256;

void answer_questions(self_pointer self) {
  auto& state = self->state;
  if (state.questions.empty()) return;
  auto present = std::make_shared<event_batch>();
  state.keeper->append_present_book(state.now_ns(), *present);
  for (const auto& question : state.questions) {
    self->send(state.validator, present_atom::value, question, batch_ptr(present));
  }
  state.questions.clear();
}

void pump(self_pointer self) {
  auto& state = self->state;
  state.out->pump([&](std::uint64_t sequence, const batch_ptr& batch) {
    self->send(state.validator, batch_atom::value, sequence, batch);
  });
  if (!state.out->is_clear()) return;
  state.owed.settle(self);
  answer_questions(self);
}

void publish_statistics(const book_state& state) {
  const auto& keeper = *state.keeper;
  const auto& book = keeper.book();
  book_statistics now;
  now.where = keeper.where();
  now.state = keeper.state();
  now.counters = keeper.counters();
  now.bids = book.size(book_part::bids);
  now.asks = book.size(book_part::asks);
  now.best_bid = book.best(book_part::bids);
  now.best_ask = book.best(book_part::asks);
  now.kinds = state.kinds;
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    now.states[kind] = keeper.state(static_cast<event_kind>(kind));
  }
  state.counters->set_book(now);
}

// Sends on what an action of the keeper gave, and asks for a snapshot if it came to need one.
void pass_on(self_pointer self, std::shared_ptr<event_batch> batch) {
  auto& state = self->state;
  publish_statistics(state);
  if (!batch->empty()) {
    const auto events = batch->events.size();
    const auto bytes = batch->bytes();
    state.out->push(std::move(batch), events, bytes);
  }
  if (state.keeper->take_snapshot_request()) {
    const feed_ref feed{state.keeper->where()};
    if (const auto to = caf::actor_cast<caf::actor>(state.connection)) {
      self->send(caf::actor_cast<connection_actor>(to), resync_atom::value, feed);
    } else {
      state.keeper->snapshot_failed();
    }
  }
  pump(self);
}

void take(self_pointer self, std::uint64_t sequence, const decoded_slice& slice) {
  auto& state = self->state;
  state.owed.add(self->current_sender(), sequence);
  auto out = std::make_shared<event_batch>();
  out->events.reserve(slice.indices.size());
  for (const auto index : slice.indices) {
    const auto& what = slice.batch->events[index];
    if (what.kind() == event_kind::book) {
      state.connection = caf::actor_cast<caf::actor_addr>(self->current_sender());
    }
    state.keeper->process(what, *slice.batch, *out);
  }
  pass_on(self, std::move(out));
}

// Compares what the venue says over REST with the book.
void compare(self_pointer self, const event_batch& proof) {
  auto& state = self->state;
  auto out = std::make_shared<event_batch>();
  bool is_same = false;
  for (const auto& what : proof.events) {
    const auto* const book = std::get_if<book_change>(&what.body);
    if (book == nullptr || what.where != state.keeper->where()) continue;
    is_same = state.keeper->proves(*book, proof, state.now_ns(), *out);
  }
  if (const auto to = caf::actor_cast<caf::actor>(self->current_sender()); is_same && to) {
    self->send(caf::actor_cast<connection_actor>(to), proof_atom::value,
               feed_ref{state.keeper->where()});
  }
  pass_on(self, std::move(out));
}

void quit_when_done(self_pointer self) {
  if (self->state.stopping && self->state.out->is_done()) self->quit();
}

}  // namespace

book_actor::behavior_type book_behavior(self_pointer self, book_options options) {
  auto& state = self->state;
  state.keeper = options.make_keeper();
  state.kinds = options.kinds;
  state.name = options.where->venue + "/" + options.where->symbol;
  state.validator = std::move(options.validator);
  state.out = std::make_unique<outbox<batch_ptr>>(options.credit);
  state.now_ns = std::move(options.now_ns);
  state.counters = std::move(options.counters);
  fail_on_exception(self, state.name);
  return {
      [self](ack_atom, std::uint64_t sequence) {
        self->state.out->acknowledge(sequence);
        pump(self);
        quit_when_done(self);
      },
      [self](batch_atom, std::uint64_t sequence, const decoded_slice& slice) {
        take(self, sequence, slice);
      },
      [self](lost_atom, const feed_notice& what) {
        auto out = std::make_shared<event_batch>();
        self->state.keeper->connection_lost(what.kinds, self->state.now_ns(), what.reason, *out);
        pass_on(self, std::move(out));
      },
      [self](stale_atom, const feed_notice& what) {
        auto out = std::make_shared<event_batch>();
        self->state.keeper->stale(what.kinds, self->state.now_ns(), what.reason, *out);
        pass_on(self, std::move(out));
      },
      [self](repair_atom, const repair_notice& repair) {
        auto out = std::make_shared<event_batch>();
        self->state.keeper->note_repair(repair.kinds, repair.what, self->state.now_ns(), *out);
        pass_on(self, std::move(out));
      },
      [self](proof_atom, const batch_ptr& proof) { compare(self, *proof); },
      [self](hole_atom, const std::string& detail) {
        auto out = std::make_shared<event_batch>();
        self->state.connection = caf::actor_cast<caf::actor_addr>(self->current_sender());
        self->state.keeper->connection_gap(self->state.now_ns(), detail, *out);
        pass_on(self, std::move(out));
      },
      [self](refused_atom, const std::string& reason) {
        log::error(self->state.name, "refused by the venue: " + reason);
      },
      [self](present_atom, const book_question& question) {
        auto& questions = self->state.questions;
        if (questions.size() < questions_max) questions.push_back(question);
        if (self->state.out->is_clear()) answer_questions(self);
      },
      [self](stop_atom) {
        self->state.stopping = true;
        quit_when_done(self);
      },
  };
}

}  // namespace feedtree::actors
