// Waiting for what has no event to wait for: the state of another process or thread that only shows
// when it is looked at.
#pragma once

#include <chrono>
#include <thread>

namespace feedtree::tests {

// Looks until the condition holds; false after the timeout. The one place where tests sleep.
template <class Condition>
bool eventually(Condition&& condition,
                std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace feedtree::tests
