#include "core/trade_continuity.hpp"

#include <algorithm>
#include <utility>

namespace feedtree {

bool operator==(const number_range& a, const number_range& b) {
  return a.first == b.first && a.last == b.last;
}

trade_verdict trade_continuity::take(std::uint64_t first, std::uint64_t last) {
  if (last_ && last <= *last_) return take_fetched(first, last);
  const auto before = std::exchange(last_, last);
  if (!before || first <= *before + 1) return trade_verdict::next;
  if (missing_.size() == holes_max) missing_.erase(missing_.begin());
  missing_.push_back({*before + 1, first - 1});
  return trade_verdict::after_hole;
}

trade_verdict trade_continuity::take_fetched(std::uint64_t first, std::uint64_t last) {
  return remove({first, last}) ? trade_verdict::late : trade_verdict::duplicate;
}

void trade_continuity::resume(std::uint64_t last, std::vector<number_range> missing) {
  last_ = last;
  missing_ = std::move(missing);
}

void trade_continuity::restart(std::uint64_t last) {
  missing_.clear();
  last_ = last;
}

void trade_continuity::forget(const number_range& what) {
  remove(what);
}

bool trade_continuity::is_missing(std::uint64_t number) const {
  return std::any_of(missing_.begin(), missing_.end(), [number](const number_range& hole) {
    return hole.first <= number && number <= hole.last;
  });
}

// True if any of these numbers was missing.
bool trade_continuity::remove(const number_range& what) {
  bool any = false;
  std::vector<number_range> rest;
  for (const auto& hole : missing_) {
    if (what.last < hole.first || hole.last < what.first) {
      rest.push_back(hole);
      continue;
    }
    any = true;
    if (hole.first < what.first) rest.push_back({hole.first, what.first - 1});
    if (what.last < hole.last) rest.push_back({what.last + 1, hole.last});
  }
  if (any) missing_ = std::move(rest);
  return any;
}

}  // namespace feedtree
