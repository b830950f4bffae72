// Candles of one instrument, built from its trades.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_set>
#include <vector>

#include "core/candle_options.hpp"
#include "core/candle_past.hpp"
#include "core/event.hpp"
#include "core/traded_sum.hpp"

namespace feedtree {

struct candle_counters {
  std::uint64_t trades = 0;           // that are in candles
  std::uint64_t duplicates = 0;       // came again, and were not counted twice
  std::uint64_t too_late = 0;         // of an interval that is not revised any more
  std::uint64_t misdated = 0;         // more than ten minutes ahead of our clock
  std::uint64_t closed = 0;           // candles, each once
  std::uint64_t incomplete = 0;       // intervals of which trades were missing when they were over
  std::uint64_t revisions = 0;        // candles that were given again
  std::uint64_t unrepresentable = 0;  // candles whose volume does not fit: in quarantine

  candle_counters& operator+=(const candle_counters& other);
};

// Follows the events of one instrument behind the checks of its trades, and gives a candle when its
// interval is over and the lateness allowance has passed, by our clock: a candle has the trades
// that were received until then. Trades that come later give it again with the next revision, an
// allowance after the first of them. Times are those of the events and of on_time, so that the same
// trades give the same candles live and in a replay.
//
// The first and the last trade of an interval are so by the venue's clock, then by their numbers,
// then by when they came. A candle is closed if the trades were followed since an allowance before
// it began and none of it is still waited for; it is complete if none is missing by the ledger (gap
// events). One that is not complete is given again if what is missing is recovered. Where the
// server was not there, it goes on from what is stored: what that time is in is given when it is
// known whether its trades came.
//
// No clock. Not thread-safe.
class candle_builder {
 public:
  candle_builder(const listing* where, candle_options options);

  // Goes on from what an earlier run of the server stored, before any event. outage_ns: the receive
  // time up to which nothing is missing of it.
  void resume(const candle_past& past, std::int64_t outage_ns);

  // Takes the events of the batch from this one on; appends the candles that are due by their
  // receive times. Events of other instruments are left alone.
  void follow(event_batch& batch, std::size_t first = 0);
  // Appends what is due by this time. No trade received before it may follow.
  void on_time(std::int64_t now_ns, event_batch& out);
  // Trades are known to be missing, and may come yet: what ends meanwhile is not closed.
  void set_waiting(bool waiting, std::int64_t now_ns);

  // When on_time will have something to do; 0: nothing is to come.
  std::int64_t due_ns() const { return due_ns_; }
  const candle_counters& counters() const { return counters_; }
  // The candle of this interval as far as it has come: the last one in which there was a trade.
  // False if there is none.
  bool present(std::int64_t interval_ns, candle& out) const;

 private:
  // One interval and what was traded in it.
  struct bucket {
    std::int64_t open_ns = 0;
    std::int64_t due_ns = 0;  // when it is to be given, or given again; 0: not
    traded_sum sum;
    decimal carried;  // of one without trades: the close before it
    std::uint32_t revision = 0;
    bool over = false;       // its time has come once
    bool published = false;  // it was given at least once
    bool whole = false;      // as it was judged last
    bool settled = false;    // likewise
  };
  struct series {
    std::int64_t interval_ns = 0;
    std::int64_t since_ns = 0;   // trades are followed from here on; 0: not yet
    std::deque<bucket> buckets;  // by open_ns
  };

  bool has_begun() const { return !series_.empty() && series_.front().since_ns != 0; }
  bool concerns(const event& what) const;
  void take(const event& what);
  void take_gap(const gap& what, std::int64_t now_ns);
  void begin(std::int64_t now_ns);
  bool remember(const event& what);
  bool add(series& to, const event& what);
  bucket* bucket_at(series& in, std::int64_t open_ns);
  bool is_pending(const series& of, const bucket& what) const;
  bool is_revised(std::int64_t end_ns) const;
  void resume(series& of, const stored_series& past);
  void end_outage();
  void schedule(bucket& what, std::int64_t at_ns);
  void judge_again(std::int64_t now_ns);
  // What is missing of it, if anything, will not come any more.
  bool is_settled(const series& of, const bucket& what) const;
  bool is_whole(const series& of, const bucket& what) const;
  void give_due(series& of, std::int64_t now_ns, event_batch& out);
  void give(series& of, std::size_t at, event_batch& out);
  void carry_on(series& of, std::size_t at, std::int64_t at_ns);
  void publish(const series& of, bucket& what, event_batch& out);
  bool describe(const series& of, const bucket& what, candle& out) const;
  void forget_old(series& of) const;
  void find_due();

  const listing* where_;
  candle_options options_;
  candle_counters counters_;
  std::vector<series> series_;
  std::int64_t now_ns_ = 0;
  std::int64_t due_ns_ = 0;
  std::int64_t open_gap_ns_ = 0;   // where a gap that is open began; 0: none
  std::int64_t waiting_ns_ = 0;    // likewise, see set_waiting
  std::int64_t outage_ns_ = 0;     // where an outage that is open began; 0: none
  std::int64_t after_ns_ = 0;      // receive time of the first trade behind it; 0: none came
  std::deque<time_stretch> lost_;  // in which trades are missing for good
  std::unordered_set<std::uint64_t> recent_;
  std::deque<std::uint64_t> recent_order_;
};

}  // namespace feedtree
