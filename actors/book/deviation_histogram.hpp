// How far the middle of a rebuilt book was from that of a snapshot which the venue sent later.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace feedtree::actors {

// Counts deviations in buckets: |middle of the snapshot - middle of the book| in parts of the
// book's, in millionths. One thread counts, any reads.
class deviation_histogram {
 public:
  // Upper ends of the buckets in millionths, inclusive; a last one has no end. The first one is for
  // those that do not differ.
  static constexpr std::array<std::uint64_t, 8> ends_ppm{0, 1, 10, 50, 100, 1'000, 10'000, 100'000};
  static constexpr std::size_t buckets = ends_ppm.size() + 1;

  void add_ppm(double deviation_ppm);
  std::uint64_t count(std::size_t bucket) const {
    return counts_[bucket].load(std::memory_order_relaxed);
  }
  // Of all of them, in millionths.
  double sum_ppm() const { return sum_ppm_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
  std::atomic<double> sum_ppm_{0};
};

}  // namespace feedtree::actors
