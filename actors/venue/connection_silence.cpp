// A connection's silence: what shows that a market is quiet, and what follows if nothing does.
#include "actors/supervision/failure.hpp"
#include "actors/venue/connection_parts.hpp"

namespace feedtree::actors::connection_parts {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::size_t proof_levels = 5;

const venues::stream* book_of_feed(const connection_state& state, std::size_t feed) {
  for (const auto& slot : state.slots) {
    if (feed != freshness::no_feed && slot.kinds.test(static_cast<std::size_t>(event_kind::book)) &&
        slot.feeds[static_cast<std::size_t>(event_kind::book)] == feed) {
      return book_stream(state, slot.where);
    }
  }
  return nullptr;
}

// Any frame counts, a heartbeat too: it shows no more than that the venue serves this connection.
void ask_for_any_answer(self_pointer self, std::size_t feed) {
  const auto text = self->state.session->proof_frame();
  self->state.answer_proves = feed;
  if (!text.empty()) send_later(self, {text});
}

// The best levels over REST, to be compared with the book.
void ask_over_rest(self_pointer self, std::size_t feed, venues::stream book) {
  auto& state = self->state;
  book.depth = proof_levels;
  const auto request = state.session->snapshot_request(book);
  const auto now = state.options.now_ns();
  if (state.options.budget->take_or_when(budget_rest, request->weight, now) != 0) {
    return ask_for_any_answer(self, feed);
  }
  const auto ticket = state.next_ticket++;
  state.proofs[ticket] = {feed, book};
  get_over_rest(self, request->url, ticket);
}

void ask_for_proof(self_pointer self, std::size_t feed) {
  auto& state = self->state;
  ++state.statistics->proofs_asked;
  const auto* const book = book_of_feed(state, feed);
  if (book == nullptr) return ask_for_any_answer(self, feed);
  if (state.session->snapshot_request(*book)) return ask_over_rest(self, feed, *book);
  send_later(self, state.session->resync_frames(*book));
}

void tell_stale(self_pointer self, const connection_state::slot& slot, const kind_set& kinds,
                const std::string& reason) {
  self->send(slot.to, stale_atom::value, feed_notice{kinds, reason});
}

void on_connection_silent(self_pointer self) {
  auto& state = self->state;
  const std::string reason = "the connection is silent";
  log::warning(state.name, reason + ": it is made anew");
  ++state.statistics->connections_silent;
  for (const auto& slot : state.slots) {
    tell_stale(self, slot, planned_kinds(state, slot.where), reason);
  }
  close_socket(self, reason);
}

// The book's proof did not come. What else of the instrument is silent is not believed either.
void on_feed_stale(self_pointer self, std::size_t feed) {
  auto& state = self->state;
  const auto* const book = book_of_feed(state, feed);
  if (book == nullptr) return;
  const auto now = state.options.now_ns();
  for (const auto& slot : state.slots) {
    if (slot.where != book->where) continue;
    kind_set kinds;
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      const bool is_silent =
          planned_kinds(state, slot.where).test(kind) &&
          state.watch.silence_ns(slot.feeds[kind], now) >= state.options.freshness.ceiling_ns;
      kinds.set(kind, is_silent);
    }
    log::warning(state.name, "nothing came of " + book->where->symbol);
    tell_stale(self, slot, kinds, "nothing came, and no snapshot");
  }
  want_snapshot(self, book->where);
}

void act_on(self_pointer self, const freshness::finding& what) {
  switch (what.kind) {
    case freshness::finding_kind::prove_connection:
    case freshness::finding_kind::prove_feed:
      return ask_for_proof(self, what.feed);
    case freshness::finding_kind::feed_stale:
      return on_feed_stale(self, what.feed);
    case freshness::finding_kind::connection_silent:
      return on_connection_silent(self);
  }
}

}  // namespace

kind_set planned_kinds(const connection_state& state, const listing* where) {
  kind_set kinds;
  for (const auto& what : state.options.plan.streams) {
    if (what.where == where) kinds.set(static_cast<std::size_t>(what.kind));
  }
  return kinds;
}

void prepare_watch(self_pointer self) {
  auto& state = self->state;
  auto& options = state.options.freshness;
  options.heartbeat_ns = state.options.venue->limits().heartbeat_ns;
  state.watch = freshness(options);
  for (auto& slot : state.slots) {
    const auto kinds = planned_kinds(state, slot.where);
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      const bool is_book = kind == static_cast<std::size_t>(event_kind::book);
      if (kinds.test(kind)) slot.feeds[kind] = state.watch.add(is_book);
    }
  }
}

