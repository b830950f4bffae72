#include "actors/venue/venue_director.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/bridge.hpp"
#include "actors/supervision/failure.hpp"
#include "actors/venue/venue_children.hpp"
#include "actors/venue/venue_wiring.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = venue_actor::stateful_pointer<venue_director_state>;
constexpr std::int64_t ms = 1'000'000;

void request_symbols(self_pointer self);

void retry_later(self_pointer self, const std::string& why, std::int64_t least_ms) {
  auto& state = self->state;
  const auto delay_ms = std::max(least_ms, state.retry_delay->next_ms() + 1);
  if (state.last_error != why) {
    state.last_error = why;
    state.options.services.counters->set_failure(state.name + ": " + why);
    log::warning(state.name, "no symbols yet: " + why);
  }
  self->delayed_send(self, std::chrono::milliseconds(delay_ms), retry_atom::value);
}

// The streams that are wanted now; problems are in the log.
std::vector<venues::stream> present_streams(const venue_director_state& state,
                                            std::vector<std::string>& problems) {
  auto streams = wanted_streams(state.options.config, *state.options.venue,
                                *state.options.services.registry, problems);
  for (const auto& problem : problems) log::error(state.name, problem);
  return streams;
}

void start_feeds(self_pointer self) {
  auto& state = self->state;
  std::vector<std::string> problems;
  const auto streams = present_streams(state, problems);
  if (streams.empty()) {
    self->quit(fatal_error(state.name + ": nothing to subscribe to" +
                           (problems.empty() ? "" : ": " + problems.front())));
    return;
  }
  log::info(state.name, std::to_string(state.symbols->size()) + " symbols known, " +
                            std::to_string(streams.size()) + " streams wanted");
  state.wires = wire_venue(state);
  state.feeds = spawn_venue_children(self, streams);
  self->monitor(state.feeds);
}

// All symbols are there, or as many as can be had.
void symbols_known(self_pointer self) {
  auto& state = self->state;
  state.asking = false;
  if (state.feeds == nullptr) {
    start_feeds(self);
    return;
  }
  std::vector<std::string> problems;
  change_venue_children(self, present_streams(state, problems));
}

void ask_for_symbols(self_pointer self) {
  auto& state = self->state;
  state.asking = true;
  state.next_request = 0;
  state.symbols = std::make_shared<venues::venue_symbols>(*state.options.services.registry);
  state.reader = state.options.venue->make_session(
      *state.symbols, "", {state.options.config.websocket_url, state.options.config.rest_url});
  request_symbols(self);
}

// Other instruments are wanted. One that is not known may have been listed since the symbols were
// asked for.
void take_change(self_pointer self) {
  auto& state = self->state;
  const auto& control = state.options.services.control;
  const auto wanted = control ? control->wanted(state.name) : std::nullopt;
  if (!wanted.has_value() || state.stopping) return;
  state.options.config.instruments = wanted->instruments;
  if (state.feeds == nullptr || state.asking) return;
  const auto& registry = *state.options.services.registry;
  const bool known =
      std::all_of(wanted->instruments.begin(), wanted->instruments.end(),
                  [&](const auto& symbol) { return registry.find(state.name, symbol) != nullptr; });
  if (known) {
    symbols_known(self);
  } else {
    ask_for_symbols(self);
  }
}

void next_symbols(self_pointer self) {
  ++self->state.next_request;
  request_symbols(self);
}

// The request got no answer.
void request_failed(self_pointer self, const transport::transport_error& error) {
  auto& state = self->state;
  state.budget->failed(state.options.services.now_ns());
  if (classify(error) == remedy::fatal && state.feeds == nullptr) {
    self->quit(fatal_error(state.name + ": " + error.message));
    return;
  }
  retry_later(self, error.message, 0);
}

