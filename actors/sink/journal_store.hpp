// The actor that does the journal's disk work.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/sink/journal_link.hpp"
#include "actors/sink/sink_table.hpp"
#include "actors/statistics.hpp"
#include "storage/journal.hpp"

namespace feedtree::actors {

struct journal_store_options {
  std::string name = "journal";
  std::function<std::unique_ptr<storage::journal>()> make;  // called once, on the actor's thread
  std::shared_ptr<journal_link> link;
  std::shared_ptr<sink_table> table;
  std::shared_ptr<statistics> counters;
  std::int64_t retry_ms = 500;  // after a failure of the disk
};

struct journal_store_state {
  journal_store_options options;
  std::unique_ptr<storage::journal> store;
  std::deque<storage::journal_batch> pending;  // bounded by the credit of the validators
  std::vector<std::uint64_t> cursors;
  bool cursors_moved = false;
  bool commit_due = false;
  bool retrying = false;
  bool at_limit = false;
  std::string last_error;
};

// Behaviour of the journal's actor; spawn it detached. What comes while it writes is stored
// together in the next commit. A disk that takes nothing is reported and tried again, and what was
// to be stored stays in memory; any other error ends the actor.
journal_store_actor::behavior_type journal_store_behavior(
    journal_store_actor::stateful_pointer<journal_store_state> self, journal_store_options options);

}  // namespace feedtree::actors
