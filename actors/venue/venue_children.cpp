#include "actors/venue/venue_children.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <map>
#include <set>

#include "actors/batch/poller.hpp"
#include "actors/book/book.hpp"
#include "actors/book/validator.hpp"
#include "actors/log.hpp"
#include "actors/supervision/counted.hpp"
#include "actors/supervision/supervisor.hpp"
#include "actors/venue/connection_line.hpp"
#include "actors/venue/venue_wiring.hpp"

namespace feedtree::actors {
namespace {

// Another connection may be so much later: only then missing trades are asked for.
constexpr std::int64_t redundant_patience_ns = 250'000'000;

using wiring_ptr = std::shared_ptr<venue_wiring>;
using self_pointer = venue_actor::stateful_pointer<venue_director_state>;

// What the rules count at this venue; null: there are none.
std::shared_ptr<rules::venue_counts> rule_counts_of(const venue_wiring& wires) {
  const auto& services = wires.options.services;
  if (services.rules == nullptr) return nullptr;
  return services.counters->rules_of(wires.options.venue->name(), *services.rules);
}

child_spec validator_child(const wiring_ptr& wires) {
  return {"validator",
          [wires](caf::scheduled_actor* parent) {
            validator_options options;
            options.name = wires->options.config.venue + "/validator";
            options.sinks = wires->options.services.sinks;
            options.edges = wires->options.services.counters;
            options.recent = wires->options.services.recent;
            options.now_ns = wires->options.services.now_ns;
            options.credit = wires->credit();
            options.counters =
                &wires->options.services.counters->of_venue(wires->options.venue->name());
            options.rules = wires->options.services.rules;
            options.prices = wires->options.services.prices;
            options.rule_counts = rule_counts_of(*wires);
            const auto validator = spawn_counted(parent, wires->gauge("validator"),
                                                 validator_behavior, std::move(options));
            wires->set(validator);
            return caf::actor_cast<child_actor>(validator);
          },
          wires->options.services.grace_period_ms, "validator"};
}

std::function<std::unique_ptr<feed_keeper>()> keeper_factory(const wiring_ptr& wires,
                                                             const listing* where) {
  const venues::stream book{event_kind::book, where, 0, wires->options.config.book_depth};
  return [venue = wires->options.venue, book] {
    return std::make_unique<feed_keeper>(book.where, venue->make_guard(book),
                                         venue->book_options(book));
  };
}

// How old a connection may become; 0: as old as it likes.
std::int64_t lifetime_ns(const venue_wiring& wires) {
  const auto configured = wires.options.config.connection_lifetime_ms * 1'000'000;
  return configured != 0 ? configured : wires.options.venue->limits().connection_lifetime_ns;
}

// Whether a new connection may run beside an old one.
bool is_replaced(const venue_wiring& wires) {
  return lifetime_ns(wires) != 0 || wires.options.venue->limits().announces_close;
}

bool is_redundant(const venue_wiring& wires) {
  return wires.options.config.connections_per_stream > 1;
}

// What an earlier run of the server stored of this instrument.
std::optional<instrument_past> past_of(const venue_wiring& wires, const listing* of) {
  const auto& known = wires.options.services.past;
  if (known == nullptr) return {};
  const auto found = known->find({of->venue, of->symbol});
  return found == known->end() ? std::optional<instrument_past>() : found->second;
}

child_spec book_child(const wiring_ptr& wires, const listing* where, const kind_set& kinds) {
  return {"book-" + where->symbol,
          [wires, where, kinds](caf::scheduled_actor* parent) {
            book_options options;
            options.where = where;
            options.kinds = kinds;
            options.make_keeper = keeper_factory(wires, where);
            options.trades.numbered = wires->options.venue->numbers_trades();
            options.trades.fills = options.trades.numbered;
            options.trades.fills_by_time = wires->options.venue->gives_trades_by_time();
            options.candles = wires->options.services.candles;
            options.volume_candles_ns = wires->options.venue->volume_candles_ns();
            options.rules = wires->options.services.rules;
            options.prices = wires->options.services.prices;
            options.rule_counts = rule_counts_of(*wires);
            options.claims = wires->options.services.claims;
            const bool redundant = is_redundant(*wires);
            if (redundant) options.trades.patience_ns = redundant_patience_ns;
            options.merges = redundant || is_replaced(*wires);
            options.validator = wires->validator();
            options.credit = wires->credit();
            options.now_ns = wires->options.services.now_ns;
            options.counters = wires->options.services.counters;
            options.past = past_of(*wires, where);
            const auto book = spawn_counted(parent, wires->gauge("book-" + where->symbol),
                                            book_behavior, std::move(options));
            wires->set(where, book);
            wires->options.services.books->set(where, book);
            return caf::actor_cast<child_actor>(book);
          },
          wires->options.services.grace_period_ms, "book",
          [services = wires->options.services, where] {
            services.books->remove(where);
            services.counters->remove_book(where);
          }};
}

transport::websocket_options socket_options(const venue_wiring& wires) {
  transport::websocket_options options;
  options.tls.ca_file = wires.options.config.tls.ca_file;
  options.connect_timeout_ms = wires.options.config.connect_timeout_ms;
  options.handshake_timeout_ms = wires.options.config.connect_timeout_ms;
  options.idle_timeout_ms = wires.options.config.idle_timeout_ms;
  options.ping_interval_ms = wires.options.config.idle_timeout_ms / 3;
  return options;
}

// The budget of the connection's own address with that of the venue's REST.
std::shared_ptr<shared_budget> budget_of(const venue_wiring& wires, const std::string& url) {
  return wires.options.services.budgets->of(*wires.options.venue, url, wires.rest_url);
}

freshness_options freshness_of(const config::freshness_config& from) {
  constexpr std::int64_t ms = 1'000'000;
  freshness_options result;
  result.floor_ns = from.floor_ms * ms;
  result.ceiling_ns = from.ceiling_ms * ms;
  result.proof_ns = from.proof_timeout_ms * ms;
  return result;
}

// The first rule of schema_drift that is of the venue.
void watch_schema(const venue_wiring& wires, connection_options& out) {
  const auto& rules = wires.options.services.rules;
  if (rules == nullptr) return;
  for (const auto& rule : *rules) {
    const bool concerns =
        rule.check == rule_check::schema_drift && rule.concerns_venue(wires.options.config.venue);
    if (!concerns) continue;
    out.drift_rule = rule.name;
    out.drift_sample_every = rule.sample_every;
    out.drift_learn = rule.learn;
    return;
  }
}

connection_options connection_options_of(const venue_wiring& wires,
                                         const venues::connection_plan& plan,
                                         const std::string& name) {
  const auto& services = wires.options.services;
  connection_options options;
  options.name = wires.options.config.venue + "/" + name;
  options.venue = wires.options.venue;
  options.addresses = wires.addresses;
  options.plan = plan;
  options.socket = socket_options(wires);
  options.reactor = services.reactor;
  options.https = wires.https;
  options.budget = budget_of(wires, plan.url);
  const auto books = wires.books();
  for (const auto& what : plan.streams) {
    const auto book = books.find(what.where);
    if (book != books.end()) options.books[what.where] = book->second;
  }
  options.validator = wires.validator();
  options.counters = services.counters;
  options.archive = services.archive;
  options.credit = wires.credit();
  options.reconnect = {services.reconnect.initial_ms, services.reconnect.max_ms};
  options.freshness = freshness_of(wires.options.config.freshness);
  options.now_ns = services.now_ns;
  options.random = services.random;
  watch_schema(wires, options);
  return options;
}

// The children that carry what the layout plans for one connection.
std::vector<std::string> connection_names(const venue_wiring& wires, const std::string& planned) {
  if (!is_redundant(wires)) return {planned};
  return {planned, planned + "-second"};
}

// `planned` is the layout's name of it.
child_spec connection_child(const wiring_ptr& wires, const venue_director_state& state,
                            const std::string& planned, const std::string& name) {
  const auto repairs =
      std::make_shared<repair_ladder>(repair_options{}, wires->options.services.random);
  // What it carries is asked for at each start; one that is about to be removed may start once
  // more.
  return {name,
          [wires, planned, name, repairs, first = wires->layout.plan(planned),
           symbols = state.symbols](caf::scheduled_actor* parent) {
            auto plan = wires->layout.plan(planned);
            if (plan.streams.empty()) plan = first;
            connection_line_options options;
            options.connection = connection_options_of(*wires, plan, name);
            options.connection.symbols = symbols;
            options.connection.repairs = repairs;
            options.lifetime_ns = lifetime_ns(*wires);
            options.start = [gauge = wires->gauge(name)](connection_line_actor::pointer self,
                                                         connection_options each) {
              return spawn_counted<caf::linked>(self, gauge, connection_behavior, std::move(each));
            };
            const auto line = parent->spawn(connection_line_behavior, std::move(options));
            wires->set(name, line);
            return caf::actor_cast<child_actor>(line);
          },
          wires->options.services.grace_period_ms, "connection"};
}

child_spec poller_child(const wiring_ptr& wires, const venue_director_state& state) {
  return {"poller",
          [wires, symbols = state.symbols, requests = wires->layout.polls(),
           budget = state.budget](caf::scheduled_actor* parent) {
            const auto& services = wires->options.services;
            poller_options options;
            options.name = wires->options.config.venue + "/poller";
            options.requests = requests;
            options.session = wires->options.venue->make_session(*symbols, "", wires->addresses);
            options.https = wires->https;
            options.budget = budget;
            options.books = wires->books();
            options.credit = wires->credit();
            options.counters = services.counters;
            options.archive = services.archive;
            options.now_ns = services.now_ns;
            return caf::actor_cast<child_actor>(
                spawn_counted(parent, wires->gauge("poller"), poller_behavior, std::move(options)));
          },
          wires->options.services.grace_period_ms, "poller"};
}

// The venue's own plan; where the configuration says how many instruments share a connection, the
// streams of each URL are split anew.
std::vector<venues::connection_plan> plans_of(const venues::venue& venue,
                                              const venues::venue_addresses& addresses,
                                              std::size_t instruments_per_connection,
                                              const std::vector<venues::stream>& streams) {
  auto plans = venue.plan(streams, addresses);
  if (instruments_per_connection == 0) return plans;
  std::map<std::string, std::vector<venues::stream>> by_url;
  for (const auto& plan : plans) {
    auto& target = by_url[plan.url];
    target.insert(target.end(), plan.streams.begin(), plan.streams.end());
  }
  auto limits = venue.limits();
  limits.instruments_per_connection = instruments_per_connection;
  plans.clear();
  for (const auto& [url, all] : by_url) {
    for (auto& plan : venues::split_streams(all, limits, url)) plans.push_back(std::move(plan));
  }
  return plans;
}

kind_set kinds_of(const std::vector<venues::stream>& streams, const listing* where) {
  kind_set kinds;
  for (const auto& what : streams) {
    if (what.where == where) kinds.set(static_cast<std::size_t>(what.kind));
  }
  return kinds;
}

void add_child(self_pointer self, child_spec spec, const std::string& behind) {
  self->send(self->state.feeds, add_atom::value,
             std::make_shared<const child_spec>(std::move(spec)), behind);
}

// A connection that goes with the instrument is told too: it must not wait for the book. True if
// something was polled for it.
bool stop_instrument(self_pointer self, const listing* where) {
  auto& state = self->state;
  auto& wires = *state.wires;
  const auto change = wires.layout.remove(where);
  for (const auto* const names : {&change.shrunk, &change.connections}) {
    for (const auto& planned : *names) {
      for (const auto& name : connection_names(wires, planned)) {
        const auto handle = wires.connection(name);
        if (handle != nullptr) caf::anon_send(handle, drop_atom::value, feed_ref{where});
      }
    }
  }
  const auto books = wires.books();
  if (const auto book = books.find(where); book != books.end()) {
    kind_set all;
    all.set();
    // Said by nobody: it holds for all connections of the book.
    caf::anon_send(book->second, lost_atom::value, feed_notice{all, "it is not wanted any more"});
  }
  for (const auto& planned : change.connections) {
    for (const auto& name : connection_names(wires, planned)) {
      self->send(state.feeds, remove_atom::value, name);
    }
  }
  self->send(state.feeds, remove_atom::value, "book-" + where->symbol);
  wires.forget(where);
  log::info(state.name, where->symbol + " is not wanted any more");
  return change.polls;
}

// True if something is polled for them.
bool start_instruments(self_pointer self, const std::vector<venues::stream>& streams) {
  auto& state = self->state;
  const auto& wires = state.wires;
  const auto* const last_book = wires->layout.last_book();
  auto behind = last_book == nullptr ? std::string("validator") : "book-" + last_book->symbol;
  auto connection_behind = wires->layout.last_connection();
  if (!connection_behind.empty()) {
    connection_behind = connection_names(*wires, connection_behind).back();
  }
  const auto change = wires->layout.add(streams);
  for (const auto* where : change.books) {
    add_child(self, book_child(wires, where, kinds_of(streams, where)), behind);
    behind = "book-" + where->symbol;
    log::info(state.name, where->symbol + " is wanted now");
  }
  if (connection_behind.empty()) connection_behind = behind;
  for (const auto& planned : change.connections) {
    for (const auto& name : connection_names(*wires, planned)) {
      add_child(self, connection_child(wires, state, planned, name), connection_behind);
      connection_behind = name;
    }
  }
  return change.polls;
}

// The poller begins anew with what is polled now.
void change_poller(self_pointer self) {
  auto& state = self->state;
  self->send(state.feeds, remove_atom::value, std::string("poller"));
  if (!state.wires->layout.polls().empty()) {
    add_child(self, poller_child(state.wires, state), std::string());
  }
}

}  // namespace

std::shared_ptr<venue_wiring> wire_venue(const venue_director_state& state) {
  const auto& config = state.options.config;
  const venues::venue_addresses addresses{config.websocket_url, config.rest_url};
  const auto* const venue = state.options.venue;
  const auto wires = std::make_shared<venue_wiring>(layout_rules{
      [venue, addresses, most = config.instruments_per_connection](const auto& streams) {
        return plans_of(*venue, addresses, most, streams);
      },
      [venue, addresses](const auto& what) { return venue->poll_request(what, addresses); }});
  wires->options = state.options;
  wires->addresses = addresses;
  wires->rest_url = state.rest_url;
  wires->https = state.https.get();
  return wires;
}

supervisor_actor spawn_venue_children(self_pointer self,
                                      const std::vector<venues::stream>& streams) {
  const auto& state = self->state;
  const auto& wires = state.wires;
  const auto& services = state.options.services;
  supervisor_options options;
  options.name = state.name;
  options.strategy = restart_strategy::rest_for_one;
  options.restart = {services.restart.intensity,
                     services.restart.within_ms,
                     {services.restart.initial_ms, services.restart.max_ms}};
  const auto change = wires->layout.add(streams);
  options.children.push_back(validator_child(wires));
  for (const auto* where : change.books) {
    options.children.push_back(book_child(wires, where, kinds_of(streams, where)));
  }
  for (const auto& planned : change.connections) {
    for (const auto& name : connection_names(*wires, planned)) {
      options.children.push_back(connection_child(wires, state, planned, name));
    }
  }
  if (change.polls) options.children.push_back(poller_child(wires, state));
  options.now_ms = services.steady_ms;
  options.random = services.random;
  options.path = state.options.path;
  options.registry = services.actors;
  return self->spawn(supervisor_behavior, std::move(options));
}

void change_venue_children(self_pointer self, const std::vector<venues::stream>& streams) {
  auto& layout = self->state.wires->layout;
  std::set<const listing*> wanted;
  std::vector<venues::stream> added;
  for (const auto& what : streams) {
    wanted.insert(what.where);
    if (!layout.has(what.where)) added.push_back(what);
  }
  bool polls = false;
  for (const auto* where : layout.books()) {
    if (!wanted.contains(where)) polls = stop_instrument(self, where) || polls;
  }
  if (!added.empty()) polls = start_instruments(self, added) || polls;
  if (polls) change_poller(self);
}

}  // namespace feedtree::actors
