// Feeds sinks from a thread that is no actor's.
#pragma once

#include <caf/scoped_actor.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "actors/edges/outbox.hpp"
#include "actors/interfaces.hpp"
#include "actors/replay/replay.hpp"
#include "actors/sink/sink_table.hpp"
#include "actors/statistics.hpp"

namespace feedtree::actors {

struct sink_plan;

struct feeder_options {
  credit_window credit;
  std::string prefix;  // of subjects and keys that others read; empty: the live ones
};

// Sends batches to sink actors over credited edges, and waits while there is no credit. A sink that
// fails ends the whole run. One thread.
class sink_feeder {
 public:
  // Starts the sinks, each KIND:TARGET. Throws sink_error where one cannot be opened.
  sink_feeder(caf::actor_system& system, const std::vector<std::string>& specs,
              const feeder_options& options);

  // Returns when all of it is with the sinks. Throws std::runtime_error when one of them failed.
  void send(std::shared_ptr<event_batch> batch);
  // Waits until every sink has everything, stops them, and gives what each did.
  std::vector<replay_result::sink_line> finish();

 private:
  void start(caf::actor_system& system, const std::vector<sink_plan>& plans);
  bool pump();
  template <class Condition>
  void wait_until(Condition&& condition);
  void receive_one();

  caf::scoped_actor self_;
  std::shared_ptr<sink_table> table_;
  std::shared_ptr<statistics> counters_;
  child_actor supervisor_;
  std::vector<sink_actor> handles_;
  std::deque<outbox<batch_ptr>> boxes_;
  std::string failure_;
  bool down_ = false;
  bool stopping_ = false;
};

}  // namespace feedtree::actors
