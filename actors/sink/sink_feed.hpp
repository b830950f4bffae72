// What is on the way from the distributor to one sink.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "actors/edges/outbox.hpp"
#include "core/conflater.hpp"
#include "core/event.hpp"

namespace feedtree::actors {

// What happens when a sink takes less than there is.
enum class sink_policy : std::uint8_t {
  block,     // upstream waits for it
  spool,     // it falls behind into the journal and catches up from there
  conflate,  // the same, and what waits is merged: of books and quotes the latest state wins
};

// Reads the journal where it lags, and has a cursor there.
constexpr bool uses_journal(sink_policy policy) {
  return policy != sink_policy::block;
}

// Gives a sink every batch once, in order, within its credit: from memory while it keeps up, else
// from the journal. A spooling sink holds at most its window in memory; one that conflates as much,
// a batch, and the books of venues that cut them. Positions are those of the journal. Knows nothing
// of actors; not thread-safe.
class sink_feed {
 public:
  // passed: the sink has everything up to here; from there the journal is read first.
  sink_feed(credit_window window, sink_policy policy, std::uint64_t passed);

  // The next batch. One that spools and has no credit for it falls behind, and takes nothing more
  // here until it has joined again.
  void offer(std::uint64_t position, const batch_ptr& batch);

  // Calls send(position, batch) for everything that there is credit for, in order.
  template <class Send>
  void pump(Send&& send) {
    take_merged();
    while (!waiting_.empty() && has_credit(waiting_.front())) {
      auto& next = waiting_.front();
      send(next.position, next.batch);
      sent_total_.add(next);
      waiting_total_.take(next);
      sent_.push_back(std::move(next));
      waiting_.pop_front();
      take_merged();
    }
  }

  // The sink has everything up to this position, for good; true if that is news.
  bool acknowledge(std::uint64_t position);
  // The sink was started anew: what was on the way waits again.
  void take_back();
  // The sink is gone, and needs nothing of what was on the way: it is as if it had it.
  void forget();
  // Behind everything so far, in the place of none of it.
  void add(const batch_ptr& batch);

  // True if it is behind and has room for a part of the journal.
  bool wants_page() const;
  // Where to read on; wants no other page until take_page.
  std::uint64_t begin_page();
  // A page came: its batches, and the position up to which there is nothing else.
  void take_page(const std::vector<std::pair<std::uint64_t, batch_ptr>>& batches,
                 std::uint64_t through);
  // The page that was asked for will not come.
  void forget_page() { reading_ = false; }
  // It has all that the journal has: from the next offer on it is fed from memory.
  void join() { behind_ = false; }

  sink_policy policy() const { return policy_; }
  const credit_window& window() const { return window_; }
  bool is_behind() const { return behind_; }
  bool is_clear() const { return waiting_.empty() && !is_merging() && !behind_; }
  bool is_done() const { return is_clear() && sent_.empty(); }
  std::uint64_t passed() const { return passed_; }    // what the sink has
  std::uint64_t through() const { return through_; }  // what it was given or what waits here
  // Everything up to here is with the sink or needs no memory of ours: upstream may go on.
  std::uint64_t released() const;
  std::uint64_t events_held() const {
    return sent_total_.events + waiting_total_.events + (merger_ ? merger_->events() : 0);
  }
  std::uint64_t bytes_held() const {
    return sent_total_.bytes + waiting_total_.bytes + (merger_ ? merger_->bytes() : 0);
  }
  std::uint64_t events_merged() const { return merger_ ? merger_->merged() : 0; }
  std::uint64_t times_behind() const { return times_behind_; }

 private:
  struct entry {
    std::uint64_t position;
    batch_ptr batch;
    std::uint64_t events;
    std::uint64_t bytes;
  };
  struct total {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    void add(const entry& what) { events += what.events, bytes += what.bytes; }
    void take(const entry& what) { events -= what.events, bytes -= what.bytes; }
  };
  bool has_credit(const entry& what) const;
  bool has_room(const entry& what) const;
  void queue(entry what);
  void accept(entry what);
  bool is_merging() const { return merger_ && !merger_->empty(); }
  // What is merged goes on its way when all before it is and there is credit.
  void take_merged();

  credit_window window_;
  sink_policy policy_;
  std::uint64_t passed_;
  std::uint64_t through_;
  std::deque<entry> waiting_;
  std::deque<entry> sent_;
  total waiting_total_;
  total sent_total_;
  std::unique_ptr<conflater> merger_;  // of a sink that conflates
  bool behind_;
  bool reading_ = false;
  std::uint64_t times_behind_ = 0;
};

}  // namespace feedtree::actors
