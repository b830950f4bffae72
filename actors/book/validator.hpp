// The actor that hands a venue's judged events to the distributor, and counts them.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/edges/outbox.hpp"
#include "actors/edges/owed.hpp"
#include "actors/interfaces.hpp"
#include "actors/operator/recent_log.hpp"
#include "actors/sink/sink_table.hpp"
#include "actors/statistics.hpp"
#include "core/rules/clock_samples.hpp"
#include "core/rules/engine.hpp"

namespace feedtree::actors {

struct validator_options {
  std::string name;  // "kraken/validator"
  std::shared_ptr<sink_table> sinks;
  credit_window credit;
  venue_statistics* counters = nullptr;  // outlives the actor
  std::shared_ptr<statistics> edges;     // where the queue to the distributor is shown; may be null
  std::shared_ptr<recent_log> recent;    // gets gaps, states, quarantine; may be null
  std::function<std::int64_t()> now_ns;  // wall clock; empty: latencies are not counted
  std::shared_ptr<const rules::rule_list> rules{};     // judge what decoding noticed; may be null
  std::shared_ptr<rules::price_board> prices{};        // of all venues, where there are rules
  std::shared_ptr<rules::venue_counts> rule_counts{};  // likewise
};

struct validator_state {
  // A present book on its way, behind the batches that it was made of.
  struct pending_answer {
    book_question question;
    batch_ptr book;
    std::uint64_t after = 0;  // sequence in the outbox
  };
  validator_options options;
  distributor_actor distributor;
  std::optional<outbox<batch_ptr>> out;
  std::unique_ptr<rules::rule_engine> engine;  // null: no rules
  std::vector<rules::clock_samples> clocks;    // by listing index
  std::uint64_t breaker_opened = 0;            // times, of which people have heard
  std::deque<pending_answer> answers;
  std::uint64_t answers_dropped = 0;
  owed_acknowledgements owed;
  bool stopping = false;
};

validator_actor::behavior_type validator_behavior(
    validator_actor::stateful_pointer<validator_state> self, validator_options options);

}  // namespace feedtree::actors
