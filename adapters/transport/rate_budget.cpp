#include "adapters/transport/rate_budget.hpp"

#include <algorithm>
#include <stdexcept>

namespace feedtree::transport {
namespace {

// limit * period_ns must stay exact in 64 bits, with room for sums.
constexpr std::int64_t level_max = std::int64_t{1} << 61;

std::int64_t divide_up(std::int64_t dividend, std::int64_t divisor) {
  return dividend / divisor + (dividend % divisor != 0 ? 1 : 0);
}

std::int64_t add_saturated(std::int64_t a, std::int64_t b) {
  return a > rate_budget::never_ns - b ? rate_budget::never_ns : a + b;
}

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

}  // namespace

std::vector<std::string> rate_limit::check() const {
  std::vector<std::string> problems;
  const std::string name = "rate limit '" + kind + "': ";
  if (kind.empty()) problems.push_back(name + "kind is empty");
  if (limit < 1) problems.push_back(name + "limit must be at least 1");
  if (period_ns < 1) problems.push_back(name + "period must be longer than 0");
  if (burst < 0 || burst > limit) problems.push_back(name + "burst must be from 0 to limit");
  if (limit >= 1 && period_ns >= 1 && limit > level_max / period_ns)
    problems.push_back(name + "limit times period is too large to count");
  return problems;
}

rate_budget::rate_budget(std::vector<rate_limit> limits) {
  std::vector<std::string> problems;
  for (const auto& limit : limits) {
    const auto found = limit.check();
    problems.insert(problems.end(), found.begin(), found.end());
  }
  if (!problems.empty()) throw std::invalid_argument(join(problems));
  for (auto& limit : limits) put(std::move(limit));
}

void rate_budget::put(rate_limit limit) {
  if (limit.burst == 0) limit.burst = (limit.limit + 1) / 2;
  // burst + refill - 1 tokens fit into a half-open window of one period, which is the limit.
  const auto refill = limit.limit - limit.burst + 1;
  buckets_.push_back({std::move(limit), refill, 0, 0, false});
}

void rate_budget::add(rate_limit limit) {
  const auto problems = limit.check();
  if (!problems.empty()) throw std::invalid_argument(join(problems));
  if (limit.burst == 0) limit.burst = (limit.limit + 1) / 2;
  const bool known = std::any_of(buckets_.begin(), buckets_.end(), [&](const bucket& each) {
    return each.limit.kind == limit.kind && each.limit.limit == limit.limit &&
           each.limit.period_ns == limit.period_ns && each.limit.burst == limit.burst;
  });
  if (!known) put(std::move(limit));
}

std::int64_t rate_budget::most(std::string_view kind) const {
  auto least = never_ns;
  for (const auto& entry : buckets_) {
    if (entry.limit.kind == kind) least = std::min(least, entry.limit.burst);
  }
  return least;
}

std::int64_t rate_budget::bucket::level_at(std::int64_t now_ns) const {
  const auto full = limit.burst * limit.period_ns;
  if (!is_used) return full;
  const auto elapsed_ns = std::max<std::int64_t>(0, now_ns - updated_ns);
  if (elapsed_ns >= divide_up(full - level, refill)) return full;
  return level + elapsed_ns * refill;
}

std::int64_t rate_budget::bucket::earliest_ns(std::int64_t weight, std::int64_t now_ns) const {
  if (weight < 0 || weight > limit.burst) return never_ns;
  const auto missing = weight * limit.period_ns - level_at(now_ns);
  if (missing <= 0) return now_ns;
  return add_saturated(is_used ? std::max(now_ns, updated_ns) : now_ns, divide_up(missing, refill));
}

std::int64_t rate_budget::earliest_ns(std::string_view kind, std::int64_t weight,
                                      std::int64_t now_ns) const {
  auto earliest = weight < 0 ? never_ns : std::max(now_ns, penalised_until_ns_);
  for (const auto& entry : buckets_)
    if (entry.limit.kind == kind) earliest = std::max(earliest, entry.earliest_ns(weight, now_ns));
  return earliest;
}

bool rate_budget::take(std::string_view kind, std::int64_t weight, std::int64_t now_ns) {
  if (earliest_ns(kind, weight, now_ns) > now_ns) return false;
  for (auto& entry : buckets_) {
    if (entry.limit.kind != kind) continue;
    entry.level = entry.level_at(now_ns) - weight * entry.limit.period_ns;
    entry.updated_ns = entry.is_used ? std::max(entry.updated_ns, now_ns) : now_ns;
    entry.is_used = true;
  }
  return true;
}

void rate_budget::penalise(std::int64_t until_ns) noexcept {
  penalised_until_ns_ = std::max(penalised_until_ns_, until_ns);
}

}  // namespace feedtree::transport
