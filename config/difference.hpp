// What must change in a running server so that it does what another configuration says.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace feedtree::config {

// Instruments that a venue of both configurations is to have more, or no more.
struct instruments_change {
  std::string venue;
  std::vector<std::string> added;    // in the order of the new configuration
  std::vector<std::string> removed;  // in the order of the old one

  friend bool operator==(const instruments_change&, const instruments_change&) = default;
};

struct difference {
  std::vector<venue_config> added_venues;
  std::vector<std::string> removed_venues;
  std::vector<instruments_change> instruments;
  bool log_level = false;  // another level
  // Keys whose values differ and that only a start reads: "credit", "venues[kraken].feeds". Never
  // their values: those may be secrets.
  std::vector<std::string> fixed_keys;

  // True if nothing of it can be done while the server runs.
  bool changes_nothing() const;
};

// Neither configuration needs to be checked, but no venue may be twice in one.
difference difference_of(const server_config& now, const server_config& wanted);

// The configuration that is in force when everything in the difference was done: `now` with the
// venues, instruments and log level of `wanted`. Keys that only a start reads stay as they are.
server_config applied(const server_config& now, const server_config& wanted);

}  // namespace feedtree::config
