// What runs below a venue: validator, books, connections, in the order in which they start.
#pragma once

#include "actors/venue_director.hpp"

namespace feedtree::actors {

// Spawns the supervisor of everything that carries these streams.
child_actor spawn_venue_children(venue_actor::stateful_pointer<venue_director_state> self,
                                 const std::vector<venues::stream>& streams);

}  // namespace feedtree::actors
