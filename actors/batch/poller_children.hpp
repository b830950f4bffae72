// The pollers of a server, under their supervisor.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/batch/poller_board.hpp"
#include "actors/edges/trade_claims.hpp"
#include "actors/operator/recent_log.hpp"
#include "actors/sink/archive_intake.hpp"
#include "actors/sink/journal_link.hpp"
#include "actors/sink/sink_table.hpp"
#include "actors/statistics.hpp"
#include "actors/supervision/actor_registry.hpp"
#include "actors/supervision/supervisor.hpp"
#include "actors/venue/shared_budget.hpp"
#include "adapters/transport/reactor.hpp"
#include "config/config.hpp"
#include "core/instrument.hpp"

namespace feedtree::actors {

// What pollers share with the rest of the server; everything outlives them.
struct poller_services {
  transport::reactor* reactor = nullptr;
  listing_registry* registry = nullptr;
  std::shared_ptr<sink_table> sinks;
  std::shared_ptr<statistics> counters;
  std::shared_ptr<actor_registry> actors;
  std::shared_ptr<venue_budgets> budgets;
  std::shared_ptr<recent_log> recent;
  std::shared_ptr<archive_intake> archive;  // may be null
  restart_options restart;
  random_source random;
  std::shared_ptr<const journal_link> journal{};  // null: there is none
  std::shared_ptr<trade_claims> claims{};         // may be null
};

// Why a source cannot give what this poller is to fetch, in one line; empty if it can. For
// config::reader_checks, together with the names of all sources.
std::string refuses_poller(const config::poller_config& poller);
std::vector<std::string> polled_sources();

// A gauge for each poller of the configuration.
std::shared_ptr<const poller_board> make_poller_board(const config::server_config& config);

// "root/pollers" with a child a poller. Nothing where none is configured. Throws std::runtime_error
// where no sink is there that could keep how far they are.
std::optional<child_spec> pollers_child(const config::server_config& config,
                                        const std::shared_ptr<const poller_board>& board,
                                        const poller_services& services);

}  // namespace feedtree::actors
