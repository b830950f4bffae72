// `feedtree replay`: captures in, checked events out, with a report.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "actors/edges/outbox.hpp"
#include "actors/replay/recording.hpp"
#include "adapters/venues/venue_pipeline.hpp"
#include "core/candles.hpp"
#include "core/rules/rule.hpp"
#include "core/sink.hpp"

namespace feedtree::actors {

struct replay_options {
  recording_options from;
  std::int64_t speed = 0;   // times the recorded pace, in thousandths; 0: as fast as it goes
  std::uint64_t loops = 1;  // how often the captures are replayed
  // Receive times of what is passed on; what was before fills the books. The begin is in it, the
  // end is not; 0: no bound.
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  bool begin_with_books = true;          // with from_ns: each book as it is then comes first
  std::vector<std::string> instruments;  // NAME or VENUE:NAME that are passed on; empty: all
  std::vector<std::string> sinks;        // KIND:TARGET
  std::string prefix = "replay";         // of subjects and keys; empty: the live ones
  bool strict = false;                   // failure if anything failed, was rejected or is crossed
  bool progress = false;                 // a bar on standard error
  credit_window credit;
  candle_options candles;                           // that are built from the trades
  std::shared_ptr<const rules::rule_list> rules{};  // null: only those that are built in
};

// What a replay did; the source of the report.
struct replay_result {
  venues::frame_counters frames;
  venues::ignored_frames ignored;  // of these, by channel
  std::uint64_t not_archived = 0;  // frames for which the archive had no room
  std::array<std::uint64_t, event_kinds> events{};
  keeper_counters continuity;
  trade_counters trades;
  candle_counters candles;
  std::uint64_t quarantined = 0;
  std::uint64_t connections = 0;  // that brought frames
  merge_counters merged;          // of those that carry the same
  struct instrument_line {
    std::string venue;
    std::string instrument;
    feed_state state = feed_state::syncing;
    std::uint64_t bids = 0;
    std::uint64_t asks = 0;
    std::string best_bid;  // empty: none
    std::string best_ask;
    std::uint64_t book_hash = 0;
  };
  std::vector<instrument_line> instruments;
  std::vector<std::string> complaints;  // refused subscriptions and error frames
  struct sink_line {
    std::string sink;  // kind
    sink_counters counters;
  };
  std::vector<sink_line> sinks;
  std::vector<std::string> damages;  // of archives: what was cut, altered or lost
  std::string lost_field;            // the first optional field that was left out, and why
  std::vector<std::string> unseen;   // instruments that were asked for and are not there
  std::string rejected_example;      // the first rejected frame's reason and excerpt
  std::int64_t elapsed_ns = 0;

  // Why a strict replay fails, in words; empty if it does not.
  std::string strict_failure() const;
};

// Replays. The same captures give the same events in the same order. Throws std::runtime_error
// (also capture_error and sink_error) with one clear line.
replay_result replay(const replay_options& options);

// The report as JSON, see docs/replay.md.
std::string report_json(const replay_result& result);

}  // namespace feedtree::actors
