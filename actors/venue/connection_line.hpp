// The actor that keeps one connection young: it opens a new one before the old one is cut, by its
// age or because the venue announced it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/supervision/restart_policy.hpp"
#include "actors/venue/connection.hpp"

namespace feedtree::actors {

struct connection_line_options {
  connection_options connection;  // of each connection; its line is set by this actor
  // Age before which a connection is replaced; 0: never.
  std::int64_t lifetime_ns = 0;
  // So long both run side by side once the new one has everything.
  std::int64_t overlap_ns = 2'000'000'000;
  // A new connection that failed is tried again after this.
  std::int64_t retry_ns = 5'000'000'000;
  // Starts a connection; by default connection_behavior.
  std::function<connection_actor(connection_line_actor::pointer self, connection_options)> start;
};

struct connection_line_state {
  connection_line_options options;
  connection_actor current;
  connection_actor next;              // takes over when it is ready
  std::vector<connection_actor> old;  // on their way out
  std::vector<caf::actor_addr> all;   // that were ever started
  std::uint64_t run = 0;              // counts connections, so that an old timer is known as old
  bool next_is_ready = false;
  bool next_closes = false;  // the venue announced that it closes this one too
  bool stopping = false;
};

connection_line_actor::behavior_type connection_line_behavior(
    connection_line_actor::stateful_pointer<connection_line_state> self,
    connection_line_options options);

// When to replace a connection of this lifetime: at a random moment of its last quarter but before
// the last twentieth, so that many do not do it together.
std::int64_t replacement_age_ns(std::int64_t lifetime_ns, std::uint32_t random);

}  // namespace feedtree::actors
