// Sessions, books and rules of one venue in one place and one thread: what a replay, a test or a
// fuzzer runs. The live server spreads the same objects over actors.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/ignored_frames.hpp"
#include "adapters/venues/venue.hpp"
#include "core/event.hpp"
#include "core/feed_keeper.hpp"
#include "core/instrument_feeds.hpp"
#include "core/trade_volume.hpp"

namespace feedtree::venues {

struct frame_counters {
  std::uint64_t received = 0;
  std::uint64_t decoded = 0;
  std::uint64_t ignored = 0;
  std::uint64_t rejected = 0;
  std::uint64_t entries_lost = 0;  // of frames that were not rejected: see frame_losses
  std::uint64_t fields_lost = 0;
};

struct pipeline_options {
  bool judge_events = true;       // quarantine events that break a rule
  bool answers_follow = false;    // what was fetched in place of missing trades comes, too
  std::size_t excerpt_max = 160;  // of a rejected frame
};

// Reads the frames of any number of connections of one venue in the order given and turns them
// into checked events. Connections that carry the same are merged as in the live server: each has a
// book of its own of which one leads, and each event passes once. The same frames give the same
// events. Not thread-safe.
class venue_pipeline {
 public:
  venue_pipeline(const venue& what, listing_registry& registry, pipeline_options options = {});

  // A connection was opened at this URL (empty: not known); its frames follow under its name.
  void connect(std::string_view connection, std::string_view url);
  // It ended: its feeds are lost until data comes again.
  void disconnect(std::string_view connection, std::int64_t now_ns, std::string_view reason,
                  event_batch& out);
  // Reads a frame, or the body of a REST answer; appends what comes of it to out.
  void frame(std::string_view connection, const raw_frame& what, event_batch& out);
  // `connection` asked for it; a name under which no frames came (empty: not known) is nobody's.
  void rest(std::string_view connection, std::string_view url, const raw_frame& body,
            event_batch& out);
  void rest(std::string_view url, const raw_frame& body, event_batch& out) {
    rest({}, url, body, out);
  }
  // Nothing more will come: what waited for missing trades is passed on.
  void finish(event_batch& out);

  const frame_counters& frames() const { return frames_; }
  // Of these the ignored ones, by channel.
  const ignored_frames& ignored() const { return ignored_; }
  // Missing trades and those that came twice.
  trade_counters trades() const;
  // Checks on connections and books together.
  keeper_counters continuity() const;
  std::uint64_t quarantined() const { return quarantined_; }
  // What connections that carry the same brought twice.
  merge_counters merged() const;
  std::size_t connections() const;  // that brought frames
  // The books that lead, in the order in which their instruments were first seen.
  std::vector<const feed_keeper*> books() const;
  // Refused subscriptions and error frames, in the order in which they came.
  const std::vector<std::string>& complaints() const { return complaints_; }
  // The first field that was lost, and why; empty if none was.
  const std::string& lost_field() const { return lost_field_; }

 private:
  struct open_connection {
    std::unique_ptr<session> what;
    source_id id = 0;
    std::uint64_t frames = 0;
    std::vector<instrument_feeds*> feeds;  // of which something came on it
    std::vector<bool> carries;             // the same, by listing index
  };
  open_connection& connection_of(std::string_view name);
  void take(const open_connection& from, const raw_frame& what, event_batch& out);
  void pass(const event& what, event_batch& out);
  void pass_answer(source_id from, const event& what, event_batch& out);
  void pass_fetched_trades(std::int64_t now_ns, event_batch& out);
  bool waits_for_answers() const { return options_.answers_follow && venue_.numbers_trades(); }
  void release_waiting(std::int64_t now_ns, event_batch& out);
  void note_due(const instrument_feeds& feeds);
  void reject(std::string_view connection, const raw_frame& what, event_batch& out);
  void take_losses(std::string_view connection, std::int64_t now_ns, event_batch& out);
  void quarantine(std::string_view connection, const std::string& reason, std::string_view text,
                  std::int64_t now_ns, event_batch& out);
  void connection_gap(const open_connection& from, std::int64_t now_ns, event_batch& out);
  void judge_from(std::size_t first, event_batch& out);
  void follow_volumes(std::size_t first, event_batch& out);
  instrument_feeds& feeds_of(const listing* where);
  void note_carried(std::size_t index, instrument_feeds& feeds);
  void note_book(instrument_feeds& feeds);

  const venue& venue_;
  venue_symbols symbols_;
  pipeline_options options_;
  std::map<std::string, open_connection, std::less<>> connections_;
  open_connection* current_ = nullptr;
  std::string current_name_;
  std::vector<std::unique_ptr<instrument_feeds>> feeds_;  // by listing index
  std::vector<const instrument_feeds*> books_;            // in the order in which they began
  std::vector<std::unique_ptr<trade_volume>> volumes_;    // by listing index
  std::int64_t due_ns_ = 0;   // when trades have waited long enough; 0: none wait
  std::int64_t last_ns_ = 0;  // of the last frame that had a time
  event_batch decoded_;
  frame_report report_;
  frame_counters frames_;
  ignored_frames ignored_;
  std::uint64_t quarantined_ = 0;
  std::vector<std::string> complaints_;
  std::string lost_field_;
};

}  // namespace feedtree::venues
