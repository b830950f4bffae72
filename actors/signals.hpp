// The signals that a server waits for.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>

namespace feedtree::actors {

// Blocks SIGINT and SIGTERM, or SIGHUP; before any thread is made.
void block_stop_signals();
void block_reload_signal();

// Waits up to ms for SIGINT or SIGTERM, which are blocked; takes it and gives its number, else 0.
int wait_for_stop_signal(std::int64_t ms);

// Waits for all of these on a thread of its own while it lives; they are blocked. The callbacks run
// on that thread.
class signal_waiter {
 public:
  // `stop` is called at the first SIGINT or SIGTERM, with its number; a second one ends the process
  // at once with code 1. `reload` is called at each SIGHUP until then.
  signal_waiter(std::function<void(int)> stop, std::function<void()> reload);

 private:
  std::jthread thread_;
};

}  // namespace feedtree::actors
