#include "adapters/batch/poll_round.hpp"

#include <algorithm>

namespace feedtree::batch {

void poll_round::add(poll_job_ptr job) {
  if (job != nullptr) jobs_.push_back(std::move(job));
}

poll_job* poll_round::current() {
  while (!jobs_.empty() && jobs_.front()->is_done()) {
    jobs_.pop_front();
    attempt_ = 0;
  }
  return jobs_.empty() ? nullptr : jobs_.front().get();
}

std::optional<std::int64_t> poll_round::failed(const std::string& why, bool may_pass) {
  ++attempt_;
  if (may_pass && attempt_ < limits_.attempts) {
    const auto doubled = limits_.delay_ms << std::min(attempt_ - 1, 20);
    return std::min(limits_.delay_max_ms, doubled);
  }
  failures_.push_back(jobs_.front()->name() + ": " + why);
  jobs_.pop_front();
  attempt_ = 0;
  return {};
}

std::int64_t run_again_ns(int failures_in_a_row, std::int64_t now_ns,
                          std::optional<std::int64_t> scheduled_ns) {
  constexpr std::int64_t minute_ns = 60'000'000'000;
  const auto minutes =
      std::min<std::int64_t>(15, std::int64_t{1} << std::clamp(failures_in_a_row - 1, 0, 10));
  const auto again = now_ns + minutes * minute_ns;
  return scheduled_ns ? std::min(again, std::max(now_ns, *scheduled_ns)) : again;
}

}  // namespace feedtree::batch
