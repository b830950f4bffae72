// The last ledger entries, state changes, quarantined events and alerts, in memory: what an
// operator looks at first. Older ones are in the sinks that store.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.hpp"

namespace feedtree::actors {

struct gap_record {
  std::string id;  // of the event that opened it
  std::string venue;
  std::string instrument;
  event_kind feed = event_kind::book;
  gap_cause cause = gap_cause::sequence;
  gap_repair repair = gap_repair::none;  // what was tried last
  std::string detail;
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;  // 0 while it is open
  bool recovered = false;
};

struct state_record {
  std::string id;
  std::string venue;
  std::string instrument;
  event_kind feed = event_kind::book;
  feed_state from = feed_state::syncing;
  feed_state to = feed_state::syncing;
  std::string reason;
  std::int64_t receive_ns = 0;
};

struct quarantine_record {
  std::string id;
  quarantine_entry entry;
};

struct alert_record {
  std::string id;
  alert_entry entry;
};

// What is wanted of a list; empty texts want all.
struct record_filter {
  std::string venue;
  std::string instrument;
  std::size_t most = 100;
};

struct recent_totals {
  std::uint64_t gaps_opened = 0;
  std::uint64_t gaps_closed = 0;
  std::uint64_t gaps_recovered = 0;  // of those that were closed
  std::uint64_t state_changes = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t alerts = 0;
};

// One venue's part of them. Rules are those that are built in and those of a file, so that their
// number is bounded.
struct venue_totals : recent_totals {
  std::map<std::string, std::uint64_t> quarantined_by_rule;
  std::array<std::uint64_t, alert_severities> alerts_by_severity{};
};

// Thread-safe. Holds at most so many of each kind; texts are cut, so it is bounded in bytes too.
class recent_log {
 public:
  explicit recent_log(std::size_t records_max) : records_max_(records_max) {}

  struct listener {
    std::function<void(const gap_record&)> on_gap;
    std::function<void(const state_record&)> on_state;
    std::function<void(const quarantine_record&)> on_quarantine;
    std::function<void(const alert_record&)> on_alert{};
  };
  // Told of everything that comes, on the thread that brought it; must not block. An empty one
  // ends it: no call is under way when this returns.
  void set_listener(listener what);

  // Looks through a batch: gaps, state changes, what is in quarantine, alerts.
  void add(const event_batch& batch);

  // The newest first.
  std::vector<gap_record> gaps(const record_filter& filter) const;
  std::vector<state_record> states(const record_filter& filter) const;
  std::vector<quarantine_record> quarantine(const record_filter& filter) const;
  std::vector<alert_record> alerts(const record_filter& filter) const;
  recent_totals totals() const;
  std::map<std::string, venue_totals> totals_by_venue() const;

 private:
  void add_gap(const event& what, const gap& body);
  void add_state(const event& what, const status_change& body);
  void add_quarantine(const quarantine_entry& what);
  void add_alert(const alert_entry& what);
  // Counts the same in all and in the venue's part.
  template <class Count>
  void count(const std::string& venue, Count&& up) {
    up(totals_);
    up(by_venue_[venue]);
  }

  std::size_t records_max_;
  mutable std::mutex mutex_;
  std::deque<gap_record> gaps_;  // the newest last
  std::deque<state_record> states_;
  std::deque<quarantine_record> quarantine_;
  std::deque<alert_record> alerts_;
  recent_totals totals_;
  std::map<std::string, venue_totals> by_venue_;
  std::mutex listener_mutex_;
  listener listener_;
};

}  // namespace feedtree::actors
