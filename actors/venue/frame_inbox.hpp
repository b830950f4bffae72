// Where the reactor's thread leaves frames for a connection actor.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "adapters/venues/venue.hpp"

namespace feedtree::actors {

struct inbox_bounds {
  std::size_t frames = 8'192;
  std::size_t bytes = std::size_t{16} << 20;
};

// Bounded: put() says when the socket must not be read for now, take() when it may be again. One
// wake-up per filling: whoever takes, takes all, so batches form by themselves under load.
class frame_inbox {
 public:
  explicit frame_inbox(inbox_bounds bounds) : bounds_(bounds) {}

  struct put_result {
    bool wake = false;   // it was empty: tell the reader
    bool pause = false;  // it is full: stop reading the socket
  };
  put_result put(std::string&& text, std::int64_t receive_ns) {
    const std::lock_guard lock(mutex_);
    put_result result;
    result.wake = frames_.empty();
    bytes_ += text.size();
    frames_.push_back({std::move(text), receive_ns});
    if (!paused_ && (frames_.size() >= bounds_.frames || bytes_ >= bounds_.bytes)) {
      paused_ = true;
      ++times_full_;
      result.pause = true;
    }
    return result;
  }

  struct load {
    inbox_bounds bounds;
    std::size_t frames = 0;
    std::size_t bytes = 0;
    std::uint64_t times_full = 0;  // how often the socket was not read for it
    bool full = false;
  };
  load now() const {
    const std::lock_guard lock(mutex_);
    return {bounds_, frames_.size(), bytes_, times_full_, paused_};
  }

  // Moves everything into out (which is empty); true if the socket was paused and may be read
  // again.
  bool take(std::vector<venues::raw_frame>& out) {
    const std::lock_guard lock(mutex_);
    std::swap(out, frames_);
    bytes_ = 0;
    return std::exchange(paused_, false);
  }

 private:
  inbox_bounds bounds_;
  mutable std::mutex mutex_;
  std::vector<venues::raw_frame> frames_;
  std::size_t bytes_ = 0;
  std::uint64_t times_full_ = 0;
  bool paused_ = false;
};

}  // namespace feedtree::actors
