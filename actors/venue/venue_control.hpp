// The venues that are wanted now, and the way to those who run them.
#pragma once

#include <caf/actor_addr.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/supervision/supervisor.hpp"
#include "config/config.hpp"

namespace feedtree::actors {

// Whoever starts looks here for what is wanted; whoever runs is told of a change. So a change holds
// over restarts. Thread-safe.
class venue_control {
 public:
  using child_maker = std::function<child_spec(const config::venue_config&)>;

  venue_control(std::vector<config::venue_config> wanted, child_maker make)
      : wanted_(std::move(wanted)), make_(std::move(make)) {}

  // The children of the venues' supervisor, in the order of the configuration.
  std::vector<child_spec> children() const;
  // What is wanted now, in the order of the configuration.
  std::vector<config::venue_config> all() const;
  // What is wanted of this venue; nothing if it is not wanted at all.
  std::optional<config::venue_config> wanted(std::string_view venue) const;

  // These run from now on.
  void runs(const supervisor_actor& supervisor);
  void runs(std::string_view venue, const venue_actor& director);

  // A venue that is not there is started; one that is there takes over its instruments from the
  // configuration.
  void set(const config::venue_config& config);
  void remove(const std::string& venue);

  // Every venue looks again for the instruments that it did not have.
  void look_again();
  // Asks the venue; who asks about one that does not run hears that it does not tell.
  void find(std::string_view venue, const symbol_question& what);

 private:
  std::vector<config::venue_config>::iterator find(std::string_view venue);

  mutable std::mutex mutex_;
  std::vector<config::venue_config> wanted_;
  child_maker make_;
  caf::actor_addr supervisor_;
  std::map<std::string, caf::actor_addr, std::less<>> directors_;
};

}  // namespace feedtree::actors
