// Which events of a replay are passed on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/event.hpp"

namespace feedtree::actors {

// A place in a batch.
struct batch_mark {
  std::size_t events = 0;
  std::size_t quarantine = 0;
  std::size_t alerts = 0;

  static batch_mark of(const event_batch& batch) {
    return {batch.events.size(), batch.quarantine.size(), batch.alerts.size()};
  }
  // Takes out what came behind it; the levels of books stay.
  void drop_since(event_batch& batch) const;
};

// Instruments by name. Not thread-safe.
class event_selection {
 public:
  // NAME, of any venue, or VENUE:NAME; none: all.
  explicit event_selection(std::vector<std::string> names);

  bool takes(const listing& of);
  // Takes out what came behind the mark and is of other instruments. Frames that could not be read
  // are of any.
  void keep_selected(event_batch& batch, const batch_mark& since);
  // The names of which nothing came.
  std::vector<std::string> unseen() const;

 private:
  bool matches(std::string_view venue, std::string_view symbol);

  struct name {
    std::string text;
    bool seen = false;
  };
  enum class verdict : unsigned char { unknown, taken, left };
  std::vector<name> names_;
  std::vector<verdict> by_index_;  // of a listing
};

}  // namespace feedtree::actors
