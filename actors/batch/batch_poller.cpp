#include "actors/batch/batch_poller.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/batch/poller_rows.hpp"
#include "actors/bridge.hpp"
#include "actors/sink/distributor_change.hpp"
#include "actors/supervision/failure.hpp"
#include "core/scrub.hpp"
#include "core/sink.hpp"
#include "core/validator.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = batch_poller_actor::stateful_pointer<batch_poller_state>;
using stage = batch_poller_state::stage;

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t second_ns = 1000 * ms;
constexpr std::int64_t symbols_good_for_ns = 24 * 3600 * second_ns;
constexpr std::int64_t refused_wait_ns = 10 * second_ns;  // where the refusal names no time
constexpr std::int64_t look_every_ms = 60'000;            // the wall clock may be set
constexpr std::int64_t database_look_ms = 50;
constexpr std::int64_t database_patience_ns = 10 * second_ns;

void step(self_pointer self);
void hand_on_page(self_pointer self);

void wake_in(self_pointer self, std::int64_t delay_ms) {
  self->delayed_send(self, std::chrono::milliseconds(std::max<std::int64_t>(1, delay_ms)),
                     timer_atom::value, ++self->state.timer);
}

void pump(self_pointer self) {
  auto& state = self->state;
  if (state.distributor != nullptr) {
    state.out->pump([&](std::uint64_t sequence, const batch_ptr& batch) {
      self->send(state.distributor, batch_atom::value, sequence, batch);
    });
  }
  if (state.options.counters) state.display->show(*state.out, *state.options.counters);
}

storage::backfill_state& database_of(batch_poller_state& state) {
  if (state.database == nullptr) state.database = state.options.open_state();
  return *state.database;
}

batch::history_reader reader_of(const batch_poller_state& state) {
  const auto& config = state.options.config;
  return {state.session.get(), {{}, config.rest_url}, {config.key, config.plan}};
}

void schedule_next(self_pointer self) {
  auto& state = self->state;
  state.options.gauge->next_run_ns = state.due_ns.value_or(0);
  if (!state.due_ns) return;
  const auto delay_ms = (*state.due_ns - state.options.now_ns() + ms - 1) / ms;
  wake_in(self, std::min(delay_ms, look_every_ms));
}

// Why the last run was not whole, or none can begin; empty: all is well.
void tell(batch_poller_state& state, const std::string& trouble) {
  state.options.gauge->failing = !trouble.empty();
  state.options.gauge->trouble.set(scrub(trouble));
}

