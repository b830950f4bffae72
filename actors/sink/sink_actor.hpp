// The actor in front of one sink.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "actors/edges/owed.hpp"
#include "actors/interfaces.hpp"
#include "actors/statistics.hpp"
#include "actors/supervision/restart_policy.hpp"
#include "core/sink.hpp"

namespace feedtree::actors {

struct sink_actor_options {
  std::string name;                             // "nats", "sqlite": in messages
  std::size_t index = 0;                        // among the sinks
  std::function<std::unique_ptr<sink>()> make;  // called once, on the actor's thread
  std::int64_t flush_interval_ms = 50;          // data waits in the sink's buffer at most so long
  backoff_options retry{100, 5'000};
  random_source random;
  std::shared_ptr<statistics> counters;
  std::function<std::int64_t()> now_ns;  // wall clock; empty: latencies are not counted
  book_question_handler questions;
  std::uint64_t flush_events = 16'384;  // flushed early when so many wait for it
  // The journal whose positions the sequences are; empty: none, and what was not taken at the end
  // is lost.
  std::string journal;
};

struct sink_actor_state {
  struct waiting_batch {
    std::uint64_t sequence = 0;
    batch_ptr batch;
    caf::strong_actor_ptr sender;
  };
  std::unique_ptr<sink> target;
  sink_actor_options options;
  std::unique_ptr<backoff> retry_delay;
  std::deque<waiting_batch> waiting;  // bounded by the credit of the senders
  bool retrying = false;
  bool dirty = false;  // something was taken since the last flush
  std::uint64_t unflushed_events = 0;
  std::vector<batch_ptr> unflushed;  // taken since the last flush; bounded as what waits is
  owed_acknowledgements owed;        // for what was taken, when it is flushed
  bool timer_set = false;
  std::string last_error;
  std::string last_trouble;  // of a target that holds nothing up
};

// Behaviour of a sink actor; spawn it detached, sinks block. Acknowledges what a flush has carried
// through. A retryable error keeps the batch and everything behind it until the sink takes it; any
// other ends the actor with that error.
sink_actor::behavior_type sink_actor_behavior(sink_actor::stateful_pointer<sink_actor_state> self,
                                              sink_actor_options options);

}  // namespace feedtree::actors
