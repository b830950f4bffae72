#include "actors/sink/distributor.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/log.hpp"
#include "actors/supervision/failure.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = distributor_actor::stateful_pointer<distributor_state>;
constexpr std::size_t answers_max = 256;
constexpr auto refused_text = "the journal could not be written: sinks that store got nothing";

bool has_journal(const distributor_state& state) {
  return state.options.link != nullptr;
}

// Fed when the journal has stored, or at once.
bool waits_for_journal(const distributor_state& state, std::size_t at) {
  return has_journal(state) && state.options.routes[at].durable &&
         uses_journal(state.feeds[at].policy());
}

// Sends a sink the answers that belong before what is at this position.
void send_answers(self_pointer self, std::size_t at, std::uint64_t position) {
  auto& answers = self->state.answers;
  for (auto next = answers.begin(); next != answers.end();) {
    if (next->question.sink != at || next->after >= position) {
      ++next;
      continue;
    }
    self->send(self->state.sinks[at], present_atom::value, next->question, next->book);
    next = answers.erase(next);
  }
}

void ask_for_page(self_pointer self, std::size_t at) {
  auto& state = self->state;
  auto& feed = state.feeds[at];
  if (state.journal == nullptr || !feed.wants_page()) return;
  const journal_request request{at, feed.begin_page(), feed.window().events / 2,
                                feed.window().bytes / 2};
  self->send(state.journal, read_atom::value, request);
}

// What waits for the journal is bounded by the credit of those who send: there is no other bound.
void publish_journal_edge(const distributor_state& state) {
  if (!has_journal(state)) return;
  state.options.counters->set_edge({state.options.name + " to journal", state.unstored_events,
                                    state.unstored_bytes, 0, 0, state.events_lost, 0,
                                    state.refusing});
}

// Of all that was given a position, what the sink does not have for good.
std::uint64_t positions_behind(const distributor_state& state, const sink_feed& feed) {
  return state.last_position > feed.passed() ? state.last_position - feed.passed() : 0;
}

void publish(const distributor_state& state) {
  publish_journal_edge(state);
  for (std::size_t at = 0; at < state.feeds.size(); ++at) {
    const auto& feed = state.feeds[at];
    const auto lost = state.options.routes[at].durable ? state.events_lost : 0;
    state.options.counters->set_edge(
        {state.options.name + " to " + state.options.routes[at].name, feed.events_held(),
         feed.bytes_held(), feed.window().events, feed.window().bytes, lost, feed.times_behind(),
         feed.is_behind(), feed.events_merged(), positions_behind(state, feed)});
  }
}

// Acknowledges upstream what the journal has and what no sink that blocks still waits for.
void release(self_pointer self) {
  auto& state = self->state;
  auto released = has_journal(state) && !state.refusing ? state.stored : state.last_position;
  for (const auto& feed : state.feeds) released = std::min(released, feed.released());
  owed_acknowledgements owed;
  while (!state.unreleased.empty() && state.unreleased.front().position <= released) {
    owed.add(std::move(state.unreleased.front().producer), state.unreleased.front().sequence);
    state.unreleased.pop_front();
  }
  owed.settle(self);
}

void pump(self_pointer self) {
  auto& state = self->state;
  for (std::size_t at = 0; at < state.feeds.size(); ++at) {
    if (state.sinks[at] == nullptr) continue;
    auto& feed = state.feeds[at];
    feed.pump([&](std::uint64_t position, const batch_ptr& batch) {
      send_answers(self, at, position);
      self->send(state.sinks[at], batch_atom::value, position, batch);
    });
    if (feed.is_clear()) send_answers(self, at, ~std::uint64_t{0});
    ask_for_page(self, at);
  }
  release(self);
}

// Gives a batch its position, and to everyone who need not wait for the journal.
void distribute(self_pointer self, const batch_ptr& batch) {
  auto& state = self->state;
  const auto position =
      has_journal(state) ? state.options.link->next_position++ : state.last_position + 1;
  state.last_position = position;
  if (has_journal(state) && state.refusing) {
    state.lost.add(*batch);
    state.events_lost += batch->events.size();
  } else if (has_journal(state)) {
    state.unstored.emplace_back(position, batch);
    state.unstored_events += batch->events.size();
    state.unstored_bytes += batch->bytes();
    if (state.journal != nullptr) {
      self->send(state.journal, batch_atom::value, position, batch);
    }
  }
  for (std::size_t at = 0; at < state.feeds.size(); ++at) {
    const bool is_down = state.options.routes[at].is_cache && state.sinks[at] == nullptr;
    if (!is_down && !waits_for_journal(state, at)) state.feeds[at].offer(position, batch);
  }
}

