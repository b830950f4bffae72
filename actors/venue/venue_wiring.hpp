// What the children of one venue know of each other.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "actors/edges/outbox.hpp"
#include "actors/interfaces.hpp"
#include "actors/supervision/actor_registry.hpp"
#include "actors/venue/venue_director.hpp"
#include "actors/venue/venue_layout.hpp"

namespace feedtree::actors {

// The director's thread of control changes the layout, the supervisor's starts the children: those
// that start later read what those before them wrote.
struct venue_wiring {
  explicit venue_wiring(layout_rules rules) : layout(std::move(rules)) {}

  venue_director_options options;
  venues::venue_addresses addresses;
  std::string rest_url;
  transport::https_client* https = nullptr;
  venue_layout layout;

  credit_window credit() const {
    return {options.services.credit.events, options.services.credit.bytes};
  }
  // Where the child of this name counts; null where nobody looks.
  std::shared_ptr<actor_gauge> gauge(const std::string& child) const {
    const auto& actors = options.services.actors;
    return actors ? actors->gauge(options.path + "/" + child) : nullptr;
  }

  void set(const validator_actor& handle) {
    const std::lock_guard lock(mutex_);
    validator_ = handle;
  }
  void set(const listing* where, const book_actor& handle) {
    const std::lock_guard lock(mutex_);
    books_[where] = handle;
  }
  void set(const std::string& name, const connection_line_actor& handle) {
    const std::lock_guard lock(mutex_);
    connections_[name] = caf::actor_cast<caf::actor_addr>(handle);
  }
  void forget(const listing* where) {
    const std::lock_guard lock(mutex_);
    books_.erase(where);
  }
  validator_actor validator() const {
    const std::lock_guard lock(mutex_);
    return validator_;
  }
  std::map<const listing*, book_actor> books() const {
    const std::lock_guard lock(mutex_);
    return books_;
  }
  // The connection of this name, if it runs.
  caf::actor connection(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = connections_.find(name);
    return found == connections_.end() ? caf::actor() : caf::actor_cast<caf::actor>(found->second);
  }

 private:
  mutable std::mutex mutex_;
  validator_actor validator_;
  std::map<const listing*, book_actor> books_;
  std::map<std::string, caf::actor_addr> connections_;
};

}  // namespace feedtree::actors