void start_watch(self_pointer self) {
  auto& state = self->state;
  state.watch.start(state.options.now_ns());
  state.look_ns = state.options.now_ns();
  look_at_silence(self);
}

void stop_watch(self_pointer self) {
  auto& state = self->state;
  state.watch.stop();
  state.look_ns = 0;
  state.proofs.clear();
  state.answer_proves.reset();
}

void give_up(self_pointer self, const venues::stream& what) {
  auto& state = self->state;
  for (const auto& slot : state.slots) {
    if (slot.where == what.where) {
      state.watch.give_up(slot.feeds[static_cast<std::size_t>(what.kind)]);
    }
  }
  if (what.kind != event_kind::book) return;
  state.options.repairs->forget(what.where);
  state.snapshots.erase(what.where);
}

void drop_feed(self_pointer self, const venues::stream& what) {
  auto& state = self->state;
  for (const auto& slot : state.slots) {
    if (slot.where == what.where) {
      state.watch.drop(slot.feeds[static_cast<std::size_t>(what.kind)]);
    }
  }
}

void note_heard(connection_state& state, std::int64_t receive_ns) {
  bool any = false;
  for (auto& slot : state.slots) {
    if (slot.heard.none()) continue;
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      if (!slot.heard.test(kind) || kind >= static_cast<std::size_t>(event_kind::status)) continue;
      const bool is_book = kind == static_cast<std::size_t>(event_kind::book);
      if (is_book && slot.book_repeats && !slot.has_snapshot) continue;
      const bool is_answer = is_book && slot.has_snapshot && state.watch.is_asked(slot.feeds[kind]);
      if (is_answer) {
        state.watch.proven(slot.feeds[kind], receive_ns);
      } else {
        state.watch.heard(slot.feeds[kind], receive_ns);
      }
      any = true;
    }
    slot.heard.reset();
    slot.has_snapshot = false;
  }
  state.watch.alive(receive_ns);
  if (any || !state.answer_proves) return;
  state.watch.proven(*state.answer_proves, receive_ns);
  state.answer_proves.reset();
}

void look_at_silence(self_pointer self) {
  auto& state = self->state;
  if (!state.open || state.look_ns == 0) return;
  auto now = state.options.now_ns();
  if (now < state.look_ns) return arm(self, state.look_ns);
  take_frames(self);
  now = state.options.now_ns();
  // While frames wait for credit we do not listen.
  if (state.blocked || !is_clear(state)) state.watch.excuse(now);
  state.findings.clear();
  state.look_ns = state.watch.look(now, state.findings);
  arm(self, state.look_ns);
  for (const auto& what : state.findings) act_on(self, what);
}

void take_proof(self_pointer self, const listing* where) {
  auto& state = self->state;
  for (const auto& slot : state.slots) {
    if (slot.where != where) continue;
    const auto feed = slot.feeds[static_cast<std::size_t>(event_kind::book)];
    state.watch.proven(feed, state.options.now_ns());
  }
}

bool take_proof_result(self_pointer self, const rest_result& result) {
  auto& state = self->state;
  const auto found = state.proofs.find(result.ticket);
  if (found == state.proofs.end()) return false;
  const auto [feed, book] = found->second;
  state.proofs.erase(found);
  std::int64_t wait_ms = 0;
  const auto why = refusal(*result.result, wait_ms);
  if (wait_ms != 0) {
    state.options.budget->penalise(budget_rest, state.options.now_ns() + wait_ms * ms);
  }
  auto proof = std::make_shared<event_batch>();
  if (why.empty()) {
    auto& answer = std::get<transport::http_response>(*result.result);
    venues::frame_report report;
    const auto request = state.session->snapshot_request(book);
    state.tap.proof(request->url, answer.body, answer.receive_ns);
    state.session->decode_rest(request->url, {std::move(answer.body), answer.receive_ns}, *proof,
                               report);
  }
  // That REST does not work says nothing of the connection.
  if (proof->empty()) {
    ask_for_any_answer(self, feed);
    return true;
  }
  const auto to = state.options.books.find(book.where);
  if (to != state.options.books.end()) {
    self->send(to->second, proof_atom::value, batch_ptr(std::move(proof)));
  }
  return true;
}

}  // namespace feedtree::actors::connection_parts