// Asks the database for the last run. Where it does not answer, it is asked again in a while.
void find_due_time(self_pointer self) {
  auto& state = self->state;
  try {
    auto row = run_row(state.options.config.name);
    const bool known = database_of(state).load(row);
    state.due_ns = due_ns(*state.when, known ? row.next_ns : 0, state.options.now_ns());
    state.options.gauge->last_run_ns = row.next_ns;
    tell(state, {});
    if (!state.due_ns) log::warning(state.options.name, "its schedule never comes");
    schedule_next(self);
  } catch (const sink_error& error) {
    state.database.reset();
    const auto trouble = std::string("its state cannot be read: ") + error.what();
    tell(state, trouble);
    log::warning(state.options.name, trouble);
    wake_in(self, 5'000);
  }
}

void finish_run(self_pointer self) {
  auto& state = self->state;
  auto& gauge = *state.options.gauge;
  const auto now = state.options.now_ns();
  std::string trouble;
  for (const auto& failure : state.round->failures()) {
    log::warning(state.options.name, "given up: " + failure);
    if (trouble.empty()) trouble = "given up: " + failure;
  }
  bool whole = trouble.empty();
  state.round.reset();
  state.at = stage::idle;
  if (whole) {
    try {
      auto row = run_row(state.options.config.name);
      row.next_ns = now;
      database_of(state).save(row, {});
      gauge.last_run_ns = now;
    } catch (const sink_error& error) {
      state.database.reset();
      trouble = std::string("its run cannot be noted: ") + error.what();
      log::warning(state.options.name, trouble);
      whole = false;
    }
  }
  ++gauge.runs;
  tell(state, trouble);
  gauge.runs_failed += whole ? 0 : 1;
  state.failed_runs = whole ? 0 : state.failed_runs + 1;
  const auto scheduled = state.when->next(now);
  state.due_ns = whole ? scheduled : batch::run_again_ns(state.failed_runs, now, scheduled);
  schedule_next(self);
}

std::vector<const listing*> listings_of(batch_poller_state& state) {
  std::vector<const listing*> result;
  const auto& config = state.options.config;
  for (const auto& each : config.instruments) {
    const auto* const where =
        state.source != nullptr
            ? state.source->list(*state.options.registry, each.symbol, each.name)
            : state.options.registry->find(config.source, each.symbol);
    if (where != nullptr) {
      result.push_back(where);
    } else {
      state.round->note_failure(config.source + " does not trade " + each.symbol);
    }
  }
  return result;
}

void add_history(batch_poller_state& state, const batch::history_source& source,
                 const batch::polled_feed& feed) {
  const auto& config = state.options.config;
  auto known = batch::fresh_checkpoint(feed);
  auto row = row_of(known);
  if (database_of(state).load(row)) {
    known.position = {row.next_ns, row.first_id, row.last_id, row.step_ns};
    known.rows = row.rows;
  }
  // Younger trades are the streams'.
  const auto settle_ns =
      std::max(config.settle_ms * ms,
               feed.kind == event_kind::trade ? 2 * trade_claims::old_ns : std::int64_t{0});
  const batch::poll_window window{state.options.now_ns(), config.history_ms * ms,
                                  config.overlap_ms * ms, settle_ns};
  state.round->add(batch::make_history_job(source, feed, known, window, reader_of(state)));
}

// Throws sink_error.
void add_feeds(batch_poller_state& state) {
  state.at = stage::feeds;
  const auto& config = state.options.config;
  const auto listings = listings_of(state);
  const auto* const past =
      state.source != nullptr ? state.source->history() : batch::find_history(config.source);
  for (const auto& feed : config.feeds) {
    if (feed.kind == event_kind::ticker) {
      for (auto& job : batch::make_present_jobs(*state.source, listings, reader_of(state))) {
        state.round->add(std::move(job));
      }
      continue;
    }
    for (const auto* const where : listings) {
      add_history(state, *past, {where, feed.kind, polled_interval_ns(config, feed)});
    }
  }
}

void begin_run(self_pointer self) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  state.due_ns.reset();
  state.options.gauge->next_run_ns = 0;
  state.round.emplace();
  state.at = stage::symbols;
  const bool known =
      state.symbols_known_ns != 0 && now - state.symbols_known_ns < symbols_good_for_ns;
  if (state.venue != nullptr && !known) {
    state.symbols = std::make_shared<venues::venue_symbols>(*state.options.registry);
    state.session = state.venue->make_session(*state.symbols, {}, reader_of(state).at);
    state.round->add(batch::make_symbols_job(*state.venue, reader_of(state)));
  }
  step(self);
}

// What was read is in the journal: how far it is may be noted.
void save_progress(batch_poller_state& state) {
  if (!state.unsaved) return;
  const auto done = std::move(*state.unsaved);
  state.unsaved.reset();
  std::vector<storage::backfill_gap_row> gaps;
  for (const auto& gap : done.gaps) gaps.push_back({gap.from_ns, gap.to_ns, gap.reason});
  state.options.gauge->gaps += gaps.size();
  database_of(state).save(row_of(done.at), gaps, {done.read_from_ns, done.read_to_ns});
}

void ask(self_pointer self, const batch::poll_job& job) {
  auto& state = self->state;
  auto request = job.request();
  const auto now = state.options.now_ns();
  const auto when = state.options.budget->poll_rest_or_when(request.what.weight, now);
  if (when != 0) return wake_in(self, std::min((when - now + ms - 1) / ms, look_every_ms));
  transport::http_headers headers;
  for (auto& [name, value] : request.headers) headers.add(std::move(name), std::move(value));
  state.url = request.what.url;
  state.waits_for_answer = true;
  ++state.options.gauge->requests;
  const bridge<batch_poller_actor> to(batch_poller_actor{self});
  state.options.https->get(
      state.url, std::move(headers), [to, ticket = ++state.ticket](auto answer) {
        to.post(rest_atom::value,
                rest_result{ticket, std::make_shared<transport::http_result>(std::move(answer))});
      });
}

