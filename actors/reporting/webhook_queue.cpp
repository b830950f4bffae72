#include "actors/reporting/webhook_queue.hpp"

#include <algorithm>
#include <utility>

namespace feedtree::actors {

namespace {

constexpr std::int64_t ms = 1'000'000;

}  // namespace

webhook_queue::webhook_queue(webhook_queue_options options, random_source random,
                             std::shared_ptr<report_gauge> gauge)
    : options_(options), gauge_(std::move(gauge)), delay_(options.retry, std::move(random)) {}

void webhook_queue::show() const {
  gauge_->webhook.waiting = waiting_.size();
}

void webhook_queue::push(alert_notice what) {
  if (what.severity < options_.least) return;
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= options_.notices_max) {
    ++gauge_->webhook.dropped;
    const std::size_t oldest = under_way_ ? 1 : 0;
    if (oldest >= waiting_.size()) return;
    if (oldest == 0) first_tried_ns_ = 0;
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(oldest));
  }
  waiting_.push_back(std::move(what));
  show();
}

std::optional<alert_notice> webhook_queue::next(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (under_way_ || waiting_.empty() || now_ns < due_ns_) return {};
  under_way_ = true;
  if (first_tried_ns_ == 0) {
    first_tried_ns_ = now_ns;
  } else {
    ++gauge_->webhook.retried;
  }
  return waiting_.front();
}

// The next one is not kept waiting.
void webhook_queue::drop_front() {
  waiting_.pop_front();
  under_way_ = false;
  first_tried_ns_ = 0;
  due_ns_ = 0;
  show();
}

void webhook_queue::delivered() {
  const std::lock_guard lock(mutex_);
  if (!under_way_) return;
  ++gauge_->webhook.delivered;
  delay_.reset();
  drop_front();
}

void webhook_queue::refused() {
  const std::lock_guard lock(mutex_);
  if (!under_way_) return;
  ++gauge_->webhook.refused;
  delay_.reset();
  drop_front();
}

void webhook_queue::failed(std::int64_t now_ns, std::optional<std::int64_t> wait_s) {
  const std::lock_guard lock(mutex_);
  if (!under_way_) return;
  under_way_ = false;
  const auto wait_ms = std::max(delay_.next_ms(), wait_s.value_or(0) * 1'000);
  const bool is_too_long = now_ns - first_tried_ns_ >= options_.give_up_after_ns;
  if (is_too_long) {
    ++gauge_->webhook.given_up;
    drop_front();
  }
  // The receiver is away, whatever comes next.
  due_ns_ = now_ns + wait_ms * ms;
}

bool webhook_queue::empty() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty();
}

}  // namespace feedtree::actors
