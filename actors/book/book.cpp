#include "actors/book/book.hpp"

#include <chrono>

#include "actors/book/book_parts.hpp"
#include "actors/supervision/failure.hpp"

namespace feedtree::actors {
namespace book_parts {
namespace {

constexpr std::size_t questions_max = 256;
// A connection that was restarted does not answer any more.
constexpr std::int64_t answer_timeout_ns = 60'000'000'000;
// What was received before a candle's time may stand in queues for so long and is still in it.
constexpr std::int64_t queue_allowance_ns = 250'000'000;
constexpr std::int64_t sweep_interval_ns = 1'000'000'000;

void show_questions(const book_state& state) {
  state.counters->set_edge({state.name + " questions", state.questions.size(), 0, questions_max, 0,
                            state.questions_dropped});
}

void answer_questions(self_pointer self) {
  auto& state = self->state;
  if (state.questions.empty()) return;
  auto present = std::make_shared<event_batch>();
  state.book->leader().append_present_book(state.now_ns(), *present);
  for (const auto& question : state.questions) {
    self->send(state.validator, present_atom::value, question, batch_ptr(present));
  }
  state.questions.clear();
  show_questions(state);
}

// Too many are dropped and counted: whoever asked, asks again.
void take_question(self_pointer self, const book_question& question) {
  auto& state = self->state;
  if (state.questions.size() < questions_max) {
    state.questions.push_back(question);
  } else {
    ++state.questions_dropped;
    show_questions(state);
  }
  if (state.out->is_clear()) answer_questions(self);
}

void pump(self_pointer self) {
  auto& state = self->state;
  state.out->pump([&](std::uint64_t sequence, const batch_ptr& batch) {
    self->send(state.validator, batch_atom::value, sequence, batch);
  });
  state.display->show(*state.out, *state.counters);
  if (!state.out->is_clear()) return;
  state.owed.settle(self);
  answer_questions(self);
}

void publish_statistics(book_state& state) {
  const auto& keeper = state.book->leader();
  const auto& book = keeper.book();
  book_statistics now;
  now.where = state.where;
  now.state = keeper.state();
  now.counters = state.book->counters();
  now.bids = book.size(book_part::bids);
  now.asks = book.size(book_part::asks);
  now.best_bid = book.best(book_part::bids);
  now.best_ask = book.best(book_part::asks);
  now.trades = state.trades->counters();
  now.kinds = state.kinds;
  for (std::size_t at = 0; at < event_kinds; ++at) {
    const auto kind = static_cast<event_kind>(at);
    now.states[at] = kind == event_kind::book ? keeper.state() : state.others->state(kind);
    now.past[at] = kind == event_kind::book ? state.book->past() : state.others->past(kind);
  }
  state.counters->set_book(now);
  state.venue->takeovers += state.book->takeovers() - state.takeovers;
  state.takeovers = state.book->takeovers();
}

// Adds what the builder counted since the last time.
void count_candles(book_state& state) {
  const auto& now = state.candles->counters();
  auto& before = state.candles_counted;
  auto& totals = state.venue->candles;
  totals.closed += now.closed - before.closed;
  totals.revised += now.revisions - before.revisions;
  totals.incomplete += now.incomplete - before.incomplete;
  totals.late += now.too_late - before.too_late;
  totals.misdated += now.misdated - before.misdated;
  totals.repeated += now.duplicates - before.duplicates;
  before = now;
}

void arm(self_pointer self, std::int64_t at_ns) {
  auto& state = self->state;
  if (!state.timer.set(at_ns)) return;
  const auto delay_ns = std::max<std::int64_t>(0, at_ns - state.now_ns());
  self->delayed_send(self, std::chrono::nanoseconds(delay_ns), timer_atom::value);
}

// Passes on what the trade keeper gave.
void pass_trades(book_state& state, event_batch& out) {
  for (const auto& what : state.whole.events) state.others->process(what, state.whole, out);
  state.whole.clear();
}

// Asks for trades that are missing, if it is time, and for a message when something is due.
void follow_trades(self_pointer self) {
  auto& state = self->state;
  if (state.trades->holes() == 0) return;
  const auto now = state.now_ns();
  if (state.asked_ns != 0 && now >= state.asked_ns + answer_timeout_ns) {
    state.asked_ns = 0;
    state.trades->request_failed(now, state.whole);
  }
  if (const auto missing = state.trades->take_request(now)) {
    const auto to = caf::actor_cast<caf::actor>(state.trade_connection);
    if (to != nullptr) {
      state.asked_ns = now;
      self->send(caf::actor_cast<connection_actor>(to), fill_atom::value, *missing);
    } else {
      state.trades->request_failed(now, state.whole);
    }
  }
  if (state.asked_ns != 0) arm(self, state.asked_ns + answer_timeout_ns);
  arm(self, state.trades->due_ns());
}

void ask_for_snapshots(self_pointer self) {
  auto& state = self->state;
  const feed_ref feed{state.where};
  for (const auto id : state.book->take_snapshot_requests()) {
    const auto found = std::find_if(state.sources.begin(), state.sources.end(),
                                    [id](const auto& entry) { return entry.id == id; });
    const auto to =
        found == state.sources.end() ? caf::actor() : caf::actor_cast<caf::actor>(found->from);
    if (to != nullptr) {
      self->send(caf::actor_cast<connection_actor>(to), resync_atom::value, feed);
    } else {
      state.book->snapshot_failed(id);
    }
  }
}

// Takes out what breaks a rule, before anything is made of it.
void judge(book_state& state, event_batch& out, std::size_t first) {
  state.venue->quarantined += state.judgement->judge(out, first);
}

// Builds candles of what is about to be sent, and those that are due by the clock.
void follow_candles(self_pointer self, event_batch& out) {
  auto& state = self->state;
  const auto now = state.now_ns();
  state.candles->set_waiting(state.trades->holes() != 0, now);
  state.candles->follow(out);
  state.candles->on_time(now - queue_allowance_ns, out);
  const auto due = state.candles->due_ns();
  if (due != 0) arm(self, due + queue_allowance_ns);
  count_candles(state);
}

}  // namespace

void pass_on(self_pointer self, std::shared_ptr<event_batch> batch) {
  auto& state = self->state;
  follow_trades(self);
  pass_trades(state, *batch);
  // Candles have times of their own, which say nothing about what was received.
  const auto last_ns = batch->events.empty() ? 0 : batch->events.back().receive_ns;
  const auto holes = state.volumes->holes();
  state.volumes->follow(*batch);
  state.venue->sequence_gaps += state.volumes->holes() - holes;
  judge(state, *batch, 0);
  const auto judged = batch->events.size();
  follow_candles(self, *batch);
  judge(state, *batch, judged);
  // What a poller has passed on is in the candles, and not told of again.
  if (state.claims != nullptr) state.venue->repeated += state.claims->remove_claimed(*batch);
  publish_statistics(state);
  if (!batch->empty()) {
    const auto events = batch->events.size();
    const auto bytes = batch->bytes();
    state.out->push(std::move(batch), events, bytes);
    if (last_ns != 0) state.on_the_way.emplace_back(state.out->last_sequence(), last_ns);
  }
  ask_for_snapshots(self);
  pump(self);
}

namespace {

// Two connections gave an id with different content: the first one counts, and people hear of it.
void report_disagreement(self_pointer self, const event& what, event_batch& out) {
  auto& state = self->state;
  const auto count = ++state.venue->disagreements;
  append_disagreement(what, count, out);
  if ((count & (count - 1)) != 0) return;
  log::warning(state.name, "two connections disagree about " + event_id(what));
}

// False if another connection brought it already.
bool is_first(self_pointer self, source_id from, const event& what, event_batch& out) {
  auto& state = self->state;
  if (!state.merges) return true;
  const auto verdict = state.arbiter.take(from, what);
  if (verdict == arrival::first) return true;
  ++state.venue->repeated;
  if (verdict == arrival::differs) report_disagreement(self, what, out);
  return false;
}

void take_event(self_pointer self, book_state::source& from, const event& what,
                const event_batch& batch, event_batch& out) {
  auto& state = self->state;
  const auto kind = what.kind();
  if (kind == event_kind::book) {
    note_deviation(state, what, batch);
    state.book->process(from.id, what, batch, out);
    return;
  }
  if (!is_well(from, kind)) {
    from.well.set(static_cast<std::size_t>(kind));
    if (kind == event_kind::trade) follow_trade_sources(state);
  }
  const auto* const entry = std::get_if<gap>(&what.body);
  if (entry != nullptr && entry->feed == event_kind::trade && missing_numbers(what)) {
    state.noticed.take(from.id, what, trade_sources(state), out);
    return;
  }
  if (!is_first(self, from.id, what, out)) return;
  if (kind == event_kind::trade) {
    state.trade_connection = from.from;
    state.trades->process(what, state.whole);
    pass_trades(state, out);
  } else {
    state.others->process(what, batch, out);
  }
}

void take(self_pointer self, std::uint64_t sequence, const decoded_slice& slice) {
  auto& state = self->state;
  state.owed.add(self->current_sender(), sequence);
  auto out = std::make_shared<event_batch>();
  out->events.reserve(slice.indices.size());
  if (!state.unwanted) {
    auto& from = source_of(self);
    const auto repeated = state.book->repeated(from.id);
    for (const auto index : slice.indices) {
      take_event(self, from, slice.batch->events[index], *slice.batch, *out);
    }
    note_repeats(self, from, slice, state.book->repeated(from.id) - repeated);
  } else {
    state.venue->unwanted += slice.indices.size();
  }
  pass_on(self, std::move(out));
}

void on_repair(self_pointer self, const repair_notice& repair) {
  auto& state = self->state;
  auto out = std::make_shared<event_batch>();
  const auto now = state.now_ns();
  if (has_book(repair.kinds)) {
    state.book->note_repair(source_of(self).id, repair.what, now, *out);
  }
  state.others->note_repair(repair.kinds, repair.what, now, *out);
  pass_on(self, std::move(out));
}

// Compares what the venue says over REST with the book.
void compare(self_pointer self, const event_batch& proof) {
  auto& state = self->state;
  auto out = std::make_shared<event_batch>();
  bool is_same = false;
  const auto id = source_of(self).id;
  for (const auto& what : proof.events) {
    if (what.kind() != event_kind::book || what.where != state.where) continue;
    note_deviation(state, what, proof);
    is_same = state.book->proves(id, what, proof, state.now_ns(), *out);
  }
  if (const auto to = caf::actor_cast<caf::actor>(self->current_sender()); is_same && to) {
    self->send(caf::actor_cast<connection_actor>(to), proof_atom::value, feed_ref{state.where});
  }
  pass_on(self, std::move(out));
}

void take_trades(self_pointer self, const trades_answer& answer) {
  auto& state = self->state;
  state.asked_ns = 0;
  auto out = std::make_shared<event_batch>();
  if (answer.batch != nullptr) {
    state.trades->take_answer(*answer.batch, state.now_ns(), state.whole);
  } else {
    state.trades->request_failed(state.now_ns(), state.whole);
  }
  pass_on(self, std::move(out));
}

// Looks for silences each second, where there are rules about them.
void sweep(self_pointer self, event_batch& out) {
  auto& state = self->state;
  if (!state.judgement->sweeps()) return;
  const auto now = state.now_ns();
  if (now >= state.sweep_ns) {
    state.judgement->sweep(now, out);
    state.sweep_ns = now + sweep_interval_ns;
  }
  arm(self, state.sweep_ns);
}

void on_timer(self_pointer self) {
  auto& state = self->state;
  if (!state.timer.rings(state.now_ns()) || state.stopping) return;
  auto out = std::make_shared<event_batch>();
  state.trades->on_time(state.now_ns(), state.whole);
  sweep(self, *out);
  pass_on(self, std::move(out));
}

// What waits for trades that are missing does not wait any longer.
void stop(self_pointer self) {
  auto& state = self->state;
  state.stopping = true;
  auto out = std::make_shared<event_batch>();
  state.trades->stop(state.now_ns(), state.whole);
  pass_on(self, std::move(out));
}

void quit_when_done(self_pointer self) {
  if (self->state.stopping && self->state.out->is_done()) self->quit();
}

void acknowledged(self_pointer self, std::uint64_t sequence) {
  auto& state = self->state;
  state.out->acknowledge(sequence);
  while (!state.on_the_way.empty() && state.on_the_way.front().first <= sequence) {
    state.accepted_ns->store(state.on_the_way.front().second, std::memory_order_relaxed);
    state.on_the_way.pop_front();
  }
  pump(self);
  quit_when_done(self);
}

std::unique_ptr<rules::rule_engine> make_engine(const book_options& options) {
  if (options.rules == nullptr) return nullptr;
  return std::make_unique<rules::rule_engine>(options.rules, options.prices, options.rule_counts);
}

}  // namespace
}  // namespace book_parts

book_actor::behavior_type book_behavior(book_parts::self_pointer self, book_options options) {
  using namespace book_parts;
  auto& state = self->state;
  state.where = options.where;
  state.merges = options.merges;
  state.claims = std::move(options.claims);
  state.book = std::make_unique<book_arbiter>(std::move(options.make_keeper));
  state.trades = std::make_unique<trade_keeper>(options.where, options.trades);
  state.candles = std::make_unique<candle_builder>(options.where, std::move(options.candles));
  state.others = std::make_unique<plain_feeds>(options.where, options.trades.numbered);
  state.volumes = std::make_unique<trade_volume>(options.where, options.volume_candles_ns);
  state.judgement = std::make_unique<rules::event_judgement>(make_engine(options));
  state.kinds = options.kinds;
  state.name = options.where->venue + "/" + options.where->symbol;
  state.validator = std::move(options.validator);
  state.out = std::make_unique<outbox<batch_ptr>>(options.credit);
  state.display = std::make_unique<edge_display>(state.name + " to validator");
  state.now_ns = std::move(options.now_ns);
  state.counters = std::move(options.counters);
  state.venue = &state.counters->of_venue(options.where->venue);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  fail_on_exception(self, state.name);
  resume(self, options.past);
  if (state.judgement->sweeps()) arm(self, state.now_ns() + sweep_interval_ns);
  return {
      [self](ack_atom, std::uint64_t sequence) { acknowledged(self, sequence); },
      [self](batch_atom, std::uint64_t sequence, const decoded_slice& slice) {
        take(self, sequence, slice);
      },
      [self](lost_atom, const feed_notice& what) { on_lost(self, what); },
      [self](stale_atom, const feed_notice& what) { on_stale(self, what); },
      [self](repair_atom, const repair_notice& repair) { on_repair(self, repair); },
      [self](proof_atom, const batch_ptr& proof) { compare(self, *proof); },
      [self](hole_atom, const std::string& detail) {
        auto out = std::make_shared<event_batch>();
        const auto id = source_of(self).id;
        self->state.book->connection_gap(id, self->state.now_ns(), detail, *out);
        pass_on(self, std::move(out));
      },
      [self](ended_atom, const std::string& reason) {
        end_source(self, caf::actor_cast<caf::actor_addr>(self->current_sender()), reason, true);
      },
      [self](refused_atom, const std::string& reason) {
        log::error(self->state.name, "refused by the venue: " + reason);
      },
      [self](present_atom, const book_question& question) { take_question(self, question); },
      [self](filled_atom, const trades_answer& answer) { take_trades(self, answer); },
      [self](timer_atom) { on_timer(self); },
      [self](present_atom) {
        auto present = std::make_shared<event_batch>();
        self->state.book->leader().append_present_book(self->state.now_ns(), *present);
        return batch_ptr(std::move(present));
      },
      [self](stop_atom) {
        stop(self);
        quit_when_done(self);
      },
  };
}

}  // namespace feedtree::actors
