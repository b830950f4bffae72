#include "actors/book/deviation_histogram.hpp"

#include <algorithm>

namespace feedtree::actors {

void deviation_histogram::add_ppm(double deviation_ppm) {
  const auto* const found = std::find_if(ends_ppm.begin(), ends_ppm.end(), [&](auto end) {
    return deviation_ppm <= static_cast<double>(end);
  });
  counts_[static_cast<std::size_t>(found - ends_ppm.begin())].fetch_add(1,
                                                                        std::memory_order_relaxed);
  sum_ppm_.fetch_add(deviation_ppm, std::memory_order_relaxed);
}

}  // namespace feedtree::actors
