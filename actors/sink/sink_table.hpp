// The sinks, the distributor and the journal's actor that run now, for those who send to them.
#pragma once

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <mutex>
#include <utility>
#include <vector>

#include "actors/interfaces.hpp"

namespace feedtree::actors {

// They restart under their supervisor and get new handles; senders ask here and are told of a
// change. Thread-safe.
class sink_table {
 public:
  explicit sink_table(std::size_t sinks) : sinks_(sinks) {}

  // One was started: everyone who listens is told.
  void set(std::size_t index, const sink_actor& handle) {
    tell([&] { sinks_[index] = handle; });
  }
  void set(const distributor_actor& handle) {
    tell([&] { distributor_ = handle; });
  }
  void set(const journal_store_actor& handle) {
    tell([&] { journal_ = handle; });
  }

  // From now on the listener gets sinks_atom on every change.
  template <class Handle>
  std::vector<sink_actor> listen(const Handle& listener) {
    const std::lock_guard lock(mutex_);
    std::erase_if(listeners_, [](const auto& address) {
      return caf::actor_cast<caf::actor>(address) == nullptr;
    });
    listeners_.push_back(caf::actor_cast<caf::actor_addr>(listener));
    return sinks_;
  }

  // Lets go of all handles: the thread of a detached actor ends only when nobody holds one.
  void release() {
    const std::lock_guard lock(mutex_);
    for (auto& handle : sinks_) handle = nullptr;
    distributor_ = nullptr;
    journal_ = nullptr;
    listeners_.clear();
  }

  std::vector<sink_actor> all() const {
    const std::lock_guard lock(mutex_);
    return sinks_;
  }
  distributor_actor distributor() const {
    const std::lock_guard lock(mutex_);
    return distributor_;
  }
  journal_store_actor journal() const {
    const std::lock_guard lock(mutex_);
    return journal_;
  }

 private:
  template <class Change>
  void tell(Change&& change) {
    std::vector<caf::actor_addr> listeners;
    {
      const std::lock_guard lock(mutex_);
      change();
      listeners = listeners_;
    }
    for (const auto& address : listeners) {
      if (const auto listener = caf::actor_cast<caf::actor>(address)) {
        caf::anon_send(listener, sinks_atom::value);
      }
    }
  }

  mutable std::mutex mutex_;
  std::vector<sink_actor> sinks_;
  distributor_actor distributor_;
  journal_store_actor journal_;
  std::vector<caf::actor_addr> listeners_;
};

}  // namespace feedtree::actors
