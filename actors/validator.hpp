// The actor that judges a venue's events and hands them to all sinks.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/outbox.hpp"
#include "actors/owed.hpp"
#include "actors/sink_table.hpp"
#include "actors/statistics.hpp"

namespace feedtree::actors {

struct validator_options {
  std::string name;  // "kraken/validator"
  std::shared_ptr<sink_table> sinks;
  credit_window credit;
  venue_statistics* counters = nullptr;  // outlives the actor
};

struct validator_state {
  // A present book on its way to the sink that asked, behind the batches that it was made of.
  struct pending_answer {
    book_question question;
    batch_ptr book;
    std::uint64_t after = 0;  // sequence in that sink's outbox
  };
  std::string name;
  std::shared_ptr<sink_table> table;
  std::vector<sink_actor> sinks;
  std::deque<outbox<batch_ptr>> outboxes;  // one a sink
  std::deque<pending_answer> answers;
  owed_acknowledgements owed;
  venue_statistics* counters = nullptr;
  bool stopping = false;
};

validator_actor::behavior_type validator_behavior(
    validator_actor::stateful_pointer<validator_state> self, validator_options options);

}  // namespace feedtree::actors