void take(self_pointer self, std::uint64_t sequence, const batch_ptr& batch) {
  auto& state = self->state;
  distribute(self, batch);
  state.unreleased.push_back({state.last_position, self->current_sender(), sequence});
  pump(self);
}

// A failing journal holds up nobody: what comes from now on is for the others alone.
void refuse(distributor_state& state) {
  if (std::exchange(state.refusing, true)) return;
  log::error(state.options.name, "takes nothing for sinks that store until the journal works");
}

void accept_again(self_pointer self) {
  auto& state = self->state;
  state.refusing = false;
  log::info(state.options.name, "takes events for sinks that store again; " +
                                    std::to_string(state.lost.events()) + " were lost");
  if (state.lost.empty()) return;
  const auto entries = std::make_shared<const event_batch>(state.lost.entries(refused_text));
  state.lost.clear();
  distribute(self, entries);
}

void stored(self_pointer self, const journal_report& report) {
  auto& state = self->state;
  state.stored = std::max(state.stored, report.stored);
  while (!state.unstored.empty() && state.unstored.front().first <= state.stored) {
    const auto& [position, batch] = state.unstored.front();
    for (std::size_t at = 0; at < state.feeds.size(); ++at) {
      if (waits_for_journal(state, at)) state.feeds[at].offer(position, batch);
    }
    state.unstored_events -= batch->events.size();
    state.unstored_bytes -= batch->bytes();
    state.unstored.pop_front();
  }
  if (report.failing) refuse(state);
  if (!report.failing && state.refusing && state.unstored.empty()) accept_again(self);
  pump(self);
  publish(state);
}

void take_page(self_pointer self, const journal_answer& page) {
  auto& state = self->state;
  auto& feed = state.feeds[page.sink];
  feed.take_page(page.batches, page.through);
  if (page.at_end) {
    feed.join();
    if (!waits_for_journal(state, page.sink)) {
      for (const auto& [position, batch] : state.unstored) feed.offer(position, batch);
    }
  }
  pump(self);
}

void tell_cursors(self_pointer self) {
  auto& state = self->state;
  if (state.journal == nullptr) return;
  journal_cursors cursors;
  for (const auto& feed : state.feeds) cursors.passed.push_back(feed.passed());
  self->send(state.journal, cursor_atom::value, std::move(cursors));
}

void quit_when_done(self_pointer self) {
  const auto& state = self->state;
  if (!state.stopping || !state.unstored.empty() || !state.unreleased.empty()) return;
  const bool done = std::all_of(state.feeds.begin(), state.feeds.end(),
                                [](const auto& feed) { return feed.is_done(); });
  if (done) self->quit();
}

void acknowledged(self_pointer self, std::uint64_t position) {
  auto& state = self->state;
  bool any = false;
  for (std::size_t at = 0; at < state.sinks.size(); ++at) {
    if (caf::actor_cast<caf::strong_actor_ptr>(state.sinks[at]) != self->current_sender()) continue;
    any = state.feeds[at].acknowledge(position) || any;
  }
  if (any) tell_cursors(self);
  pump(self);
  publish(state);
  quit_when_done(self);
}

// Behind every batch that came before it. Too many questions are dropped, and those to a sink that
// is behind: whoever asked, asks again.
void answer(self_pointer self, const book_question& question, const batch_ptr& book) {
  auto& state = self->state;
  if (question.sink >= state.feeds.size() || state.answers.size() >= answers_max) return;
  auto& feed = state.feeds[question.sink];
  if (feed.is_behind()) return;
  if (question.reply_to.empty()) {  // what a cache begins with
    if (book != nullptr && state.sinks[question.sink] != nullptr) feed.add(book);
    return pump(self);
  }
  state.answers.push_back({question, book, feed.through()});
  pump(self);
}

void watch_cache(self_pointer self, std::size_t at) {
  if (self->state.options.routes[at].is_cache && self->state.sinks[at] != nullptr) {
    self->monitor(self->state.sinks[at]);
  }
}

