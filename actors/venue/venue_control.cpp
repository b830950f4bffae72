#include "actors/venue/venue_control.hpp"

#include <algorithm>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

namespace feedtree::actors {
namespace {

// A message to one who is gone is dropped: its successor looks here when it starts.
template <class... Parts>
void tell(const caf::actor_addr& address, Parts&&... parts) {
  if (const auto handle = caf::actor_cast<caf::actor>(address)) {
    caf::anon_send(handle, std::forward<Parts>(parts)...);
  }
}

}  // namespace

std::vector<config::venue_config>::iterator venue_control::find(std::string_view venue) {
  return std::find_if(wanted_.begin(), wanted_.end(),
                      [&](const auto& each) { return each.venue == venue; });
}

std::vector<child_spec> venue_control::children() const {
  const std::lock_guard lock(mutex_);
  std::vector<child_spec> result;
  for (const auto& config : wanted_) result.push_back(make_(config));
  return result;
}

std::vector<config::venue_config> venue_control::all() const {
  const std::lock_guard lock(mutex_);
  return wanted_;
}

std::optional<config::venue_config> venue_control::wanted(std::string_view venue) const {
  const std::lock_guard lock(mutex_);
  for (const auto& config : wanted_) {
    if (config.venue == venue) return config;
  }
  return {};
}

void venue_control::runs(const supervisor_actor& supervisor) {
  const std::lock_guard lock(mutex_);
  supervisor_ = caf::actor_cast<caf::actor_addr>(supervisor);
}

void venue_control::runs(std::string_view venue, const venue_actor& director) {
  const std::lock_guard lock(mutex_);
  directors_[std::string(venue)] = caf::actor_cast<caf::actor_addr>(director);
}

void venue_control::set(const config::venue_config& config) {
  const std::lock_guard lock(mutex_);
  const auto known = find(config.venue);
  if (known == wanted_.end()) {
    wanted_.push_back(config);
    tell(supervisor_, add_atom::value, std::make_shared<const child_spec>(make_(config)),
         std::string());
    return;
  }
  known->instruments = config.instruments;
  const auto director = directors_.find(config.venue);
  if (director != directors_.end()) tell(director->second, change_atom::value);
}

void venue_control::remove(const std::string& venue) {
  const std::lock_guard lock(mutex_);
  const auto known = find(venue);
  if (known == wanted_.end()) return;
  wanted_.erase(known);
  directors_.erase(venue);
  tell(supervisor_, remove_atom::value, venue);
}

void venue_control::look_again() {
  const std::lock_guard lock(mutex_);
  for (const auto& [venue, director] : directors_) tell(director, change_atom::value);
}

void venue_control::find(std::string_view venue, const symbol_question& what) {
  const std::lock_guard lock(mutex_);
  const auto director = directors_.find(venue);
  if (director != directors_.end()) tell(director->second, find_atom::value, what);
}

}  // namespace feedtree::actors
