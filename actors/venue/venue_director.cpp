#include "actors/venue/venue_director.hpp"

#include <algorithm>

#include "actors/supervision/failure.hpp"
#include "actors/venue/venue_children.hpp"
#include "actors/venue/venue_director_parts.hpp"
#include "actors/venue/venue_wiring.hpp"
#include "actors/venue/wanted_streams.hpp"

namespace feedtree::actors {
namespace director_parts {
namespace {

void start_feeds(self_pointer self, const wanted_streams& wanted) {
  auto& state = self->state;
  if (wanted.streams.empty()) {
    // Without one that is unknown no later look can bring anything.
    if (wanted.unknown.empty()) {
      self->quit(fatal_error(state.name + ": nothing to subscribe to"));
    }
    return;
  }
  log::info(state.name, std::to_string(state.symbols->size()) + " symbols known, " +
                            std::to_string(wanted.streams.size()) + " streams wanted");
  state.wires = wire_venue(state);
  state.feeds = spawn_venue_children(self, wanted.streams);
  self->monitor(state.feeds);
}

// Other instruments are wanted, or the operator wants the venue to look again. One that is not
// known may have been listed since the symbols were asked for.
void take_change(self_pointer self) {
  auto& state = self->state;
  const auto& control = state.options.services.control;
  const auto wanted = control ? control->wanted(state.name) : std::nullopt;
  if (!wanted.has_value() || state.stopping) return;
  state.options.config.instruments = wanted->instruments;
  if (state.symbols == nullptr) return;
  apply_wanted(self);
  if (!state.unknown.empty() && state.round == nullptr) ask_for_symbols(self);
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
  const auto requests = state.options.venue->symbol_requests(
      {state.options.config.websocket_url, state.options.config.rest_url});
  state.rest_url = requests.empty() ? "" : requests.front().url;
  services.counters->forget_notes(state.name);
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

bool is_known(const venue_director_state& state, const listing* where) {
  return state.symbols->has(where) || (state.wires != nullptr && state.wires->layout.has(where));
}

void apply_wanted(self_pointer self) {
  auto& state = self->state;
  const auto wanted =
      find_wanted(state.options.config, *state.options.venue, *state.options.services.registry,
                  [&state](const listing* where) { return is_known(state, where); });
  for (const auto& line : wanted.refusals) {
    if (state.told_refusals.insert(line).second) log::info(state.name, line);
  }
  if (state.feeds == nullptr) {
    start_feeds(self, wanted);
  } else {
    change_venue_children(self, wanted.streams);
  }
  note_unknown(self, wanted.unknown);
}

}  // namespace director_parts

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

venue_actor::behavior_type venue_director_behavior(
    venue_actor::stateful_pointer<venue_director_state> self, venue_director_options options) {
  using namespace director_parts;
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
        if (!self->state.stopping) request_symbols(self);
      },
      [self](timer_atom) { look_for_unknown(self); },
      [self](find_atom, const symbol_question& what) { take_question(self, what); },
      [self](timer_atom, std::uint64_t number) { give_up_question(self, number); },
      [self](change_atom) { take_change(self); },
      [self](stop_atom) { stop(self); },
  };
}

}  // namespace feedtree::actors
