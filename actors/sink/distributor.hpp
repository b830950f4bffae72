// The actor between all validators and all sinks, with the journal beside it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/edges/owed.hpp"
#include "actors/interfaces.hpp"
#include "actors/sink/journal_link.hpp"
#include "actors/sink/sink_feed.hpp"
#include "actors/sink/sink_table.hpp"
#include "actors/statistics.hpp"
#include "core/loss_summary.hpp"

namespace feedtree::actors {

// How one sink is fed.
struct sink_route {
  std::string name;
  sink_policy policy = sink_policy::block;
  bool durable = false;  // gets a batch only when the journal has it
  // Has the present alone: while its actor is down nothing waits for it, and one that was started
  // anew gets the books as they are then.
  bool is_cache = false;
};

struct distributor_options {
  std::string name = "distributor";
  std::shared_ptr<sink_table> table;
  std::vector<sink_route> routes;      // by the sink's index
  std::shared_ptr<journal_link> link;  // none: there is no journal, and every sink blocks
  credit_window credit;                // to each sink
  std::shared_ptr<statistics> counters;
  // Asks all books for what they are now, for this sink and without a reply_to; may be empty.
  std::function<void(std::size_t sink)> ask_books{};
  std::int64_t stop_ms = 5'000;  // sinks that have not caught up by then do so after the next start
};

struct distributor_state {
  struct upstream_batch {
    std::uint64_t position = 0;
    caf::strong_actor_ptr producer;
    std::uint64_t sequence = 0;
  };
  // A present book on its way to the sink that asked, behind the batches that it was made of.
  struct pending_answer {
    book_question question;
    batch_ptr book;
    std::uint64_t after = 0;
  };
  distributor_options options;
  std::vector<sink_actor> sinks;       // null where a cache is down
  std::vector<caf::actor_addr> known;  // of caches: the last one, also where it is down
  journal_store_actor journal;
  std::deque<sink_feed> feeds;                               // one a sink
  std::deque<upstream_batch> unreleased;                     // not yet acknowledged upstream
  std::deque<std::pair<std::uint64_t, batch_ptr>> unstored;  // sent to the journal, not stored
  std::deque<pending_answer> answers;
  std::uint64_t unstored_events = 0;
  std::uint64_t unstored_bytes = 0;
  std::uint64_t last_position = 0;
  std::uint64_t stored = 0;
  bool refusing = false;  // the journal takes nothing: what comes is lost for sinks that store
  loss_summary lost;
  std::uint64_t events_lost = 0;
  bool stopping = false;
};

// Behaviour of the distributor. A batch is acknowledged upstream when the journal has it and every
// sink that blocks was sent it.
distributor_actor::behavior_type distributor_behavior(
    distributor_actor::stateful_pointer<distributor_state> self, distributor_options options);

}  // namespace feedtree::actors
