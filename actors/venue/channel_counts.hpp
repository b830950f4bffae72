// Ignored frames by channel, counted by connections and read by whoever reports.
#pragma once

#include <mutex>

#include "adapters/venues/ignored_frames.hpp"

namespace feedtree::actors {

// Thread-safe.
class channel_counts {
 public:
  void add(std::string_view channel) {
    const std::lock_guard lock(mutex_);
    counts_.add(channel);
  }
  venues::ignored_frames read() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  mutable std::mutex mutex_;
  venues::ignored_frames counts_;
};

}  // namespace feedtree::actors
