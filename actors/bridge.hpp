// The one way from a thread that is not CAF's (Asio's, nats.c's, a signal handler's) to an actor.
#pragma once

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <utility>

namespace feedtree::actors {

// Posts messages to one actor from any thread; does not keep the actor alive, and a message to an
// actor that is gone is dropped.
template <class Handle>
class bridge {
 public:
  explicit bridge(const Handle& to) : to_(caf::actor_cast<caf::actor_addr>(to)) {}

  template <class... Parts>
  void post(Parts&&... parts) const {
    if (const auto handle = caf::actor_cast<caf::actor>(to_)) {
      caf::anon_send(handle, std::forward<Parts>(parts)...);
    }
  }

 private:
  caf::actor_addr to_;
};

}  // namespace feedtree::actors