void request_refused(self_pointer self, const std::string& url,
                     const transport::http_response& answer) {
  auto& state = self->state;
  const auto now = state.options.services.now_ns();
  state.budget->failed(now);
  const auto wait_ms = asked_wait_s(answer.status, answer.retry_after_s, answer.body) * 1000;
  if (wait_ms > 0) state.budget->penalise(budget_rest, now + wait_ms * ms);
  retry_later(self, url + ": HTTP " + std::to_string(answer.status), wait_ms);
}

void take_symbols(self_pointer self, const rest_result& result) {
  auto& state = self->state;
  if (result.ticket != state.ticket || !state.asking) return;
  if (const auto* const error = std::get_if<transport::transport_error>(result.result.get())) {
    request_failed(self, *error);
    return;
  }
  auto& answer = std::get<transport::http_response>(*result.result);
  const auto& url = state.requests[state.next_request].url;
  if (transport::is_terminal_status(answer.status)) {
    // One market of the venue is not to be had; the others may be enough.
    state.last_error = url + ": HTTP " + std::to_string(answer.status);
    state.options.services.counters->set_failure(state.name + ": " + state.last_error);
    log::warning(state.name, "symbols left out: " + state.last_error);
    next_symbols(self);
    return;
  }
  if (answer.status != 200) {
    request_refused(self, url, answer);
    return;
  }
  event_batch unused;
  venues::frame_report report;
  state.tap.rest(url, answer.body, answer.receive_ns);
  state.reader->decode_rest(url, {std::move(answer.body), answer.receive_ns}, unused, report);
  if (report.outcome == venues::frame_outcome::rejected) {
    retry_later(self, url + ": " + report.reason, 1000);
    return;
  }
  if (!report.losses.entries.empty()) {
    log::warning(state.name, std::to_string(report.losses.entries.size()) +
                                 " instruments of the list could not be read, for example: " +
                                 report.losses.entries.front().reason);
  }
  state.budget->succeeded(state.options.services.now_ns());
  state.retry_delay->reset();
  next_symbols(self);
}

// Asks for the next part of the symbol table, or goes on when all is there.
void request_symbols(self_pointer self) {
  auto& state = self->state;
  if (state.next_request == state.requests.size()) {
    if (state.symbols->size() > 0) {
      symbols_known(self);
      return;
    }
    state.next_request = 0;
    retry_later(self, state.last_error.empty() ? "the venue lists none" : state.last_error, 1000);
    return;
  }
  const auto& request = state.requests[state.next_request];
  const auto now = state.options.services.now_ns();
  const auto when = state.budget->try_rest_or_when(request.weight, now);
  if (when != 0) {
    self->delayed_send(self, std::chrono::nanoseconds(when - now), retry_atom::value);
    return;
  }
  const bridge<venue_actor> to(venue_actor{self});
  state.https->get(request.url, {}, [to, ticket = ++state.ticket](auto answer) {
    to.post(rest_atom::value,
            rest_result{ticket, std::make_shared<transport::http_result>(std::move(answer))});
  });
}

void prepare(self_pointer self) {
  auto& state = self->state;
  const auto& services = state.options.services;
  if (services.control != nullptr) {
    services.control->runs(state.name, venue_actor{self});
    // Since this actor's options were made, other instruments may have come to be wanted.
    const auto wanted = services.control->wanted(state.name);
    if (wanted.has_value()) state.options.config.instruments = wanted->instruments;
  }
  state.tap = archive_tap(services.archive, state.name, "symbols");
  transport::https_options https;
  https.tls.ca_file = state.options.config.tls.ca_file;
  https.connect_timeout_ms = state.options.config.connect_timeout_ms;
  https.clock_ns = services.now_ns;
  state.https = std::make_unique<transport::https_client>(*services.reactor, std::move(https));
  state.requests = state.options.venue->symbol_requests(
      {state.options.config.websocket_url, state.options.config.rest_url});
  state.rest_url = state.requests.empty() ? "" : state.requests.front().url;
  state.budget = services.budgets->of(*state.options.venue, state.rest_url, state.rest_url);
  state.retry_delay = std::make_unique<backoff>(
      backoff_options{services.reconnect.initial_ms, services.reconnect.max_ms}, services.random);
}

