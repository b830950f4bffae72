// The actor that holds one WebSocket connection of a venue.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actors/edges/edge_display.hpp"
#include "actors/edges/outbox.hpp"
#include "actors/interfaces.hpp"
#include "actors/sink/archive_intake.hpp"
#include "actors/statistics.hpp"
#include "actors/supervision/alarm.hpp"
#include "actors/supervision/restart_policy.hpp"
#include "actors/venue/frame_inbox.hpp"
#include "actors/venue/repair_ladder.hpp"
#include "actors/venue/shared_budget.hpp"
#include "actors/venue/subscriptions.hpp"
#include "adapters/transport/https_client.hpp"
#include "adapters/transport/reactor.hpp"
#include "adapters/transport/websocket_client.hpp"
#include "adapters/venues/venue.hpp"
#include "core/freshness.hpp"

namespace feedtree::venues {
class schema_watch;
}

namespace feedtree::actors {

struct connection_options {
  std::string name;  // "kraken/connection-1"
  const venues::venue* venue = nullptr;
  std::shared_ptr<venues::venue_symbols> symbols;  // filled; not changed any more
  venues::venue_addresses addresses;
  venues::connection_plan plan;
  transport::websocket_options socket;
  transport::reactor* reactor = nullptr;
  transport::https_client* https = nullptr;
  std::shared_ptr<shared_budget> budget;
  std::map<const listing*, book_actor> books;  // every instrument of the plan has one
  validator_actor validator;                   // for frames that could not be read
  std::shared_ptr<statistics> counters;
  credit_window credit;
  backoff_options reconnect;
  freshness_options freshness;
  // Outlives the actor, so that its budget holds over restarts.
  std::shared_ptr<repair_ladder> repairs;
  std::function<std::int64_t()> now_ns;
  random_source random;
  std::shared_ptr<archive_intake> archive;  // gets what is received; may be null
  connection_line_actor line;               // is told when all streams run; may be null
  std::int64_t answer_timeout_ms = 10'000;  // for an acknowledgement
  std::string drift_rule;  // the rule of schema_drift; empty: nobody asks whether fields change
  std::uint32_t drift_sample_every = 100;
  std::uint32_t drift_learn = 20;
  std::int64_t snapshot_timeout_ms = 10'000;  // for a snapshot that was asked for
};

// One book whose snapshot is asked for.
struct wanted_snapshot {
  venues::stream book;
  std::int64_t due_ns = 0;         // when to ask, or to ask again
  std::uint64_t ticket = 0;        // of the REST request under way; 0: none
  bool is_asked = false;           // it was asked for and may come until due_ns
  std::unique_ptr<backoff> delay;  // after a refusal
};

// Trades that a book misses, and who asks.
struct wanted_trades {
  missing_trades what;
  book_actor to;
  std::int64_t due_ns = 0;   // when to ask
  std::uint64_t ticket = 0;  // of the REST request under way; 0: none
};

struct connection_state {
  connection_options options;
  std::string name;
  archive_tap tap;
  std::unique_ptr<venues::session> session;
  std::shared_ptr<venues::schema_watch> schema;  // null: there is no rule
  std::shared_ptr<frame_inbox> inbox;
  std::unique_ptr<transport::websocket_client> socket;
  std::uint64_t generation = 0;  // of the socket: messages of an older one are dropped
  bool open = false;
  bool good = false;  // this time the venue has granted or sent something
  gauge_mark counted_open;
  bool announced_close = false;  // the venue said that it will close
  std::unique_ptr<backoff> reopen_delay;
  std::int64_t reopen_ns = 0;  // when to open again; 0: not waiting
  subscription_tracker subscriptions;
  std::deque<std::string> to_send;  // paced by the venue's message limit
  std::unique_ptr<transport::rate_budget> message_budget;
  std::int64_t keep_alive_ns = 0;   // when the next one is due; 0: none
  std::int64_t answers_due_ns = 0;  // when acknowledgements are overdue; 0: none are expected
  std::map<const listing*, wanted_snapshot> snapshots;
  freshness watch{{}};
  std::int64_t look_ns = 0;  // when to look at the silence; 0: not now
  struct proof {
    std::size_t feed;
    venues::stream book;
  };
  std::map<std::uint64_t, proof> proofs;     // asked for over REST, by ticket
  std::optional<std::size_t> answer_proves;  // what comes next shows that the venue answers
  std::vector<freshness::finding> findings;  // reused
  std::deque<wanted_trades> trades;
  std::uint64_t next_ticket = 1;
  alarm timer;
  bool blocked = false;                         // frames wait in the inbox for credit
  std::unique_ptr<connection_end> waiting_end;  // known, but frames before it still wait
  bool stopping = false;
  bool retiring = false;               // another connection has taken over
  std::set<const listing*> books_due;  // whose snapshots have not come on this socket
  bool ready = false;                  // and its line knows

  // What was decoded last, and its cut by book; reused.
  std::shared_ptr<std::vector<venues::raw_frame>> frames;  // shared with the archive, if any
  venues::frame_report report;
  std::vector<std::uint32_t> slot_of;  // by listing index: position in slots plus one
  struct slot {
    slot(outbox<decoded_slice> to_book, std::string edge)
        : out(std::move(to_book)), display(std::move(edge)) {}
    const listing* where = nullptr;
    kind_set kinds;  // that this connection was planned to carry
    outbox<decoded_slice> out;
    book_actor to;
    edge_display display;
    std::vector<std::uint32_t> indices;
    std::size_t bytes = 0;
    std::array<std::size_t, event_kinds> feeds{};  // their numbers in the watch
    kind_set heard;                                // in the frames that were taken last
    bool has_snapshot = false;                     // likewise
    bool book_repeats = false;                     // the book says so: no sign of life
  };
  std::deque<slot> slots;
  std::unique_ptr<outbox<batch_ptr>> quarantine_out;
  std::unique_ptr<edge_display> quarantine_display;
  venue_statistics* statistics = nullptr;
  venues::session_counters counted;  // of the session, as far as they are in statistics
};

connection_actor::behavior_type connection_behavior(
    connection_actor::stateful_pointer<connection_state> self, connection_options options);

}  // namespace feedtree::actors
