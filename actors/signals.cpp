#include "actors/signals.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <utility>

namespace feedtree::actors {
namespace {

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : numbers) sigaddset(&signals, number);
  return signals;
}

void block(std::initializer_list<int> numbers) {
  const auto signals = set_of(numbers);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void wait(const std::stop_token& token, const std::function<void(int)>& stop,
          const std::function<void()>& reload) {
  const auto signals = set_of({SIGINT, SIGTERM, SIGHUP});
  const timespec poll{0, 100'000'000};
  for (bool stopping = false; !token.stop_requested();) {
    const int signal = sigtimedwait(&signals, nullptr, &poll);
    if (signal <= 0) continue;
    if (signal == SIGHUP) {
      if (!stopping) reload();
      continue;
    }
    if (std::exchange(stopping, true)) std::_Exit(1);
    stop(signal);
  }
}

}  // namespace

void block_stop_signals() {
  block({SIGINT, SIGTERM});
}

void block_reload_signal() {
  block({SIGHUP});
}

int wait_for_stop_signal(std::int64_t ms) {
  const auto signals = set_of({SIGINT, SIGTERM});
  const timespec time{ms / 1'000, ms % 1'000 * 1'000'000};
  return std::max(sigtimedwait(&signals, nullptr, &time), 0);
}

signal_waiter::signal_waiter(std::function<void(int)> stop, std::function<void()> reload)
    : thread_([stop = std::move(stop), reload = std::move(reload)](const std::stop_token& token) {
        wait(token, stop, reload);
      }) {}

}  // namespace feedtree::actors
