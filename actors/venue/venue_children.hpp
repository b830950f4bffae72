// What runs below a venue: validator, books, connections, in the order in which they start.
#pragma once

#include "actors/venue/venue_director.hpp"

namespace feedtree::actors {

// What a venue's children are, and what they know of each other.
std::shared_ptr<venue_wiring> wire_venue(const venue_director_state& state);

// Spawns the supervisor of everything that carries these streams.
supervisor_actor spawn_venue_children(venue_actor::stateful_pointer<venue_director_state> self,
                                      const std::vector<venues::stream>& streams);

// Starts what carries these streams, of instruments that are not there yet, and stops what was for
// instruments that have none of them. Everything else is left as it is.
void change_venue_children(venue_actor::stateful_pointer<venue_director_state> self,
                           const std::vector<venues::stream>& streams);

}  // namespace feedtree::actors
