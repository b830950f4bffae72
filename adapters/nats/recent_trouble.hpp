// What went wrong a moment ago and may be going wrong still.
#pragma once

#include <chrono>
#include <string>
#include <utility>

namespace feedtree::nats {

// The last note, for fifteen seconds: what goes on is noted again within them. Not thread-safe.
class recent_trouble {
 public:
  void note(std::string text) {
    text_ = std::move(text);
    noted_ = std::chrono::steady_clock::now();
  }
  // Empty where nothing was noted lately.
  std::string text() const {
    constexpr std::chrono::seconds lasts{15};
    return std::chrono::steady_clock::now() - noted_ < lasts ? text_ : std::string();
  }

 private:
  std::string text_;
  std::chrono::steady_clock::time_point noted_;
};

}  // namespace feedtree::nats