// Its books come through the validators as all that is sent to it does: what they were made of is
// before them here, and what comes behind them fits.
void cache_is_up(self_pointer self, std::size_t at) {
  auto& state = self->state;
  state.feeds[at].forget();
  state.known[at] = state.sinks[at]->address();
  watch_cache(self, at);
  if (state.options.ask_books) state.options.ask_books(at);
}

void cache_is_down(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  for (std::size_t at = 0; at < state.sinks.size(); ++at) {
    if (state.sinks[at] == nullptr || down.source != state.sinks[at].address()) continue;
    state.sinks[at] = nullptr;
    state.feeds[at].forget();
  }
  pump(self);
}

void handles_changed(self_pointer self) {
  auto& state = self->state;
  const auto now = state.options.table->all();
  for (std::size_t at = 0; at < state.sinks.size(); ++at) {
    const bool is_cache = state.options.routes[at].is_cache;
    if (is_cache ? now[at] == nullptr || now[at].address() == state.known[at]
                 : now[at] == state.sinks[at]) {
      continue;
    }
    state.sinks[at] = now[at];
    if (is_cache) {
      cache_is_up(self, at);
    } else {
      state.feeds[at].take_back();
    }
  }
  const auto journal = state.options.table->journal();
  if (has_journal(state) && journal != state.journal) {
    state.journal = journal;
    for (const auto& [position, batch] : state.unstored) {
      self->send(journal, batch_atom::value, position, batch);
    }
    for (auto& feed : state.feeds) feed.forget_page();
  }
  pump(self);
}

// What the journal has is not lost: sinks that are behind go on after the next start.
void stop_is_over(self_pointer self) {
  const auto& state = self->state;
  if (!state.unstored.empty() || !state.lost.empty()) {
    self->quit(failure_error("stopped with events that the journal could not take"));
    return;
  }
  for (std::size_t at = 0; at < state.feeds.size(); ++at) {
    const auto& feed = state.feeds[at];
    if (feed.is_done() || feed.policy() == sink_policy::block) continue;
    log::info(state.options.name,
              state.options.routes[at].name + " has not caught up: the rest is in the journal");
  }
  const bool left = std::any_of(state.feeds.begin(), state.feeds.end(), [](const auto& feed) {
    return feed.policy() == sink_policy::block && !feed.is_done();
  });
  if (!left) self->quit();
}

void make_feeds(distributor_state& state) {
  const auto& options = state.options;
  for (std::size_t at = 0; at < options.routes.size(); ++at) {
    const auto policy = has_journal(state) ? options.routes[at].policy : sink_policy::block;
    const auto passed = has_journal(state) ? options.link->passed_at_start[at] : 0;
    state.feeds.emplace_back(options.credit, policy, uses_journal(policy) ? passed : 0);
  }
}

}  // namespace

distributor_actor::behavior_type distributor_behavior(self_pointer self,
                                                      distributor_options options) {
  auto& state = self->state;
  state.options = std::move(options);
  fail_on_exception(self, state.options.name);
  make_feeds(state);
  state.sinks = state.options.table->listen(distributor_actor(self));
  state.known.resize(state.sinks.size());
  self->set_down_handler([self](const caf::down_msg& down) { cache_is_down(self, down); });
  for (std::size_t at = 0; at < state.sinks.size(); ++at) {
    if (state.options.routes[at].is_cache && state.sinks[at] != nullptr) cache_is_up(self, at);
  }
  state.journal = state.options.table->journal();
  if (has_journal(state)) {
    state.last_position = state.options.link->next_position - 1;
    state.stored = state.options.link->stored_at_start;
  }
  pump(self);
  return {
      [self](ack_atom, std::uint64_t position) { acknowledged(self, position); },
      [self](batch_atom, std::uint64_t sequence, const batch_ptr& batch) {
        take(self, sequence, batch);
      },
      [self](present_atom, const book_question& question, const batch_ptr& book) {
        answer(self, question, book);
      },
      [self](sinks_atom) { handles_changed(self); },
      [self](stored_atom, const journal_report& report) {
        stored(self, report);
        quit_when_done(self);
      },
      [self](page_atom, const journal_answer& page) {
        take_page(self, page);
        quit_when_done(self);
      },
      [self](timer_atom) { stop_is_over(self); },
      [self](stop_atom) {
        auto& all = self->state;
        if (std::exchange(all.stopping, true)) return;
        self->delayed_send(self, std::chrono::milliseconds(all.options.stop_ms), timer_atom::value);
        quit_when_done(self);
      },
  };
}

}  // namespace feedtree::actors
