#include "actors/system.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <random>

namespace feedtree::actors {

system_config::system_config() {
  add_message_types<caf::id_block::feedtree>();
  set("logger.verbosity", caf::atom("quiet"));
}

std::int64_t wall_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

std::int64_t steady_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

random_source make_random_source() {
  struct shared {
    std::mutex mutex;
    std::mt19937 engine{std::random_device{}()};
  };
  return [state = std::make_shared<shared>()] {
    const std::lock_guard lock(state->mutex);
    return static_cast<std::uint32_t>(state->engine());
  };
}

std::string make_epoch() {
  return std::to_string(wall_ns());
}

}  // namespace feedtree::actors
