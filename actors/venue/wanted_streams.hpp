// The streams that a venue's configuration asks for, by what the venue has.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "adapters/venues/venue.hpp"
#include "config/config.hpp"

namespace feedtree::actors {

struct wanted_streams {
  std::vector<venues::stream> streams;
  std::vector<std::string> unknown;   // instruments that the venue does not have, or not now
  std::vector<std::string> refusals;  // which feeds an instrument goes without, and why
};

// `is_known` says of a listing whether the venue has it now, or it runs already.
wanted_streams find_wanted(const config::venue_config& config, const venues::venue& venue,
                           const listing_registry& registry,
                           const std::function<bool(const listing*)>& is_known);

// Instruments of the venue with names like this one, the nearest first; three at the most.
std::vector<std::string> names_like(const std::string& instrument, const std::string& venue,
                                    const listing_registry& registry,
                                    const venues::venue_symbols& symbols);

// "; did you mean BTC-USD or BTC-USDT?"; empty where there are none.
std::string did_you_mean(const std::vector<std::string>& names);

// Why it is unknown: what the venue says of it, or that it is in none of its lists, with names that
// may be meant.
std::string why_unknown(const std::string& instrument, const std::string& venue,
                        const listing_registry& registry, const venues::venue_symbols& symbols);

}  // namespace feedtree::actors
