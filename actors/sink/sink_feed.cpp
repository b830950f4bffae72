#include "actors/sink/sink_feed.hpp"

#include <algorithm>

namespace feedtree::actors {

sink_feed::sink_feed(credit_window window, sink_policy policy, std::uint64_t passed)
    : window_(window),
      policy_(policy),
      passed_(passed),
      through_(passed),
      merger_(policy == sink_policy::conflate ? std::make_unique<conflater>() : nullptr),
      behind_(uses_journal(policy)) {}

bool sink_feed::has_credit(const entry& what) const {
  if (sent_.empty()) return true;
  // What is merged needs room beside what is on the way.
  const auto share = merger_ ? 2 : 1;
  return sent_total_.events + what.events <= window_.events / share &&
         sent_total_.bytes + what.bytes <= window_.bytes / share;
}

bool sink_feed::has_room(const entry& what) const {
  if (sent_.empty() && waiting_.empty() && !is_merging()) return true;
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
  if (uses_journal(policy_) && !has_room(next)) {
    behind_ = true;
    ++times_behind_;
    return;
  }
  accept(std::move(next));
}

// What would wait is merged with what waits.
void sink_feed::accept(entry what) {
  if (!merger_) return queue(std::move(what));
  if (!is_merging() && waiting_.empty() && has_credit(what)) {
    merger_->pass(*what.batch);
    return queue(std::move(what));
  }
  through_ = what.position;
  merger_->add(*what.batch);
}

void sink_feed::take_merged() {
  if (!is_merging() || !waiting_.empty()) return;
  const entry size{through_, nullptr, merger_->events(), merger_->bytes()};
  if (!has_credit(size)) return;
  batch_ptr batch = merger_->take();
  const auto events = batch->events.size();
  const auto bytes = batch->bytes();
  queue({through_, std::move(batch), events, bytes});
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
  if (sent_.empty() && waiting_.empty() && !is_merging() && any) passed_ = through_;
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

void sink_feed::forget() {
  sent_.clear();
  waiting_.clear();
  sent_total_ = waiting_total_ = {};
  passed_ = through_;
}

void sink_feed::add(const batch_ptr& batch) {
  queue({through_, batch, batch->events.size(), batch->bytes()});
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
    if (position > through_) accept({position, batch, batch->events.size(), batch->bytes()});
  }
  through_ = std::max(through_, through);
  if (sent_.empty() && waiting_.empty() && !is_merging()) passed_ = through_;
}

std::uint64_t sink_feed::released() const {
  if (uses_journal(policy_)) return ~std::uint64_t{0};
  return waiting_.empty() ? ~std::uint64_t{0} : waiting_.front().position - 1;
}

}  // namespace feedtree::actors