// The books of a venue that is paused say so before they go: what they were worth last must not
// stand for the time of the pause.
void tell_pause(const venue_director_state& state) {
  const auto& actors = state.options.services.actors;
  if (!actors || !state.wires || !actors->is_paused(state.options.path)) return;
  kind_set all;
  all.set();
  for (const auto& [where, book] : state.wires->books()) {
    caf::anon_send(book, lost_atom::value, feed_notice{all, "the venue is paused by an operator"});
  }
}

void stop(self_pointer self) {
  auto& state = self->state;
  state.stopping = true;
  tell_pause(state);
  if (state.feeds == nullptr) {
    self->quit();
    return;
  }
  self->send(state.feeds, stop_atom::value);
}

}  // namespace

void book_directory::set(const listing* where, const book_actor& handle) {
  const std::lock_guard lock(mutex_);
  books_[{where->venue, where->symbol}] = caf::actor_cast<caf::actor_addr>(handle);
}

void book_directory::remove(const listing* where) {
  const std::lock_guard lock(mutex_);
  books_.erase({where->venue, where->symbol});
}

void book_directory::remove(std::string_view venue) {
  const std::lock_guard lock(mutex_);
  std::erase_if(books_, [&](const auto& each) { return each.first.first == venue; });
}

book_actor book_directory::find(std::string_view venue, std::string_view instrument) const {
  const std::lock_guard lock(mutex_);
  const auto found = books_.find({std::string(venue), std::string(instrument)});
  if (found == books_.end()) return {};
  return caf::actor_cast<book_actor>(caf::actor_cast<caf::actor>(found->second));
}

std::vector<book_actor> book_directory::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<book_actor> result;
  for (const auto& [name, address] : books_) {
    if (auto book = caf::actor_cast<book_actor>(caf::actor_cast<caf::actor>(address))) {
      result.push_back(std::move(book));
    }
  }
  return result;
}

venue_actor::behavior_type venue_director_behavior(self_pointer self,
                                                   venue_director_options options) {
  auto& state = self->state;
  state.options = std::move(options);
  state.name = state.options.config.venue;
  fail_on_exception(self, state.name);
  // The feeds' supervisor gave up: so does the venue, for its own supervisor to decide.
  self->set_down_handler([self](const caf::down_msg& down) {
    if (self->state.stopping && !down.reason) {
      self->quit();
      return;
    }
    self->quit(down.reason);
  });
  prepare(self);
  ask_for_symbols(self);
  return {
      [self](rest_atom, const rest_result& result) { take_symbols(self, result); },
      [self](retry_atom) {
        if (self->state.asking && !self->state.stopping) request_symbols(self);
      },
      [self](change_atom) { take_change(self); },
      [self](stop_atom) { stop(self); },
  };
}

std::vector<venues::stream> wanted_streams(const config::venue_config& config,
                                           const venues::venue& venue,
                                           const listing_registry& registry,
                                           std::vector<std::string>& problems) {
  std::vector<venues::stream> result;
  for (const auto& symbol : config.instruments) {
    const auto* const where = registry.find(config.venue, symbol);
    if (where == nullptr) {
      problems.push_back(config.venue + " has no instrument " + symbol);
      continue;
    }
    for (const auto& feed : config.feeds) {
      const venues::stream what{feed.kind, where, feed.interval_ns, config.book_depth};
      auto refusal = venue.refuses(what);
      if (refusal.empty()) {
        result.push_back(what);
      } else {
        // Another instrument of the venue has this feed: the configuration was checked for that.
        log::info(config.venue, symbol + " goes without: " + refusal);
      }
    }
  }
  return result;
}

}  // namespace feedtree::actors
