// The actor that fetches by a schedule what a source gives over REST. It blocks on the database
// that keeps how far it is, so it has a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/batch/polled_page.hpp"
#include "actors/batch/poller_board.hpp"
#include "actors/edges/edge_display.hpp"
#include "actors/edges/outbox.hpp"
#include "actors/edges/trade_claims.hpp"
#include "actors/interfaces.hpp"
#include "actors/operator/recent_log.hpp"
#include "actors/sink/archive_intake.hpp"
#include "actors/sink/journal_link.hpp"
#include "actors/sink/sink_table.hpp"
#include "actors/venue/shared_budget.hpp"
#include "adapters/batch/poll_round.hpp"
#include "adapters/transport/https_client.hpp"
#include "config/config.hpp"
#include "core/schedule.hpp"
#include "storage/backfill_state.hpp"

namespace feedtree::actors {

struct batch_poller_options {
  std::string name;  // "pollers/prices"
  config::poller_config config;
  listing_registry* registry = nullptr;      // outlives the actor
  transport::https_client* https = nullptr;  // likewise
  std::shared_ptr<shared_budget> budget;     // of the source's address
  std::shared_ptr<sink_table> sinks;
  credit_window credit;
  std::shared_ptr<statistics> counters;     // shows the edge to the distributor
  std::shared_ptr<recent_log> recent;       // gets what goes into quarantine; may be null
  std::shared_ptr<archive_intake> archive;  // gets what is received; may be null
  std::shared_ptr<poller_gauge> gauge;
  // Positions of the journal that the database's sink is fed from; null: it is not.
  std::shared_ptr<const journal_link> journal;
  std::shared_ptr<trade_claims> claims;  // of trades that streams may bring late; may be null
  // Opens the database; throws sink_error.
  std::function<std::unique_ptr<storage::backfill_state>()> open_state;
  std::function<std::int64_t()> now_ns;
};

struct batch_poller_state {
  enum class stage : std::uint8_t { idle, symbols, feeds };

  batch_poller_options options;
  std::optional<schedule> when;
  const venues::venue* venue = nullptr;  // one of the two is there
  const batch::poll_source* source = nullptr;
  archive_tap tap;
  distributor_actor distributor;
  std::optional<outbox<batch_ptr>> out;
  std::optional<edge_display> display;
  std::unique_ptr<storage::backfill_state> database;
  std::shared_ptr<venues::venue_symbols> symbols;
  std::unique_ptr<venues::session> session;  // of a venue
  std::int64_t symbols_known_ns = 0;         // 0: not known
  std::optional<batch::poll_round> round;
  stage at = stage::idle;
  std::optional<batch::poll_progress> unsaved;  // of what is on its way to the journal
  std::optional<polled_page> page;              // read, and not handed on yet
  repeated_events present;                      // what was handed on last, of what holds now
  std::string url;                              // of the request under way
  std::uint64_t ticket = 0;                     // of the request under way
  std::uint64_t timer = 0;                      // of the timer that counts
  bool waits_for_answer = false;
  int failed_runs = 0;                 // in a row
  std::optional<std::int64_t> due_ns;  // of the next run; nothing: not known
  bool stopping = false;
};

// The interval of a feed: candles have their own; 0 for trades and what holds at a moment.
inline std::int64_t polled_interval_ns(const config::poller_config& poller,
                                       const config::feed_config& feed) {
  if (feed.kind == event_kind::candle) return feed.interval_ns;
  const bool has_none = feed.kind == event_kind::trade || feed.kind == event_kind::ticker;
  return has_none ? 0 : poller.interval_ns;
}

batch_poller_actor::behavior_type batch_poller_behavior(
    batch_poller_actor::stateful_pointer<batch_poller_state> self, batch_poller_options options);

}  // namespace feedtree::actors
