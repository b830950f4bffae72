// What one producer has on the way to one consumer: explicit credit, in events and bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

namespace feedtree::actors {

// How much may be on the way at once over one edge.
struct credit_window {
  std::uint64_t events = 65'536;
  std::uint64_t bytes = std::uint64_t{64} << 20;
};

// Items wait here until the consumer has credit for them and stay until it acknowledges them, so
// that a consumer that was restarted gets again what its predecessor had not finished. An item
// larger than the whole window goes alone. The queue itself grows only by what its owner pushes: an
// owner that pulls from upstream only while is_clear() holds one item's worth. Not thread-safe.
template <class Item>
class outbox {
 public:
  explicit outbox(credit_window window) : window_(window) {}

  void push(Item what, std::uint64_t events, std::uint64_t bytes) {
    waiting_.push_back({next_sequence_++, std::move(what), events, bytes});
    waiting_total_.add(events, bytes);
  }

  // Calls send(sequence, item) for everything that there is credit for, in order.
  template <class Send>
  void pump(Send&& send) {
    while (!waiting_.empty() && has_credit(waiting_.front())) {
      auto& first = waiting_.front();
      waiting_total_.take(first.events, first.bytes);
      sent_total_.add(first.events, first.bytes);
      send(first.sequence, std::as_const(first.what));
      sent_.push_back(std::move(first));
      waiting_.pop_front();
    }
  }

  // The consumer has finished everything up to this sequence; false if nothing of it was on the way
  // (an acknowledgement of a predecessor's).
  bool acknowledge(std::uint64_t sequence) {
    bool any = false;
    while (!sent_.empty() && sent_.front().sequence <= sequence) {
      sent_total_.take(sent_.front().events, sent_.front().bytes);
      sent_.pop_front();
      any = true;
    }
    return any;
  }

  // The consumer was restarted: what it had not acknowledged waits again, in order.
  void take_back() {
    while (!sent_.empty()) {
      waiting_total_.add(sent_.back().events, sent_.back().bytes);
      waiting_.push_front(std::move(sent_.back()));
      sent_.pop_back();
    }
    sent_total_ = {};
  }

  const credit_window& window() const { return window_; }
  bool is_clear() const { return waiting_.empty(); }                  // everything was sent
  bool is_done() const { return waiting_.empty() && sent_.empty(); }  // and acknowledged
  std::uint64_t last_sequence() const { return next_sequence_ - 1; }  // 0: nothing was pushed
  std::uint64_t events_waiting() const { return waiting_total_.events; }
  std::uint64_t bytes_waiting() const { return waiting_total_.bytes; }
  std::uint64_t events_sent() const { return sent_total_.events; }  // not yet acknowledged
  std::uint64_t bytes_sent() const { return sent_total_.bytes; }

 private:
  struct entry {
    std::uint64_t sequence;
    Item what;
    std::uint64_t events;
    std::uint64_t bytes;
  };
  struct total {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    void add(std::uint64_t e, std::uint64_t b) { events += e, bytes += b; }
    void take(std::uint64_t e, std::uint64_t b) { events -= e, bytes -= b; }
  };

  bool has_credit(const entry& what) const {
    if (sent_.empty()) return true;
    return sent_total_.events + what.events <= window_.events &&
           sent_total_.bytes + what.bytes <= window_.bytes;
  }

  credit_window window_;
  std::uint64_t next_sequence_ = 1;
  std::deque<entry> waiting_;
  std::deque<entry> sent_;
  total waiting_total_;
  total sent_total_;
};

}  // namespace feedtree::actors
