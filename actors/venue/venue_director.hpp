// The actor that runs one venue: symbols first, then validator, books and connections.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actors/edges/outbox.hpp"
#include "actors/edges/trade_claims.hpp"
#include "actors/interfaces.hpp"
#include "actors/operator/recent_log.hpp"
#include "actors/sink/archive_intake.hpp"
#include "actors/sink/sink_table.hpp"
#include "actors/statistics.hpp"
#include "actors/supervision/actor_registry.hpp"
#include "actors/supervision/restart_policy.hpp"
#include "actors/supervision/supervisor.hpp"
#include "actors/venue/shared_budget.hpp"
#include "actors/venue/venue_control.hpp"
#include "adapters/transport/https_client.hpp"
#include "adapters/transport/reactor.hpp"
#include "adapters/transport/websocket_client.hpp"
#include "adapters/venues/symbol_pages.hpp"
#include "adapters/venues/venue.hpp"
#include "config/config.hpp"
#include "core/candles.hpp"
#include "core/past_recorder.hpp"
#include "core/rules/price_board.hpp"
#include "core/rules/rule.hpp"

namespace feedtree::actors {

// The book actors that run now, for those who ask for a book. Thread-safe.
class book_directory {
 public:
  void set(const listing* where, const book_actor& handle);
  void remove(const listing* where);
  void remove(std::string_view venue);
  // The handle, or null if there is no such book.
  book_actor find(std::string_view venue, std::string_view instrument) const;
  // All that run.
  std::vector<book_actor> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, caf::actor_addr> books_;
};

// What all venues share.
struct venue_services {
  transport::reactor* reactor = nullptr;
  listing_registry* registry = nullptr;
  std::shared_ptr<sink_table> sinks;
  std::shared_ptr<statistics> counters;
  std::shared_ptr<book_directory> books;
  std::function<std::int64_t()> now_ns;     // wall clock
  std::function<std::int64_t()> steady_ms;  // for supervisors
  random_source random;
  config::reconnect_config reconnect;
  config::restart_config restart;
  config::credit_config credit;
  std::int64_t grace_period_ms = 10'000;
  std::shared_ptr<actor_registry> actors{};  // where they are shown; may be null
  std::shared_ptr<venue_budgets> budgets{};
  std::shared_ptr<venue_control> control{};         // what is wanted of each venue; may be null
  std::shared_ptr<recent_log> recent{};             // gets gaps, states, quarantine; may be null
  std::shared_ptr<const rules::rule_list> rules{};  // null: only those that are built in
  std::shared_ptr<rules::price_board> prices{};     // of all venues
  candle_options candles{};                         // that are built from trades
  std::shared_ptr<archive_intake> archive{};        // gets what is received; may be null
  std::shared_ptr<trade_claims> claims{};           // of trades that pollers fetch too; may be null
  // What an earlier run of the server stored, as it was known at the start; may be null.
  std::shared_ptr<const instrument_pasts> past{};
};

struct venue_director_options {
  config::venue_config config;
  const venues::venue* venue = nullptr;
  venue_services services;
  std::string path{};  // "root/venues/kraken"
  // Instruments that the venue does not have are looked for again so often.
  std::int64_t look_again_ms = 60'000;
  // Who asks for an instrument waits so long for the venue.
  std::int64_t answer_within_ms = 8'000;
};

// One reading of the venue's lists.
struct symbol_round {
  venues::symbol_pages pages;
  std::shared_ptr<venues::venue_symbols> symbols;
  std::unique_ptr<venues::session> reader;
  std::string left_out{};  // why a list of the venue is not in it
};

struct venue_wiring;

struct venue_director_state {
  venue_director_options options;
  std::string name;
  archive_tap tap;
  std::unique_ptr<transport::https_client> https;
  std::shared_ptr<shared_budget> budget;
  std::string rest_url;
  std::shared_ptr<venues::venue_symbols> symbols;  // null until the venue has told them
  std::int64_t told_ns = 0;                        // when it did so last
  std::string left_out;                            // why a list is not in them
  std::unique_ptr<symbol_round> round;             // while the venue is asked
  std::uint64_t ticket = 0;
  std::unique_ptr<backoff> retry_delay;
  std::string last_error;
  std::map<std::string, std::string> unknown;  // instruments that the venue does not have, and why
  bool look_is_due = false;                    // a timer for the next look runs
  std::map<std::uint64_t, symbol_question> questions;  // that wait for the round, by number
  std::uint64_t last_question = 0;
  std::set<std::string> told_refusals;  // that are in the log
  std::shared_ptr<venue_wiring> wires;
  supervisor_actor feeds;  // of validator, books and connections
  bool stopping = false;
};

venue_actor::behavior_type venue_director_behavior(
    venue_actor::stateful_pointer<venue_director_state> self, venue_director_options options);

}  // namespace feedtree::actors
