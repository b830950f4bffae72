// The sinks of a process, under their supervisor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/sink_actor.hpp"
#include "actors/sink_table.hpp"
#include "actors/statistics.hpp"
#include "actors/supervisor.hpp"
#include "core/sink.hpp"

namespace feedtree::actors {

// One sink to run: how to make it, and its name in messages (never a secret).
struct sink_plan {
  std::string name;
  std::function<std::unique_ptr<sink>()> make;
};

// Makes every sink once, trying again for up to timeout_ms where the error allows it, so that a
// missing service is one clear line before anything starts. Throws sink_error.
std::vector<std::unique_ptr<sink>> open_sinks(const std::vector<sink_plan>& plans,
                                              std::int64_t timeout_ms);

struct sink_services {
  std::shared_ptr<sink_table> table;
  std::shared_ptr<statistics> counters;
  // Gives, for a sink's index, who hears that a present book is asked for; may be empty.
  std::function<book_question_handler(std::size_t)> questions;
  random_source random;
  std::int64_t grace_ms = 10'000;
  restart_options restart;
};

// The options of the supervisor of these sinks; the open ones are used for the first start.
supervisor_options sinks_supervisor(const std::vector<sink_plan>& plans,
                                    std::vector<std::unique_ptr<sink>> open,
                                    const sink_services& services);

}  // namespace feedtree::actors
