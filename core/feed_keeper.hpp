// Keeps one instrument at one venue: its book, what the book is worth, and every check on it.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/continuity.hpp"
#include "core/event.hpp"
#include "core/order_book.hpp"

namespace feedtree {

struct keeper_counters {
  std::uint64_t checksum_ok = 0;
  std::uint64_t checksum_failed = 0;
  std::uint64_t sequence_ok = 0;
  std::uint64_t sequence_gaps = 0;
  std::uint64_t crossed = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t old_deltas = 0;        // older than the snapshot: normal after a REST snapshot
  std::uint64_t without_snapshot = 0;  // deltas dropped because there was no book to apply them to
  std::uint64_t unknown_deletes = 0;
  std::uint64_t level_updates = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t snapshots_too_old = 0;

  keeper_counters& operator+=(const keeper_counters& other);
};

struct keeper_options {
  std::size_t depth = 0;               // levels a side that the venue keeps; 0: all
  std::size_t held_events_max = 4096;  // deltas held while a snapshot is under way
  std::size_t held_levels_max = 400'000;
};

// Takes decoded events of its instrument in order and gives checked ones: book changes that
// continue the book, with the state the book has then, and everything else as it came. On a failed
// check it stops applying, says so in status and gap events, and wants a snapshot. No clock: times
// are those of the events. Not thread-safe.
class feed_keeper {
 public:
  feed_keeper(const listing* where, guard_ptr guard, keeper_options options);

  // Judges one event of `from` and appends what comes of it to out.
  void process(const event& what, const event_batch& from, event_batch& out);

  // The connection of the book's feed is gone: the book is discarded.
  void connection_lost(std::int64_t now_ns, std::string_view reason, event_batch& out);

  // Frames of the book's connection are missing, and which instrument they were of is not known:
  // the book goes on with state gap until a snapshot comes. Where deltas are held for a snapshot
  // over REST, it stops instead, and they are held.
  void connection_gap(std::int64_t now_ns, std::string_view detail, event_batch& out);

  // True once after the book came to need a snapshot; the caller then asks the venue for one.
  bool take_snapshot_request();

  // The snapshot that was asked for could not be had: the next delta asks again.
  void snapshot_failed();

  // Appends a snapshot of the present book, as an answer to a request; not an event of the feed.
  void append_present_book(std::int64_t now_ns, event_batch& out) const;

  const listing* where() const { return where_; }
  feed_state state() const { return state_; }
  const order_book& book() const { return book_; }
  const keeper_counters& counters() const { return counters_; }

 private:
  void process_snapshot(const event& what, const book_change& change, const event_batch& from,
                        event_batch& out);
  void process_delta(const event& what, const book_change& change, const event_batch& from,
                     event_batch& out);
  void apply_delta(const event& what, const book_change& change, const event_batch& from,
                   event_batch& out);
  bool apply_levels(const event& what, const book_change& change, const event_batch& from,
                    event_batch& out);
  void without_book(const event& what, const event_batch& from);
  void release_held(event_batch& out);
  void judge_crossed(const event& what, event_batch& out);
  void break_book(const event& what, gap_cause cause, std::string_view detail, event_batch& out);
  void change_state(feed_state to, const event& cause, std::string_view reason, event_batch& out);
  void append_gap(const event& cause_event, bool recovered, event_batch& out);
  void discard_book();
  void want_snapshot();

  const listing* where_;
  guard_ptr guard_;
  keeper_options options_;
  order_book book_;
  feed_state state_ = feed_state::syncing;
  bool has_book_ = false;         // a snapshot was applied and deltas may follow
  bool joined_ = false;           // a delta followed the snapshot
  bool suspect_ = false;          // connection_gap was called and no snapshot came since
  bool snapshot_wanted_ = false;  // take_snapshot_request has not been called yet
  bool snapshot_asked_ = false;   // a snapshot is under way
  event_batch held_;
  gap open_gap_;
  bool gap_is_open_ = false;
  std::int64_t last_good_ns_ = 0;  // receive time of the last book message that passed
  keeper_counters counters_;
};

}  // namespace feedtree
