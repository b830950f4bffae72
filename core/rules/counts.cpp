#include "core/rules/counts.hpp"

#include <algorithm>

namespace feedtree::rules {

void skew_histogram::add(std::int64_t skew_ns) {
  static constexpr std::int64_t ms = 1'000'000;
  const auto* const found =
      std::find_if(ends_ms.begin(), ends_ms.end(), [&](auto end) { return skew_ns <= end * ms; });
  count_up(counts_[static_cast<std::size_t>(found - ends_ms.begin())]);
  sum_us_.fetch_add(skew_ns / 1000, std::memory_order_relaxed);
}

std::uint64_t skew_histogram::total() const {
  std::uint64_t result = 0;
  for (const auto& each : counts_) result += each.load(std::memory_order_relaxed);
  return result;
}

}  // namespace feedtree::rules
