// One book out of several connections that carry it: one leads, the others stand by.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/event_arbiter.hpp"
#include "core/feed_keeper.hpp"

namespace feedtree {

// Every connection has a feed_keeper of its own, so that each is checked by the venue's rule on
// its own updates. What the leader's keeper passes is passed on; of the others, what the leader
// has not brought yet is kept. When the leader fails, or falls behind, one that is live takes its
// place where it left off, found by the updates' keys: nothing is missing, and nothing comes twice.
// Where the keys do not meet (the venue cuts its updates otherwise on each connection), the new
// leader begins with a snapshot of its book. No clock: times are those of the events. Not
// thread-safe.
class book_arbiter {
 public:
  using keeper_factory = std::function<std::unique_ptr<feed_keeper>()>;
  explicit book_arbiter(keeper_factory make);

  // An event of the book from this connection; appends what comes of it.
  void process(source_id from, const event& what, const event_batch& batch, event_batch& out);
  // As feed_keeper has them.
  void connection_lost(source_id from, std::int64_t now_ns, std::string_view reason,
                       event_batch& out);
  void connection_gap(source_id from, std::int64_t now_ns, std::string_view detail,
                      event_batch& out);
  void stale(source_id from, std::int64_t now_ns, std::string_view reason, event_batch& out);
  void note_repair(source_id from, gap_repair what, std::int64_t now_ns, event_batch& out);
  // `snapshot` is the venue's present book, for comparison.
  bool proves(source_id from, const event& snapshot, const event_batch& batch, std::int64_t now_ns,
              event_batch& out);
  // This connection will bring nothing more, ever.
  void end(source_id from, std::int64_t now_ns, std::string_view reason, event_batch& out);

  // What a successor is to be told of the book that is passed on, and what it does with it, before
  // any event: see feed_ledger.
  feed_past past() const;
  void resume(const feed_past& past, std::int64_t accepted_ns, std::int64_t now_ns,
              event_batch& out);
  // Likewise after an outage of the server: see feed_ledger.
  void resume_after_outage(const feed_past& past, std::int64_t stored_ns, std::int64_t now_ns,
                           event_batch& out);

  // The connections whose books came to need a snapshot since the last time.
  std::vector<source_id> take_snapshot_requests();
  void snapshot_failed(source_id from);
  // Deltas of this connection that its book dropped because they show nothing new.
  std::uint64_t repeated(source_id from) const;

  // The book that is passed on.
  const feed_keeper& leader() const { return *sources_.at(leader_).keeper; }
  feed_keeper& leader() { return *sources_.at(leader_).keeper; }
  // This connection has brought something, and did not end.
  bool knows(source_id from) const { return find(from) != nullptr; }
  // Its own book is live.
  bool is_live(source_id from) const;
  std::size_t sources() const { return sources_.size(); }
  std::uint64_t takeovers() const { return takeovers_; }
  // Checks of all connections together.
  keeper_counters counters() const;

 private:
  struct source {
    source_id id = 0;
    bool bound = false;  // false: it has brought nothing yet, or is gone
    std::unique_ptr<feed_keeper> keeper;
    event_batch ahead;         // checked updates that the leader has not brought
    std::size_t first = 0;     // where they begin in it
    bool whole = false;        // nothing is missing between the leader's last and the first of them
    event_key last;            // of the last update that its keeper passed
    std::int64_t last_ns = 0;  // its receive time
  };

  const source* find(source_id id) const;
  source& source_of(source_id id);
  std::size_t index_of(source_id id) const;
  void take_past(const feed_past& past, event_batch& result, event_batch& out);
  void take_result(std::size_t index, event_batch& result, event_batch& out);
  void stand_by(source& from, const event_batch& result);
  void pass(const event& what, const event_batch& from, event_batch& out);
  void note_published(const event& what);
  void join(const event& what, const event_batch& from, event_batch& out);
  bool was_delivered(const event_key& key) const;
  void append_book(const event& as_of, event_batch& out);
  void note_delivered(const event& what);
  void drop_delivered(source& from, const event_key& key);
  bool is_live(const source& what) const;
  void consider_takeover(event_batch& out);
  void take_over(std::size_t index, event_batch& out);
  void publish_state(const event& cause, event_batch& out);
  bool lags(const source& other) const;

  keeper_factory make_;
  std::vector<source> sources_;
  std::size_t leader_ = 0;
  std::deque<event_key> delivered_;  // keys of the last updates passed on, while there are others
  // The venue's number of the last one.
  std::optional<std::uint64_t> delivered_id_;
  bool joins_ = false;   // what the leader brings may have been passed on before
  bool at_end_ = false;  // and it is where the old leader was
  std::uint64_t takeovers_ = 0;
  keeper_counters ended_;
  // As consumers have it.
  ledger_keys keys_;  // of what it tells itself
  feed_state published_ = feed_state::syncing;
  gap open_gap_;
  bool gap_is_open_ = false;
  std::optional<open_entry> earlier_;  // see feed_past
};

}  // namespace feedtree