// The database does not take what must be noted: the run is over, and goes on from what was noted
// last.
void give_up_run(self_pointer self, const sink_error& error) {
  auto& state = self->state;
  state.database.reset();
  state.unsaved.reset();
  state.page.reset();
  state.round->note_failure(std::string("it cannot go on: ") + error.what());
  finish_run(self);
}

// Does what is next, unless an answer or an acknowledgement has to come first.
void step(self_pointer self) {
  auto& state = self->state;
  if (!state.out->is_done() || state.waits_for_answer || !state.round) return;
  try {
    if (state.page) return hand_on_page(self);
    save_progress(state);
    if (state.stopping) return;
    auto* job = state.round->current();
    if (job == nullptr && state.at == stage::symbols && state.round->failures().empty()) {
      state.symbols_known_ns = state.options.now_ns();
      add_feeds(state);
      job = state.round->current();
    }
    if (job == nullptr) return finish_run(self);
    ask(self, *job);
  } catch (const sink_error& error) {
    give_up_run(self, error);
  }
}

struct problem {
  std::string text;  // empty: there is none
  bool may_pass = false;
};

problem refused(batch_poller_state& state, std::string text, std::int64_t wait_ns) {
  ++state.options.gauge->refused;
  state.options.budget->penalise(budget_rest, state.options.now_ns() + wait_ns);
  return {std::move(text), true};
}

// True if the database has all that was published before the page was read. Throws sink_error.
bool database_is_at(batch_poller_state& state, const polled_page& page) {
  if (page.position == 0) return true;
  if (database_of(state).position(state.options.journal->id) >= page.position) return true;
  if (state.options.now_ns() < page.give_up_ns) return false;
  throw sink_error(true, "the database does not have yet what was published before");
}

void hand_on(self_pointer self, std::shared_ptr<event_batch> batch) {
  auto& state = self->state;
  auto& gauge = *state.options.gauge;
  gauge.quarantined += batch->quarantine.size();
  gauge.events += batch->events.size();
  if (batch->empty()) return;
  if (state.options.recent) state.options.recent->add(*batch);
  const auto events = std::max<std::size_t>(1, batch->events.size());
  const auto bytes = batch->bytes();
  state.out->push(std::move(batch), events, bytes);
  pump(self);
}

// Hands on what of the page was not published before, as soon as that is known.
void hand_on_page(self_pointer self) {
  auto& state = self->state;
  if (state.stopping) return;
  if (!database_is_at(state, *state.page)) return wake_in(self, database_look_ms);
  const auto batch = std::move(state.page->batch);
  state.page.reset();
  auto repeated = remove_stored(database_of(state), *batch);
  if (state.options.claims != nullptr) repeated += state.options.claims->remove_claimed(*batch);
  state.options.gauge->repeated += repeated;
  hand_on(self, batch);
  step(self);
}

// What holds now cannot be had again, so that it waits for no database.
void take_present(self_pointer self, const std::shared_ptr<event_batch>& batch) {
  auto& state = self->state;
  auto repeated = state.present.remove(*batch);
  try {
    repeated += remove_stored(database_of(state), *batch);
  } catch (const sink_error&) {
    state.database.reset();
  }
  state.options.gauge->repeated += repeated;
  hand_on(self, batch);
}

// A page of the past waits until the database is at what was published by now.
void take_page(self_pointer self, const std::shared_ptr<event_batch>& batch) {
  auto& state = self->state;
  quarantine_bad_events(*batch);
  if (!state.unsaved) return take_present(self, batch);
  const auto& journal = state.options.journal;
  const std::uint64_t position = journal == nullptr ? 0 : journal->next_position - 1;
  state.page = {batch, position, state.options.now_ns() + database_patience_ns};
}

// A replay of a venue's archive passes over what was fetched of its past.
void archive_answer(const batch_poller_state& state, const transport::http_response& answer) {
  if (state.venue != nullptr) {
    state.tap.proof(state.url, answer.body, answer.receive_ns);
  } else {
    state.tap.rest(state.url, answer.body, answer.receive_ns);
  }
}

