#include "actors/sink_feed.hpp"

#include <algorithm>

namespace feedtree::actors {

sink_feed::sink_feed(credit_window window, sink_policy policy, std::uint64_t passed)
    : window_(window),
      policy_(policy),
      passed_(passed),
      through_(passed),
      behind_(policy == sink_policy::spool) {}

bool sink_feed::has_credit(const entry& what) const {
  if (sent_.empty()) return true;
  return sent_total_.events + what.events <= window_.events &&
         sent_total_.bytes + what.bytes <= window_.bytes;
}

bool sink_feed::has_room(const entry& what) const {
  if (sent_.empty() && waiting_.empty()) return true;
  return events_held() + what.events <= window_.events &&
         bytes_held() + what.bytes <= window_.bytes;
}

void sink_feed::queue(entry what) {
  through_ = what.position;
  waiting_total_.add(what);
  waiting_.push_back(std::move(what));
}

void sink_feed::offer(std::uint64_t position, const batch_ptr& batch) {
  if (behind_ || position <= through_) return;
  entry next{position, batch, batch->events.size(), batch->bytes()};
  if (policy_ == sink_policy::spool && !has_room(next)) {
    behind_ = true;
    ++times_behind_;
    return;
  }
  queue(std::move(next));
}

bool sink_feed::acknowledge(std::uint64_t position) {
  bool any = false;
  while (!sent_.empty() && sent_.front().position <= position) {
    passed_ = sent_.front().position;
    sent_total_.take(sent_.front());
    sent_.pop_front();
    any = true;
  }
  // Positions without a batch are passed with the one before them.
  if (sent_.empty() && waiting_.empty() && any) passed_ = through_;
  return any;
}

void sink_feed::take_back() {
  while (!sent_.empty()) {
    waiting_total_.add(sent_.back());
    waiting_.push_front(std::move(sent_.back()));
    sent_.pop_back();
  }
  sent_total_ = {};
}

bool sink_feed::wants_page() const {
  return behind_ && !reading_ && events_held() <= window_.events / 2 &&
         bytes_held() <= window_.bytes / 2;
}

std::uint64_t sink_feed::begin_page() {
  reading_ = true;
  return through_;
}

void sink_feed::take_page(const std::vector<std::pair<std::uint64_t, batch_ptr>>& batches,
                          std::uint64_t through) {
  if (!reading_) return;
  reading_ = false;
  for (const auto& [position, batch] : batches) {
    if (position > through_) queue({position, batch, batch->events.size(), batch->bytes()});
  }
  through_ = std::max(through_, through);
  if (sent_.empty() && waiting_.empty()) passed_ = through_;
}

std::uint64_t sink_feed::released() const {
  if (policy_ == sink_policy::spool) return ~std::uint64_t{0};
  return waiting_.empty() ? ~std::uint64_t{0} : waiting_.front().position - 1;
}

}  // namespace feedtree::actors
