// Shows in the statistics what is on the way over one edge.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "actors/edges/outbox.hpp"
#include "actors/statistics.hpp"

namespace feedtree::actors {

// Of one outbox. Shown when it becomes empty and each sixteenth time in between, so that a busy
// edge costs little. Not thread-safe.
class edge_display {
 public:
  explicit edge_display(std::string name) : name_(std::move(name)) {}

  template <class Item>
  void show(const outbox<Item>& box, statistics& in) {
    const bool is_news = box.is_done() != std::exchange(was_done_, box.is_done());
    if (!is_news && ++calls_ % 16 != 0) return;
    in.set_edge({name_, box.events_waiting() + box.events_sent(),
                 box.bytes_waiting() + box.bytes_sent(), box.window().events, box.window().bytes});
  }

 private:
  std::string name_;
  std::uint32_t calls_ = 0;
  bool was_done_ = true;
};

}  // namespace feedtree::actors