problem read_answer(self_pointer self, batch::poll_job& job, transport::http_result& result) {
  auto& state = self->state;
  if (const auto* const error = std::get_if<transport::transport_error>(&result)) {
    return {error->message, classify(*error) != remedy::fatal};
  }
  auto& answer = std::get<transport::http_response>(result);
  const auto status = status_text(answer);
  const auto wait_s = asked_wait_s(answer.status, answer.retry_after_s, answer.body);
  if (wait_s > 0) return refused(state, status, wait_s * second_ns);
  if (answer.status != 200) {
    state.unsaved = job.refused({answer.body, answer.receive_ns});
    if (!state.unsaved) return {status, answer.status >= 500 || answer.status == 408};
    log::warning(state.options.name, job.name() + ": " + batch::describe(state.unsaved->gaps));
    return {};
  }
  archive_answer(state, answer);
  const auto batch = std::make_shared<event_batch>();
  try {
    venues::require_json(answer.body);
    state.unsaved = job.read(state.url, {std::move(answer.body), answer.receive_ns}, *batch);
  } catch (const batch::too_often& often) {
    return refused(state, often.what(), refused_wait_ns);
  } catch (const std::exception& error) {
    return {error.what(), false};
  }
  take_page(self, batch);
  return {};
}

void take_result(self_pointer self, const rest_result& result) {
  auto& state = self->state;
  if (result.ticket != state.ticket || !state.waits_for_answer || !state.round) return;
  state.waits_for_answer = false;
  if (state.stopping) return;
  const auto wrong = read_answer(self, *state.round->current(), *result.result);
  if (wrong.text.empty()) {
    state.round->succeeded();
    return step(self);
  }
  const auto delay_ms = state.round->failed(wrong.text, wrong.may_pass);
  if (!delay_ms) return step(self);
  log::info(state.options.name, state.url + ": " + wrong.text + "; it is asked again");
  wake_in(self, *delay_ms);
}

void timer(self_pointer self, std::uint64_t number) {
  auto& state = self->state;
  if (state.stopping || number != state.timer) return;
  if (state.round) return step(self);
  if (!state.due_ns) return find_due_time(self);
  if (*state.due_ns > state.options.now_ns()) return schedule_next(self);
  begin_run(self);
}

void distributor_changed(self_pointer self) {
  if (follow_distributor(self->state)) pump(self);
}

void acknowledged(self_pointer self, std::uint64_t sequence) {
  auto& state = self->state;
  const auto from = caf::actor_cast<caf::strong_actor_ptr>(state.distributor);
  if (from != self->current_sender()) return;
  state.out->acknowledge(sequence);
  pump(self);
  step(self);
  if (state.stopping && state.out->is_done()) self->quit();
}

void prepare(self_pointer self) {
  auto& state = self->state;
  const auto& config = state.options.config;
  state.when = config.every.empty() ? schedule::cron(config.cron) : schedule::every(config.every);
  state.venue = venues::find_venue(config.source);
  state.source = batch::find_poll_source(config.source);
  state.tap = archive_tap(state.options.archive, config.source, state.options.name);
  state.out.emplace(state.options.credit);
  state.display.emplace(state.options.name + " to distributor");
  state.options.sinks->listen(batch_poller_actor(self));
  state.distributor = state.options.sinks->distributor();
}

}  // namespace

batch_poller_actor::behavior_type batch_poller_behavior(self_pointer self,
                                                        batch_poller_options options) {
  self->state.options = std::move(options);
  fail_on_exception(self, self->state.options.name);
  prepare(self);
  wake_in(self, 1);
  return {
      [self](ack_atom, std::uint64_t sequence) { acknowledged(self, sequence); },
      [self](rest_atom, const rest_result& result) { take_result(self, result); },
      [self](sinks_atom) { distributor_changed(self); },
      [self](timer_atom, std::uint64_t number) { timer(self, number); },
      [self](stop_atom) {
        self->state.stopping = true;
        if (self->state.out->is_done()) self->quit();
      },
  };
}

}  // namespace feedtree::actors
