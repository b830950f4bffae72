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
#include "core/trade_keeper.hpp"

namespace feedtree::venues {

struct frame_counters {
  std::uint64_t received = 0;
  std::uint64_t decoded = 0;
  std::uint64_t ignored = 0;
  std::uint64_t rejected = 0;
};

struct pipeline_options {
  bool judge_events = true;       // quarantine events that break a rule
  std::size_t excerpt_max = 160;  // of a rejected frame
};

// Reads the frames of any number of connections of one venue in the order given and turns them
// into checked events. The same frames give the same events. Not thread-safe.
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
  void rest(std::string_view url, const raw_frame& body, event_batch& out);

  const frame_counters& frames() const { return frames_; }
  // Of these the ignored ones, by channel.
  const ignored_frames& ignored() const { return ignored_; }
  // Missing trades and those that came twice.
  trade_counters trades() const;
  // Checks on connections and books together.
  keeper_counters continuity() const;
  std::uint64_t quarantined() const { return quarantined_; }
  // The books, in the order in which their instruments were first seen.
  std::vector<const feed_keeper*> books() const;
  // Refused subscriptions and error frames, in the order in which they came.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  session& session_of(std::string_view connection);
  void take(std::string_view connection, const raw_frame& what, event_batch& out);
  void pass(const event& what, event_batch& out);
  trade_keeper& trades_of(const listing* where);
  void reject(std::string_view connection, const raw_frame& what, event_batch& out);
  void connection_gap(std::string_view connection, std::int64_t now_ns, event_batch& out);
  void judge_from(std::size_t first, event_batch& out);

  struct open_connection {
    std::unique_ptr<session> what;
    std::vector<feed_keeper*> books;  // whose frames came on it
  };
  struct keeper_entry {
    std::unique_ptr<feed_keeper> keeper;
    const open_connection* connection = nullptr;  // that carries the book
    bool has_book = false;                        // an event of the book came
  };
  keeper_entry& keeper_of(const listing* where);
  void join_book(keeper_entry& entry);

  const venue& venue_;
  venue_symbols symbols_;
  pipeline_options options_;
  std::map<std::string, open_connection, std::less<>> connections_;
  open_connection* current_ = nullptr;
  std::string current_name_;
  std::vector<keeper_entry> keepers_;                  // by listing index
  std::vector<std::unique_ptr<trade_keeper>> trades_;  // likewise
  std::vector<const feed_keeper*> order_;
  event_batch decoded_;
  event_batch whole_;  // what the trade keeper gave
  frame_report report_;
  frame_counters frames_;
  ignored_frames ignored_;
  std::uint64_t quarantined_ = 0;
  std::vector<std::string> complaints_;
};

}  // namespace feedtree::venues
