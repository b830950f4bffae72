// Why a frame was rejected, as far as it is counted by itself.
#pragma once

#include <string_view>

#include "core/decimal.hpp"

namespace feedtree::actors {

// A number of the frame was none, or did not fit: which of both, by the words in which readers of
// decimals (adapters/venues/json.hpp) say so. none where it was something else.
decimal_error rejected_decimal(std::string_view reason);

}  // namespace feedtree::actors
