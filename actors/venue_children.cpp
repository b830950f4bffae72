#include "actors/venue_children.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <set>

#include "actors/book.hpp"
#include "actors/connection.hpp"
#include "actors/counted.hpp"
#include "actors/poller.hpp"
#include "actors/supervisor.hpp"
#include "actors/validator.hpp"

namespace feedtree::actors {
namespace {

// What the children of one run know of each other: those that start later read what those before
// them wrote. Only the supervisor's thread of control touches it.
struct wiring {
  venue_director_options options;
  venues::venue_addresses addresses;
  std::shared_ptr<venues::venue_symbols> symbols;
  std::shared_ptr<shared_budget> budget;
  transport::https_client* https = nullptr;
  validator_actor validator;
  std::map<const listing*, book_actor> books;

  credit_window credit() const {
    return {options.services.credit.events, options.services.credit.bytes};
  }
  // Where the child of this name counts; null where nobody looks.
  std::shared_ptr<actor_gauge> gauge(const std::string& child) const {
    const auto& actors = options.services.actors;
    return actors ? actors->gauge(options.path + "/" + child) : nullptr;
  }
};
using wiring_ptr = std::shared_ptr<wiring>;

child_spec validator_child(const wiring_ptr& wires) {
  return {"validator",
          [wires](caf::scheduled_actor* parent) {
            validator_options options;
            options.name = wires->options.config.venue + "/validator";
            options.sinks = wires->options.services.sinks;
            options.edges = wires->options.services.counters;
            options.credit = wires->credit();
            options.counters =
                &wires->options.services.counters->of_venue(wires->options.venue->name());
            wires->validator = spawn_counted(parent, wires->gauge("validator"), validator_behavior,
                                             std::move(options));
            return caf::actor_cast<child_actor>(wires->validator);
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

child_spec book_child(const wiring_ptr& wires, const listing* where) {
  return {"book-" + where->symbol,
          [wires, where](caf::scheduled_actor* parent) {
            book_options options;
            options.where = where;
            options.make_keeper = keeper_factory(wires, where);
            options.validator = wires->validator;
            options.credit = wires->credit();
            options.now_ns = wires->options.services.now_ns;
            options.counters = wires->options.services.counters;
            const auto book = spawn_counted(parent, wires->gauge("book-" + where->symbol),
                                            book_behavior, std::move(options));
            wires->books[where] = book;
            wires->options.services.books->set(where, book);
            return caf::actor_cast<child_actor>(book);
          },
          wires->options.services.grace_period_ms, "book"};
}

transport::websocket_options socket_options(const wiring& wires) {
  transport::websocket_options options;
  options.tls.ca_file = wires.options.config.tls.ca_file;
  options.connect_timeout_ms = wires.options.config.connect_timeout_ms;
  options.handshake_timeout_ms = wires.options.config.connect_timeout_ms;
  options.idle_timeout_ms = wires.options.config.idle_timeout_ms;
  options.ping_interval_ms = wires.options.config.idle_timeout_ms / 3;
  return options;
}

child_spec connection_child(const wiring_ptr& wires, const venues::connection_plan& plan,
                            std::size_t number) {
  const auto name = "connection-" + std::to_string(number);
  return {name,
          [wires, plan, name](caf::scheduled_actor* parent) {
            const auto& services = wires->options.services;
            connection_options options;
            options.name = wires->options.config.venue + "/" + name;
            options.venue = wires->options.venue;
            options.symbols = wires->symbols;
            options.addresses = wires->addresses;
            options.plan = plan;
            options.socket = socket_options(*wires);
            options.reactor = services.reactor;
            options.https = wires->https;
            options.budget = wires->budget;
            for (const auto& what : plan.streams) {
              options.books[what.where] = wires->books.at(what.where);
            }
            options.validator = wires->validator;
            options.counters = services.counters;
            options.credit = wires->credit();
            options.reconnect = {services.reconnect.initial_ms, services.reconnect.max_ms};
            options.now_ns = services.now_ns;
            options.random = services.random;
            return caf::actor_cast<child_actor>(
                spawn_counted(parent, wires->gauge(name), connection_behavior, std::move(options)));
          },
          wires->options.services.grace_period_ms, "connection"};
}

child_spec poller_child(const wiring_ptr& wires, std::vector<venues::rest_request> requests) {
  return {"poller",
          [wires, requests = std::move(requests)](caf::scheduled_actor* parent) {
            const auto& services = wires->options.services;
            poller_options options;
            options.name = wires->options.config.venue + "/poller";
            options.requests = requests;
            options.session =
                wires->options.venue->make_session(*wires->symbols, "", wires->addresses);
            options.https = wires->https;
            options.budget = wires->budget;
            options.books = wires->books;
            options.credit = wires->credit();
            options.now_ns = services.now_ns;
            return caf::actor_cast<child_actor>(
                spawn_counted(parent, wires->gauge("poller"), poller_behavior, std::move(options)));
          },
          wires->options.services.grace_period_ms, "poller"};
}

// Streams that are polled over REST go to the poller, the others onto connections.
std::vector<venues::rest_request> take_polled(const wiring& wires,
                                              std::vector<venues::stream>& streams) {
  std::vector<venues::rest_request> requests;
  std::erase_if(streams, [&](const venues::stream& what) {
    auto request = wires.options.venue->poll_request(what, wires.addresses);
    if (!request.has_value()) return false;
    requests.push_back(std::move(*request));
    return true;
  });
  return requests;
}

// The venue's own plan; where the configuration says how many instruments share a connection, the
// streams of each URL are split anew.
std::vector<venues::connection_plan> plans_of(const wiring& wires,
                                              const std::vector<venues::stream>& streams) {
  auto plans = wires.options.venue->plan(streams, wires.addresses);
  if (wires.options.config.instruments_per_connection == 0) return plans;
  std::map<std::string, std::vector<venues::stream>> by_url;
  for (const auto& plan : plans) {
    auto& target = by_url[plan.url];
    target.insert(target.end(), plan.streams.begin(), plan.streams.end());
  }
  auto limits = wires.options.venue->limits();
  limits.instruments_per_connection = wires.options.config.instruments_per_connection;
  plans.clear();
  for (const auto& [url, all] : by_url) {
    for (auto& plan : venues::split_streams(all, limits, url)) plans.push_back(std::move(plan));
  }
  return plans;
}

std::vector<child_spec> children_of(const wiring_ptr& wires, std::vector<venues::stream> streams) {
  std::vector<child_spec> children{validator_child(wires)};
  std::set<const listing*> seen;
  for (const auto& what : streams) {
    if (seen.insert(what.where).second) children.push_back(book_child(wires, what.where));
  }
  auto polled = take_polled(*wires, streams);
  std::size_t number = 0;
  for (const auto& plan : plans_of(*wires, streams)) {
    children.push_back(connection_child(wires, plan, ++number));
  }
  if (!polled.empty()) children.push_back(poller_child(wires, std::move(polled)));
  return children;
}

}  // namespace

child_actor spawn_venue_children(venue_actor::stateful_pointer<venue_director_state> self,
                                 const std::vector<venues::stream>& streams) {
  const auto& state = self->state;
  const auto wires = std::make_shared<wiring>();
  wires->options = state.options;
  wires->addresses = {state.options.config.websocket_url, state.options.config.rest_url};
  wires->symbols = state.symbols;
  wires->budget = state.budget;
  wires->https = state.https.get();
  const auto& services = state.options.services;
  supervisor_options options;
  options.name = state.name;
  options.strategy = restart_strategy::rest_for_one;
  options.restart = {services.restart.intensity,
                     services.restart.within_ms,
                     {services.restart.initial_ms, services.restart.max_ms}};
  options.children = children_of(wires, streams);
  options.now_ms = services.steady_ms;
  options.random = services.random;
  options.path = state.options.path;
  options.registry = services.actors;
  return caf::actor_cast<child_actor>(self->spawn(supervisor_behavior, std::move(options)));
}

}  // namespace feedtree::actors
