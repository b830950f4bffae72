// Counts durations in buckets that grow by half powers of two. One thread counts, any reads.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace feedtree::actors {

// What a histogram held at some time. Two of them can be subtracted.
struct latency_counts {
  static constexpr std::size_t buckets = 56;
  std::array<std::uint64_t, buckets> count{};
  std::uint64_t sum_us = 0;

  // Microseconds below which values are in this bucket or one before it; the last has no end.
  static std::uint64_t end_us(std::size_t bucket) {
    if (bucket == 0) return 1;
    const auto octave = (bucket - 1) / 2;
    const auto begin = std::uint64_t{1} << octave;
    return bucket % 2 == 1 ? begin + (begin + 1) / 2 : begin * 2;
  }
  static std::size_t bucket_of(std::uint64_t us) {
    if (us == 0) return 0;
    const auto octave = static_cast<std::size_t>(std::bit_width(us)) - 1;
    const auto begin = std::uint64_t{1} << octave;
    const auto bucket = 1 + octave * 2 + (us >= begin + (begin + 1) / 2 ? 1 : 0);
    return bucket < buckets ? bucket : buckets - 1;
  }

  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto each : count) sum += each;
    return sum;
  }
  // Microseconds that so many thousandths of all values do not pass: the end of their bucket, so
  // at most half more than the true value. 0 if there is none.
  std::uint64_t quantile_us(std::uint64_t thousandths) const {
    const auto all = total();
    if (all == 0) return 0;
    const auto wanted = (all * thousandths + 999) / 1000;
    std::uint64_t seen = 0;
    for (std::size_t at = 0; at < buckets; ++at) {
      seen += count[at];
      if (seen >= wanted) return end_us(at);
    }
    return end_us(buckets - 1);
  }

  latency_counts& operator+=(const latency_counts& other) {
    for (std::size_t at = 0; at < buckets; ++at) count[at] += other.count[at];
    sum_us += other.sum_us;
    return *this;
  }
  friend latency_counts operator-(latency_counts a, const latency_counts& b) {
    for (std::size_t at = 0; at < buckets; ++at) a.count[at] -= b.count[at];
    a.sum_us -= b.sum_us;
    return a;
  }
};

class latency_histogram {
 public:
  // What is below zero (clocks that differ) counts as zero.
  void add_ns(std::int64_t duration_ns) {
    const auto us = duration_ns <= 0 ? 0 : static_cast<std::uint64_t>(duration_ns) / 1000;
    bump(counts_[latency_counts::bucket_of(us)], 1);
    bump(sum_us_, us);
  }
  latency_counts counts() const {
    latency_counts result;
    for (std::size_t at = 0; at < counts_.size(); ++at) {
      result.count[at] = counts_[at].load(std::memory_order_relaxed);
    }
    result.sum_us = sum_us_.load(std::memory_order_relaxed);
    return result;
  }

 private:
  static void bump(std::atomic<std::uint64_t>& what, std::uint64_t by) {
    what.store(what.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  std::array<std::atomic<std::uint64_t>, latency_counts::buckets> counts_{};
  std::atomic<std::uint64_t> sum_us_{0};
};

}  // namespace feedtree::actors
