// The actor that keeps one instrument's book.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/edges/edge_display.hpp"
#include "actors/edges/outbox.hpp"
#include "actors/edges/owed.hpp"
#include "actors/edges/trade_claims.hpp"
#include "actors/interfaces.hpp"
#include "actors/statistics.hpp"
#include "actors/supervision/alarm.hpp"
#include "core/book_arbiter.hpp"
#include "core/candles.hpp"
#include "core/event_arbiter.hpp"
#include "core/feed_keeper.hpp"
#include "core/instrument_past.hpp"
#include "core/noticed_holes.hpp"
#include "core/plain_feeds.hpp"
#include "core/rules/judgement.hpp"
#include "core/trade_keeper.hpp"
#include "core/trade_volume.hpp"

namespace feedtree::actors {

struct book_options {
  const listing* where = nullptr;
  kind_set kinds;  // that are wanted of the instrument
  std::function<std::unique_ptr<feed_keeper>()> make_keeper;
  trade_keeper_options trades;
  candle_options candles;
  std::int64_t volume_candles_ns = 0;                  // see venues::venue
  std::shared_ptr<const rules::rule_list> rules{};     // null: only those that are built in
  std::shared_ptr<rules::price_board> prices{};        // of all venues, where there are rules
  std::shared_ptr<rules::venue_counts> rule_counts{};  // likewise
  std::shared_ptr<trade_claims> claims{};  // of trades that pollers fetch too; may be null
  bool merges = false;                     // more than one connection may bring the same
  validator_actor validator;
  credit_window credit;
  std::function<std::int64_t()> now_ns;
  std::shared_ptr<statistics> counters;
  std::optional<instrument_past> past{};  // of an earlier run of the server
};

struct book_state {
  const listing* where = nullptr;
  kind_set kinds;
  bool merges = false;
  std::unique_ptr<book_arbiter> book;
  std::unique_ptr<trade_keeper> trades;
  std::unique_ptr<plain_feeds> others;  // what the feeds without a book are worth
  noticed_holes noticed;
  std::unique_ptr<trade_volume> volumes;
  std::unique_ptr<rules::event_judgement> judgement;
  std::unique_ptr<candle_builder> candles;
  event_arbiter arbiter;
  std::shared_ptr<trade_claims> claims;
  event_batch whole;  // what the trade keeper gave; reused
  // Who brings events, and by which number the arbiters know them.
  struct source {
    caf::actor_addr from;
    source_id id = 0;
    kind_set well;         // kinds that it brings, and was not lost or silent since
    bool gone = false;     // ended in order; until another one comes nothing is said of it
    bool repeats = false;  // the connection was told that the book's updates show nothing new
  };
  std::vector<source> sources;
  source_id next_source = 1;
  std::string name;
  validator_actor validator;
  caf::actor_addr trade_connection;  // that carries the trades
  std::int64_t asked_ns = 0;         // when missing trades were asked for; 0: they are not
  alarm timer;
  std::int64_t sweep_ns = 0;  // when silences are looked for next
  std::unique_ptr<outbox<batch_ptr>> out;
  std::unique_ptr<edge_display> display;
  owed_acknowledgements owed;
  // Receive times of the last events of what is on the way, by sequence, and of what was handed on.
  std::deque<std::pair<std::uint64_t, std::int64_t>> on_the_way;
  std::shared_ptr<std::atomic<std::int64_t>> accepted_ns;
  std::deque<book_question> questions;  // wait until what is before them was sent
  std::uint64_t questions_dropped = 0;
  std::function<std::int64_t()> now_ns;
  std::shared_ptr<statistics> counters;
  venue_statistics* venue = nullptr;
  std::uint64_t takeovers = 0;  // as far as they are counted
  candle_counters candles_counted;
  bool unwanted = false;  // no event of it any more, though some are on the way here
  bool stopping = false;
};

book_actor::behavior_type book_behavior(book_actor::stateful_pointer<book_state> self,
                                        book_options options);

}  // namespace feedtree::actors
