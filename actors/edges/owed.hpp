// Acknowledgements that a consumer still owes to its producers.
#pragma once

#include <caf/actor_cast.hpp>
#include <cstdint>
#include <utility>
#include <vector>

#include "actors/interfaces.hpp"

namespace feedtree::actors {

// A consumer acknowledges what it took only when it has passed on what came of it: so credit runs
// back through the whole chain, from the slowest sink to the socket.
class owed_acknowledgements {
 public:
  void add(caf::strong_actor_ptr to, std::uint64_t sequence) {
    if (to == nullptr) return;
    // Acknowledgements are cumulative: only the last one to each producer counts.
    for (auto& [producer, last] : owed_) {
      if (producer != to) continue;
      last = sequence;
      return;
    }
    owed_.emplace_back(std::move(to), sequence);
  }

  template <class Self>
  void settle(Self* self) {
    for (const auto& [producer, sequence] : owed_) {
      self->send(caf::actor_cast<producer_actor>(producer), ack_atom::value, sequence);
    }
    owed_.clear();
  }

 private:
  std::vector<std::pair<caf::strong_actor_ptr, std::uint64_t>> owed_;
};

}  // namespace feedtree::actors
