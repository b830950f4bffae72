// What the rules have counted. Any thread counts and reads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <string>

#include "core/rules/rule.hpp"

namespace feedtree::rules {

inline void count_up(std::atomic<std::uint64_t>& what, std::uint64_t by = 1) {
  what.fetch_add(by, std::memory_order_relaxed);
}

// Of one rule at one venue.
struct rule_counts {
  std::string rule;
  std::atomic<std::uint64_t> judged{0};  // events, or silences
  std::atomic<std::uint64_t> broken{0};
  std::atomic<std::uint64_t> flagged{0};
  std::atomic<std::uint64_t> quarantined{0};
  std::atomic<std::uint64_t> alerted{0};
  std::atomic<std::uint64_t> suppressed{0};  // alerts that were held back
};

// How far our clock was behind the venue's at the receipt of events: receive time minus exchange
// time, in buckets.
class skew_histogram {
 public:
  // Upper ends of the buckets in milliseconds, inclusive; a last one has no end.
  static constexpr std::array<std::int64_t, 21> ends_ms{
      -10'000, -5'000, -1'000, -500, -100, -50, -10, -1,    0,     1,     2,
      5,       10,     20,     50,   100,  200, 500, 1'000, 5'000, 10'000};
  static constexpr std::size_t buckets = ends_ms.size() + 1;

  void add(std::int64_t skew_ns);
  std::uint64_t count(std::size_t bucket) const {
    return counts_[bucket].load(std::memory_order_relaxed);
  }
  std::uint64_t total() const;
  // Of all of them, in microseconds.
  std::int64_t sum_us() const { return sum_us_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
  std::atomic<std::int64_t> sum_us_{0};
};

// One venue's. References stay valid.
struct venue_counts {
  explicit venue_counts(const rule_list& rules) {
    for (const auto& each : rules) of_rule.emplace_back().rule = each.name;
  }
  std::deque<rule_counts> of_rule;  // in the order of the rules
  skew_histogram skew;
};

}  // namespace feedtree::rules
