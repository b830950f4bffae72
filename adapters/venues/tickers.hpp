// What tickers of all venues have in common.
#pragma once

#include "adapters/venues/venue.hpp"
#include "core/event.hpp"

namespace feedtree::venues {

// Throws decode_error, with the first of them, where fields were lost and the ticker has no other:
// one that says nothing is not passed on.
void check_rest_of(const ticker& what, const frame_losses& losses);

}  // namespace feedtree::venues
