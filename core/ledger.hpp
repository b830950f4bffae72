// The events that say what a feed is worth: changes of its state, and entries of the gap ledger.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/event.hpp"

namespace feedtree {

// When something happened, by the venue's clock and by ours.
struct moment {
  std::int64_t exchange_ns = 0;
  std::int64_t receive_ns = 0;

  static moment of(const event& what) { return {what.exchange_ns, what.receive_ns}; }
  static moment ours(std::int64_t now_ns) { return {now_ns, now_ns}; }
};

// A gap that is open: its cause, and where it begins.
struct open_entry {
  gap_cause cause = gap_cause::sequence;
  std::int64_t begin_ns = 0;
  friend bool operator==(const open_entry&, const open_entry&) = default;
};

// What a feed was when the actor that kept it ended: all that a successor knows of it.
struct feed_past {
  feed_state state = feed_state::syncing;
  bool gap_is_open = false;
  gap_cause cause = gap_cause::sequence;  // of the open gap
  std::int64_t begin_ns = 0;              // likewise
  // Where the open gap is an outage: the gap in which it began. It ends with it.
  std::optional<open_entry> earlier{};
};

// Keys of what is said of one feed: `book-<exchange time>-live`, or `book-<receive time>r-live`
// where the venue's clock did not go on since the last of that name: a key is not given twice.
class ledger_keys {
 public:
  event_key key(event_kind feed, feed_state to, const moment& at);
  event_key key_of_begin(event_kind feed, const moment& at) { return key(feed, "begin", 0, at); }
  event_key key_of_end(event_kind feed, const moment& at) { return key(feed, "end", 1, at); }
  // Of a gap that ends together with another.
  event_key key_of_earlier_end(event_kind feed, const moment& at) {
    return key(feed, "earlier-end", 1, at);
  }
  event_key key(event_kind feed, gap_repair step, const moment& at);
  // Times up to this one may have been used before.
  void forget_before(std::int64_t exchange_ns) { last_ns_.fill(exchange_ns); }

 private:
  event_key key(event_kind feed, std::string_view name, std::size_t number, const moment& at);
  std::array<std::int64_t, 2 + gap_repairs + feed_states> last_ns_{};
};

// One feed's state and its gap, if one is open. Appends a status event for each change of the state
// and a gap event for each step of a gap. Their receive times do not go back: what was received
// before a snapshot, and held for it, is judged behind it.
class feed_ledger {
 public:
  feed_ledger(const listing* where, event_kind feed) : where_(where), feed_(feed) {}

  feed_state state() const { return state_; }
  void change_state(feed_state to, const moment& at, std::string_view reason, event_batch& out);

  bool gap_is_open() const { return gap_is_open_; }
  // Data that passed every check came: a gap begins behind it.
  void good(std::int64_t receive_ns) { last_good_ns_ = receive_ns; }
  std::int64_t last_good_ns() const { return last_good_ns_; }
  // A gap begins, unless one is open already: that one goes on.
  void open_gap(gap_cause cause, const moment& at, std::string_view detail, event_batch& out);
  // Something was done about the open gap; without one nothing happens.
  void note_repair(gap_repair what, const moment& at, event_batch& out);
  // The open gap ends, by what was done last. recovered: the feed is whole again.
  void close_gap(bool recovered, const moment& at, event_batch& out);

  // An outage ends: so does the gap in which it began.
  void close_outage(const gap& end, const moment& at, event_batch& out);
  bool has_outage() const { return gap_is_open_ && gap_.cause == gap_cause::outage; }

  // What a successor is to be told.
  feed_past past() const { return {state_, gap_is_open_, gap_.cause, gap_.begin_ns, earlier_}; }
  // Takes the place of a ledger that ended. What it had told is not said again: its open gap goes
  // on; a feed that had data has a gap from accepted_ns on, the receive time up to which all of it
  // was handed on. The feed is syncing.
  void resume(const feed_past& past, std::int64_t accepted_ns, const moment& at, event_batch& out);
  // Likewise for a ledger of an earlier run of the server: stored_ns is the receive time of the
  // last event that is stored. An outage begins there, whatever the feed was; an outage that is
  // open already goes on.
  void resume_after_outage(const feed_past& past, std::int64_t stored_ns, const moment& at,
                           event_batch& out);

 private:
  void go_on_with(gap_cause cause, std::int64_t begin_ns, std::string_view reason);
  void append_gap(const event_key& key, const moment& at, event_batch& out) const;
  event entry_at(const moment& at) const;

  const listing* where_;
  event_kind feed_;
  feed_state state_ = feed_state::syncing;
  moment told(const moment& at);

  ledger_keys keys_;
  std::int64_t last_told_ns_ = 0;  // receive time
  gap gap_;
  bool gap_is_open_ = false;
  std::optional<open_entry> earlier_;  // the gap in which the open outage began
  std::int64_t last_good_ns_ = 0;
};

}  // namespace feedtree
