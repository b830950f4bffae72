// The jobs of one run of a poller, one after the other, with what is done about those that fail.
// Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "adapters/batch/poll_jobs.hpp"

namespace feedtree::batch {

struct round_limits {
  int attempts = 5;  // of one request, before its job is given up
  std::int64_t delay_ms = 500;
  std::int64_t delay_max_ms = 30'000;  // the delay doubles up to this
};

class poll_round {
 public:
  explicit poll_round(round_limits limits = {}) : limits_(limits) {}

  void add(poll_job_ptr job);
  // The job whose request is next; null when all are over.
  poll_job* current();

  // The present request was answered, and its answer read.
  void succeeded() { attempt_ = 0; }
  // It failed. Gives the delay in ms before it is made again; nothing if its job was given up,
  // which is so at once where another attempt cannot help.
  std::optional<std::int64_t> failed(const std::string& why, bool may_pass);
  // Something failed that no job of this round is to blame for.
  void note_failure(const std::string& why) { failures_.push_back(why); }

  // "candle 1m BTC-USDT: HTTP 500", one a job that was given up.
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  round_limits limits_;
  std::deque<poll_job_ptr> jobs_;
  int attempt_ = 0;
  std::vector<std::string> failures_;
};

// When a run that failed is made again: a minute behind its end, two behind the second, up to
// fifteen; never later than the schedule has it.
std::int64_t run_again_ns(int failures_in_a_row, std::int64_t now_ns,
                          std::optional<std::int64_t> scheduled_ns);

}  // namespace feedtree::batch
