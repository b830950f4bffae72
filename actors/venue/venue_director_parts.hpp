// The parts of a venue's director, for its own files only: its life (venue_director.cpp), and the
// symbols that it asks the venue for (venue_director_symbols.cpp).
#pragma once

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/venue/venue_director.hpp"

namespace feedtree::actors::director_parts {

using self_pointer = venue_actor::stateful_pointer<venue_director_state>;

// Life.
// Starts what is wanted and known, and stops what is not wanted any more.
void apply_wanted(self_pointer self);
// Whether the venue has the listing now, or it runs.
bool is_known(const venue_director_state& state, const listing* where);

// Symbols.
void ask_for_symbols(self_pointer self);
// The next request of the round under way, if there is one.
void request_symbols(self_pointer self);
void take_symbols(self_pointer self, const rest_result& result);
// Tells who waits, operators and the log what the venue does not have, and looks again later.
void note_unknown(self_pointer self, const std::vector<std::string>& unknown);
void look_for_unknown(self_pointer self);
void take_question(self_pointer self, const symbol_question& what);
void give_up_question(self_pointer self, std::uint64_t number);

}  // namespace feedtree::actors::director_parts
