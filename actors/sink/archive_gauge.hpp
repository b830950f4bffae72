// What the archive did so far: counters that any thread may read while its actor counts.
#pragma once

#include <atomic>
#include <cstdint>

namespace feedtree::actors {

struct archive_gauge {
  std::atomic<std::uint64_t> frames{0};      // taken
  std::atomic<std::uint64_t> records{0};     // likewise: frames, REST bodies, connections' fates
  std::atomic<std::uint64_t> text_bytes{0};  // written, before compression
  std::atomic<std::uint64_t> bytes{0};       // written
  std::atomic<std::uint64_t> files_closed{0};
  std::atomic<std::uint64_t> files_open{0};  // now
  std::atomic<std::uint64_t> dropped{0};     // frames and bodies for which there was no room
  std::atomic<std::uint64_t> queue_bytes{0};
  std::atomic<std::uint64_t> hours_removed{0};  // by retention
  std::atomic<bool> failing{false};
};

}  // namespace feedtree::actors
