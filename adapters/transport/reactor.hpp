#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace feedtree::transport {

struct reactor_options {
  // Threads that run callbacks. With more than one, the callbacks of one client still never
  // run at the same time.
  unsigned threads = 1;
  // Given the text of an exception that left a callback, on the thread where it happened; the
  // reactor goes on. When empty such an exception ends the process.
  std::function<void(std::string_view what)> on_exception;
};

// The event loop that clients run on. It must outlive every client built on it.
class reactor {
 public:
  struct impl;

  explicit reactor(reactor_options options = {});
  // Stops. Not on a thread of the reactor itself.
  ~reactor();
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  // Starts the threads; what was posted before runs now. No effect when running. Any thread but
  // those of the reactor.
  void start();
  // Ends the threads after the callback each is in; what is left in the queue waits for the next
  // start() and is discarded by the destructor. Any thread but those of the reactor.
  void stop();
  // Runs `task` on a reactor thread, never inside this call. Any thread.
  void post(std::function<void()> task);
  // True when the calling thread is one of the reactor's running threads. Any thread.
  [[nodiscard]] bool is_inside() const noexcept;

  // For code that includes adapters/transport/detail/reactor_impl.hpp.
  [[nodiscard]] impl& internals() noexcept { return *impl_; }

 private:
  std::unique_ptr<impl> impl_;
};

}  // namespace feedtree::transport
