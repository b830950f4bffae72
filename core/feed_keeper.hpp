// Keeps one instrument at one venue: its book, what the book is worth, and every check on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/continuity.hpp"
#include "core/event.hpp"
#include "core/ledger.hpp"
#include "core/order_book.hpp"
#include "core/plain_feeds.hpp"

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
  std::uint64_t numbers_back = 0;      // of the gaps: a lower number with a later time
  std::uint64_t unknown_deletes = 0;
  std::uint64_t level_updates = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t snapshots_too_old = 0;
  std::uint64_t levels_cut = 0;  // fell off the depth that the book is kept to

  keeper_counters& operator+=(const keeper_counters& other);
};

struct keeper_options {
  std::size_t depth = 0;               // levels a side that the venue keeps; 0: all
  std::size_t held_events_max = 4096;  // deltas held while a snapshot is under way
  std::size_t held_levels_max = 400'000;
};

// Takes decoded events of its instrument in order and gives checked ones: book changes that
// continue the book, and everything else, each with the state that its feed has then. On a failed
// check it stops applying, says so in status and gap events, and wants a snapshot. No clock: times
// are those of the events. Not thread-safe.
class feed_keeper {
 public:
  feed_keeper(const listing* where, guard_ptr guard, keeper_options options);

  // Judges one event of `from` and appends what comes of it to out.
  void process(const event& what, const event_batch& from, event_batch& out);

  // The connection of these feeds is gone; the book, if it is one of them, is discarded.
  void connection_lost(const kind_set& kinds, std::int64_t now_ns, std::string_view reason,
                       event_batch& out);

  // Nothing came of these feeds for longer than can be believed: those that were live are stale
  // until data comes again.
  void stale(const kind_set& kinds, std::int64_t now_ns, std::string_view reason, event_batch& out);

  // Something was done about the open gaps of these feeds.
  void note_repair(const kind_set& kinds, gap_repair what, std::int64_t now_ns, event_batch& out);

  // True if the best levels of the book are the ones of this snapshot: that the venue sent nothing
  // is then because nothing happened. A book that was stale is live again.
  bool proves(const book_change& snapshot, const event_batch& from, std::int64_t now_ns,
              event_batch& out);

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

  // Takes the place of a keeper of this book that ended: see feed_ledger.
  void resume(const feed_past& past, std::int64_t accepted_ns, std::int64_t now_ns,
              event_batch& out) {
    ledger_.resume(past, accepted_ns, moment::ours(now_ns), out);
  }
  void resume_after_outage(const feed_past& past, std::int64_t stored_ns, std::int64_t now_ns,
                           event_batch& out) {
    ledger_.resume_after_outage(past, stored_ns, moment::ours(now_ns), out);
  }
  feed_past past() const { return ledger_.past(); }  // of the book

  const listing* where() const { return where_; }
  feed_state state() const { return ledger_.state(); }  // of the book
  feed_state state(event_kind kind) const {
    return kind == event_kind::book ? state() : others_.state(kind);
  }
  const order_book& book() const { return book_; }
  const keeper_counters& counters() const { return counters_; }
  // Deltas that were dropped although there is a book: they show nothing new.
  std::uint64_t repeated() const { return counters_.duplicates + counters_.old_deltas; }

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
  void pass(const event& what, const book_change& change, const event_batch& from,
            event_batch& out);
  void break_sequence(const event& what, const event_batch& from, std::string_view detail,
                      event_batch& out);
  void release_held(event_batch& out);
  void judge_state(const event& what, event_batch& out);
  feed_state worth() const;
  void break_book(const moment& at, gap_cause cause, std::string_view detail, event_batch& out);
  bool shows_the_same(book_part part, std::span<const level> best) const;
  void discard_book();
  void want_snapshot();

  const listing* where_;
  guard_ptr guard_;
  keeper_options options_;
  order_book book_;
  feed_ledger ledger_;  // of the book
  plain_feeds others_;
  bool has_book_ = false;         // a snapshot was applied and deltas may follow
  bool joined_ = false;           // a delta followed the snapshot
  bool suspect_ = false;          // connection_gap was called and no snapshot came since
  bool snapshot_wanted_ = false;  // take_snapshot_request has not been called yet
  bool snapshot_asked_ = false;   // a snapshot is under way
  event_batch held_;
  std::uint64_t highest_number_ = 0;             // of what was passed on
  std::optional<std::uint64_t> numbers_reused_;  // up to here, since the venue counted again
  keeper_counters counters_;
};

}  // namespace feedtree
