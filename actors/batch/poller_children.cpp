#include "actors/batch/poller_children.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <stdexcept>

#include "actors/batch/batch_poller.hpp"
#include "actors/supervision/counted.hpp"
#include "actors/system.hpp"

namespace feedtree::actors {
namespace {

constexpr const char* path = "root/pollers";
constexpr int busy_timeout_ms = 2'000;  // well within the time that a stop has

// Outlives the pollers, so that a restart forgets neither connections nor budgets.
struct poller_parts {
  explicit poller_parts(const config::poller_config& config, transport::reactor& reactor)
      : https(reactor, options_of(config)) {}

  static transport::https_options options_of(const config::poller_config& config) {
    transport::https_options options;
    options.tls.ca_file = config.tls.ca_file;
    return options;
  }

  transport::https_client https;
  std::shared_ptr<shared_budget> budget;
};

std::string refuses_venue(const config::poller_config& poller, const batch::history_source& past) {
  for (const auto& each : poller.instruments) {
    if (!each.name.empty()) {
      return poller.source + " knows its symbols: write " + each.symbol + " alone";
    }
    const auto* const venue = venues::find_venue(poller.source);
    const auto details = parse_instrument(each.symbol);
    if (venue == nullptr || !details) continue;
    auto why = venues::refuses_instrument(*venue, *details);
    if (!why.empty()) return each.symbol + ": " + why;
  }
  for (const auto& feed : poller.feeds) {
    if (feed.kind != event_kind::candle && feed.kind != event_kind::trade) {
      return "only candles and trades of a venue's past can be polled, not " +
             std::string(to_string(feed.kind));
    }
    auto why = past.refuses({nullptr, feed.kind, feed.interval_ns, 0, 1});
    if (!why.empty()) return why;
  }
  return {};
}

std::string refuses_source(const config::poller_config& poller, const batch::poll_source& source) {
  const batch::source_access access{poller.key, poller.plan};
  for (const auto& feed : poller.feeds) {
    auto why = source.refuses(access, feed.kind, polled_interval_ns(poller, feed));
    if (!why.empty()) return why;
  }
  listing_registry unused;
  try {
    for (const auto& each : poller.instruments) source.list(unused, each.symbol, each.name);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

// All that ask the same address with the same source share one budget.
std::shared_ptr<shared_budget> budget_of(const config::poller_config& poller,
                                         address_budgets& addresses, venue_budgets& venues) {
  if (const auto* const venue = venues::find_venue(poller.source)) {
    const auto requests = venue->symbol_requests({{}, poller.rest_url});
    const auto url = requests.empty() ? poller.rest_url : requests.front().url;
    return venues.of(*venue, url, url);
  }
  const auto* const source = batch::find_poll_source(poller.source);
  const batch::source_access access{poller.key, poller.plan};
  venues::venue_limits limits;
  limits.rest = source->limit(access);
  const auto url = venues::address_of(source->address(access), poller.rest_url);
  const auto address = addresses.of(url, venue_rate_limits(limits));
  return std::make_shared<shared_budget>(address, address, nullptr);
}

// Its index.
std::size_t state_sink(const config::server_config& config) {
  for (std::size_t index = 0; index < config.sinks.size(); ++index) {
    const auto& kind = config.sinks[index].kind;
    if (kind == "timescale" || kind == "sqlite") return index;
  }
  throw std::runtime_error(
      "pollers keep in a database how far they are: there must be a sink of kind sqlite or "
      "timescale");
}

child_spec poller_child(const config::server_config& config, const config::poller_config& poller,
                        const std::shared_ptr<poller_gauge>& gauge, const poller_services& services,
                        address_budgets& addresses) {
  const auto parts = std::make_shared<poller_parts>(poller, *services.reactor);
  parts->budget = budget_of(poller, addresses, *services.budgets);
  batch_poller_options options;
  options.name = "pollers/" + poller.name;
  options.config = poller;
  options.registry = services.registry;
  options.https = &parts->https;
  options.budget = parts->budget;
  options.sinks = services.sinks;
  options.credit = {config.credit.events, config.credit.bytes};
  options.counters = services.counters;
  options.recent = services.recent;
  options.archive = services.archive;
  options.gauge = gauge;
  const auto index = state_sink(config);
  const auto& journal = services.journal;
  if (journal != nullptr && !journal->sinks[index].empty()) options.journal = journal;
  options.claims = services.claims;
  options.open_state = [sink = config.sinks[index]] {
    return storage::make_backfill_state(sink.kind, sink.target, busy_timeout_ms);
  };
  options.now_ns = wall_ns;
  return {poller.name,
          [parts, options, gauge = services.actors->gauge(std::string(path) + "/" + poller.name)](
              caf::scheduled_actor* parent) {
            return caf::actor_cast<child_actor>(
                spawn_counted<caf::detached>(parent, gauge, batch_poller_behavior, options));
          },
          config.grace_period_ms, "poller"};
}

}  // namespace

std::string refuses_poller(const config::poller_config& poller) {
  if (const auto* const past = batch::find_history(poller.source)) {
    return refuses_venue(poller, *past);
  }
  const auto* const source = batch::find_poll_source(poller.source);
  return source == nullptr ? "nothing can be polled there" : refuses_source(poller, *source);
}

std::vector<std::string> polled_sources() {
  auto names = batch::poll_source_names();
  for (auto& name : batch::history_names()) names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  return names;
}

std::shared_ptr<const poller_board> make_poller_board(const config::server_config& config) {
  auto board = std::make_shared<poller_board>();
  for (const auto& poller : config.pollers) {
    auto gauge = std::make_shared<poller_gauge>();
    gauge->name = poller.name;
    gauge->source = poller.source;
    board->push_back(std::move(gauge));
  }
  return board;
}

std::optional<child_spec> pollers_child(const config::server_config& config,
                                        const std::shared_ptr<const poller_board>& board,
                                        const poller_services& services) {
  if (config.pollers.empty()) return {};
  supervisor_options options;
  options.name = "pollers";
  options.restart = services.restart;
  options.survives_fatal_children = true;
  options.now_ms = steady_ms;
  options.random = services.random;
  options.path = path;
  options.registry = services.actors;
  address_budgets addresses;
  for (std::size_t at = 0; at < config.pollers.size(); ++at) {
    options.children.push_back(
        poller_child(config, config.pollers[at], (*board)[at], services, addresses));
  }
  return child_spec{
      "pollers",
      [options](caf::scheduled_actor* parent) {
        return caf::actor_cast<child_actor>(parent->spawn(supervisor_behavior, options));
      },
      config.grace_period_ms * 2, "supervisor"};
}

}  // namespace feedtree::actors
