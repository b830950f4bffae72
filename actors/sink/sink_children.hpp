// The sinks of a process, under their supervisor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "actors/edges/outbox.hpp"
#include "actors/sink/journal_link.hpp"
#include "actors/sink/sink_actor.hpp"
#include "actors/sink/sink_feed.hpp"
#include "actors/sink/sink_table.hpp"
#include "actors/statistics.hpp"
#include "actors/supervision/actor_registry.hpp"
#include "actors/supervision/supervisor.hpp"
#include "core/sink.hpp"
#include "storage/journal.hpp"

namespace feedtree::actors {

// One sink to run: how to make it, and its name in messages (never a secret).
struct sink_plan {
  std::string name;
  std::function<std::unique_ptr<sink>()> make;
  sink_policy policy = sink_policy::block;
  bool durable = false;   // what it has taken stays: gets a batch only when the journal has it
  std::string cursor{};   // the name of its place in the journal; for sinks that spool
  bool is_cache = false;  // see sink_route
};

// Someone ended the start while it waited; the text says for what.
class start_stopped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Sleeps; true.
bool pause_thread(std::int64_t ms);

// Makes every sink once, trying again for up to timeout_ms where the error allows it; says in the
// log for which it waits. Between the tries it calls pause, which waits so long and gives false if
// the start is to end. Throws sink_error, which names all that are missing when the time is over,
// or start_stopped.
std::vector<std::unique_ptr<sink>> open_sinks(
    const std::vector<sink_plan>& plans, std::int64_t timeout_ms,
    const std::function<bool(std::int64_t pause_ms)>& pause = pause_thread);

// The journal of a process, opened before anything starts.
struct journal_plan {
  std::function<std::unique_ptr<storage::journal>()> make;
  std::unique_ptr<storage::journal> open;  // used for the first start
  std::shared_ptr<journal_link> link;
};

// Opens the journal and finds where each sink is: the newer of what the journal and the sink itself
// say. Throws sink_error.
journal_plan open_journal(std::function<std::unique_ptr<storage::journal>()> make,
                          const std::vector<sink_plan>& plans,
                          const std::vector<std::unique_ptr<sink>>& sinks);

struct sink_services {
  std::shared_ptr<sink_table> table;
  std::shared_ptr<statistics> counters;
  // Gives, for a sink's index, who hears that a present book is asked for; may be empty.
  std::function<book_question_handler(std::size_t)> questions;
  std::function<void(std::size_t)> ask_books{};  // see distributor_options
  random_source random;
  std::int64_t grace_ms = 10'000;
  restart_options restart;
  credit_window credit;                      // from the distributor to each sink
  std::shared_ptr<actor_registry> actors{};  // where they are shown, below path; may be null
  std::string path{};                        // "root/sinks"
};

// The options of the supervisor of these sinks; the open ones are used for the first start.
supervisor_options sinks_supervisor(const std::vector<sink_plan>& plans,
                                    std::vector<std::unique_ptr<sink>> open,
                                    const sink_services& services);

// The same with the journal (if there is one) before and the distributor behind the sinks.
supervisor_options delivery_supervisor(const std::vector<sink_plan>& plans,
                                       std::vector<std::unique_ptr<sink>> open,
                                       std::optional<journal_plan> journal,
                                       const sink_services& services);

}  // namespace feedtree::actors
