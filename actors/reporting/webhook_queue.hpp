// Alerts that wait for a webhook, and when each is tried again.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "actors/reporting/alert_notice.hpp"
#include "actors/reporting/report_gauge.hpp"
#include "actors/supervision/restart_policy.hpp"

namespace feedtree::actors {

struct webhook_queue_options {
  std::size_t notices_max = 1'000;
  alert_severity least = alert_severity::warning;
  backoff_options retry{1'000, 60'000};
  std::int64_t give_up_after_ns = 3'600'000'000'000;
};

// In order, one at a time: the first that waits is tried until it is taken or given up. Where there
// is no room the oldest that is not under way is dropped, and counted. Thread-safe; no clock.
class webhook_queue {
 public:
  webhook_queue(webhook_queue_options options, random_source random,
                std::shared_ptr<report_gauge> gauge);

  // Those below the least severity are not taken.
  void push(alert_notice what);
  // The one to send now, which is then under way; nothing while another one is, or none is due.
  std::optional<alert_notice> next(std::int64_t now_ns);
  // What became of the one under way. It was taken:
  void delivered();
  // The receiver will never take it:
  void refused();
  // It is tried again, not before the wait that the receiver asked for; or given up.
  void failed(std::int64_t now_ns, std::optional<std::int64_t> wait_s);

  bool empty() const;

 private:
  void drop_front();
  void show() const;

  webhook_queue_options options_;
  std::shared_ptr<report_gauge> gauge_;
  mutable std::mutex mutex_;
  backoff delay_;
  std::deque<alert_notice> waiting_;
  bool under_way_ = false;           // the first of them
  std::int64_t first_tried_ns_ = 0;  // likewise; 0: not yet
  std::int64_t due_ns_ = 0;          // when it is tried again
};

}  // namespace feedtree::actors
