// All feeds of one instrument at one venue, from however many connections bring them: each event
// once, and one book.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/book_arbiter.hpp"
#include "core/event_arbiter.hpp"
#include "core/plain_feeds.hpp"
#include "core/trade_keeper.hpp"

namespace feedtree {

// What came of connections that carry the same.
struct merge_counters {
  std::uint64_t repeated = 0;          // events that another connection had brought before
  std::uint64_t disagreements = 0;     // of these, with other content
  std::uint64_t takeovers = 0;         // another connection's book took the place of the leader's
  std::uint64_t unused_snapshots = 0;  // of no known connection, and every book was live

  merge_counters& operator+=(const merge_counters& other);
};

// Does for a replay what the actor of a book does for the live server. No clock: times are those of
// the events, or passed in. Not thread-safe.
class instrument_feeds {
 public:
  // Whatever comes over no connection of its own (a REST answer) is of this source.
  static constexpr source_id unnamed = 0;

  instrument_feeds(const listing* where, book_arbiter::keeper_factory make,
                   const trade_keeper_options& trades);

  // An event that this connection brought; appends what comes of it.
  void process(source_id from, const event& what, const event_batch& batch, event_batch& out);
  // An event of a REST answer of this connection: no second copy of what connections bring.
  void process_answer(source_id from, const event& what, const event_batch& batch,
                      event_batch& out);
  // A REST answer with trades: those that are missing are passed on. Where trades.fills is set.
  void take_trades(const event_batch& answer, std::int64_t now_ns, event_batch& out);
  // The connection ended: what nobody else brings is lost until data comes again.
  void lost(source_id from, std::int64_t now_ns, std::string_view reason, event_batch& out);
  // Frames of the connection are missing: see feed_keeper.
  void connection_gap(source_id from, std::int64_t now_ns, std::string_view detail,
                      event_batch& out);
  // Lets go of trades that have waited long enough for missing ones; due_ns says when there will be
  // something to do, 0: never.
  void on_time(std::int64_t now_ns, event_batch& out);
  std::int64_t due_ns() const { return trades_.due_ns(); }
  // Nothing more will come.
  void finish(std::int64_t now_ns, event_batch& out);

  bool has_book() const { return has_book_; }  // a change of the book came
  const feed_keeper& book() const { return book_.leader(); }
  keeper_counters book_counters() const { return book_.counters(); }
  const trade_counters& trades() const { return trades_.counters(); }
  merge_counters merged() const;

 private:
  struct source {
    source_id id = 0;
    kind_set brings;  // kinds that came, and were not lost since
  };
  source& source_of(source_id id);
  void note_kind(source_id from, event_kind kind);
  kind_set take_along(source& from);
  void follow_sources();
  bool is_first(source_id from, const event& what, event_batch& out);
  source_id book_source(source_id from);
  void take_unnamed_snapshot(const event& what, const event_batch& batch, event_batch& out);
  void process_trade(const event& what, event_batch& out);
  void pass_trades(event_batch& out);

  book_arbiter book_;
  trade_keeper trades_;
  plain_feeds others_;
  event_arbiter arbiter_;
  event_batch whole_;  // what the trade keeper gave
  std::vector<source> sources_;
  std::vector<source_id> book_sources_;  // that have brought the book
  source_id adopter_ = unnamed;          // whose book began with a snapshot of no connection
  bool has_book_ = false;
  merge_counters merged_;
};

}  // namespace feedtree
