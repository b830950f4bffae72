// Keeps one instrument's trades whole: notices holes, has them filled, and gives trades in order.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/event.hpp"
#include "core/instrument_past.hpp"
#include "core/trade_continuity.hpp"
#include "core/trade_memory.hpp"

namespace feedtree {

struct trade_keeper_options {
  // The venue counts the instrument's trades without holes, and a trade's key is its number. If
  // not, trades pass as they came.
  bool numbered = false;
  // Missing trades can be asked for. If not, holes are told at once and nothing waits for them.
  bool fills = false;
  // Trades that are not numbered can be asked for by their times.
  bool fills_by_time = false;
  // More than one connection brings these trades: what comes late is no loss.
  bool redundant = false;
  std::int64_t patience_ns = 50'000'000;      // before a hole is asked for: it may be a swap
  std::int64_t hold_ns = 5'000'000'000;       // trades wait no longer for those before them
  std::int64_t give_up_ns = 120'000'000'000;  // a hole of which nothing came for so long stays
  std::int64_t retry_ns = 1'000'000'000;      // before the next request if one brought nothing
  std::size_t held_max = 20'000;              // trades that wait, and not for a larger hole
  std::uint64_t numbers_max = 1'000'000;      // a larger hole is not asked for
};

struct trade_counters {
  std::uint64_t in_order = 0;
  std::uint64_t holes = 0;       // stretches of missing trades
  std::uint64_t covered = 0;     // of these another connection brought all in time
  std::uint64_t missing = 0;     // trades in them
  std::uint64_t late = 0;        // of these came later on a connection
  std::uint64_t filled = 0;      // of these were asked for and came
  std::uint64_t lost = 0;        // of these were given up
  std::uint64_t duplicates = 0;  // came again, and were dropped
  std::uint64_t unasked = 0;     // of an answer, and not missing: dropped
  std::uint64_t reused = 0;      // had a number that was passed already, and were passed on
  std::uint64_t restarts = 0;    // the venue began to count again

  trade_counters& operator+=(const trade_counters& other);
};

// Takes an instrument's trades in the order in which they came, and passes on each once. A number
// that was passed already is no second copy if the trade is another one: by its content, or because
// it is later than the last one. Where the next trade counts on from there, the venue counts again.
// Where trades are missing, the ones behind them wait for a moment, so that what is filled stands
// in order; what takes longer comes behind them. A ledger entry for each hole says whether it was
// filled. What is missing because the server was not there has one entry, of cause outage, when all
// of it has come or was given up. No clock: times are passed in, nanoseconds since 1970. Not
// thread-safe.
class trade_keeper {
 public:
  trade_keeper(const listing* where, trade_keeper_options options);

  // Goes on where an earlier run of the server ended, before any trade.
  void resume(const stored_trades& past);
  // Goes on where another keeper was, of which nothing is known but that an outage was open.
  void lose_outage();

  // Judges a trade and appends what may be passed on.
  void process(const event& what, event_batch& out);

  // The next trades to ask for, if it is time. One request is under way at a time: it ends by
  // take_answer or request_failed.
  std::optional<missing_trades> take_request(std::int64_t now_ns);
  // Events of the answer: trades that are missing are passed on, and events of other kinds that
  // have the key of one of them (a liquidation); all else is dropped and counted.
  void take_answer(const event_batch& answer, std::int64_t now_ns, event_batch& out);
  // There will be no answer to this request.
  void request_failed(std::int64_t now_ns, event_batch& out);

  // Lets go what has waited long enough, gives up what cannot be filled.
  void on_time(std::int64_t now_ns, event_batch& out);
  // Nothing more will come: gives up every hole and lets go what waits.
  void give_up(std::int64_t now_ns, event_batch& out);
  // The same at the end of the server: an outage that is not over goes on in its next run.
  void stop(std::int64_t now_ns, event_batch& out);
  // When on_time or take_request will have something to do; 0: nothing is to come.
  std::int64_t due_ns() const;

  // Trades are brought by more than one connection from now on, or no longer.
  void set_redundant(bool redundant) { options_.redundant = redundant; }
  const trade_keeper_options& options() const { return options_; }
  const trade_counters& counters() const { return counters_; }
  // That are open, and known to be so: trades are missing and may come.
  std::size_t holes() const { return holes_.size() + (span_ ? 1 : 0); }
  std::size_t held() const { return held_.size(); }

 private:
  struct hole {
    number_range whole;
    std::int64_t begin_ns = 0;   // receive time of the trade before it
    std::int64_t before_ns = 0;  // exchange times on either side
    std::int64_t after_ns = 0;
    std::int64_t seen_ns = 0;   // when it was noticed; 0: not before the first trade of this run
    std::int64_t ask_ns = 0;    // when to ask, or ask again
    std::int64_t heard_ns = 0;  // when something of it came last, or it was noticed
    std::int64_t end_ns = 0;    // receive time of the last that came
    bool holds = false;         // trades behind it wait
    bool of_outage = false;
    // Numbers and exchange times of some that came: the first and the last of each answer.
    std::vector<std::pair<std::uint64_t, std::int64_t>> known;
    std::uint64_t came_late = 0;
    std::uint64_t came_filled = 0;
  };

  // The last trade whose number had been passed already.
  struct reused_number {
    std::uint64_t number = 0;
    std::int64_t exchange_ns = 0;
    std::int64_t receive_ns = 0;
  };

  trade_match match(std::uint64_t number, const event& what) const;
  bool is_passed(std::uint64_t number) const;
  bool is_repetition(std::uint64_t number, const event& what, trade_match known) const;
  void take_in_order(std::uint64_t number, const event& what, event_batch& out);
  void take_reused(std::uint64_t number, const event& what, event_batch& out);
  void restart(const event& what, event_batch& out);
  void tell(std::string_view step, bool recovered, const event& what, const inline_text<95>& detail,
            event_batch& out) const;

  // The server was not there; it is over for the trades when nothing of it is waited for.
  struct outage {
    std::int64_t begin_ns = 0;  // receive time of the last trade before it
    std::int64_t end_ns = 0;    // of the first one behind it; 0: none came yet
    std::int64_t exchange_ns = 0;
    number_range whole;  // of what was missing
    std::uint64_t missing = 0;
    std::uint64_t came = 0;
    std::string_view lost;  // why there may be more that is missing; empty: there is not
  };
  // What is asked for by time, of a venue without numbers.
  struct time_span {
    std::int64_t next_ns = 0;
    std::int64_t end_ns = 0;
    std::int64_t ask_ns = 0;
    std::int64_t heard_ns = 0;
    std::unordered_set<std::uint64_t> known;  // hashes of keys
  };

  void pass_unnumbered(const event& what, event_batch& out);
  bool begins_run(const event& what);
  void count_in_outage(const hole& what, std::uint64_t lost);
  void end_outage(std::int64_t now_ns, event_batch& out);
  void take_span(const event_batch& answer, std::int64_t now_ns, event_batch& out);
  void span_failed(std::int64_t now_ns, event_batch& out);
  std::int64_t give_up_at(const hole& of) const;
  bool is_asked(const hole& what) const;

  void take_after_hole(const event& what, bool of_outage, event_batch& out);
  void take_late(const event& what, bool fetched, event_batch& out);
  void pass_or_hold(const event& what, event_batch& out);
  void settle(event_batch& out);
  void release(event_batch& out);
  void end_hole(const hole& what, std::uint64_t lost, std::int64_t now_ns, event_batch& out);
  hole* hole_of(std::uint64_t number);
  std::optional<number_range> first_missing(const hole& of) const;
  std::uint64_t missing_in(const hole& of) const;
  void narrow(missing_trades& what, const hole& of) const;

  const listing* where_;
  trade_keeper_options options_;
  trade_continuity numbers_;
  trade_memory memory_;
  std::size_t of_old_numbering_ = 0;     // trades in memory_ from before the venue counted again
  std::optional<reused_number> reused_;  // it may be the first of a new numbering
  trade_counters counters_;
  std::deque<hole> holes_;   // in the order of their numbers
  std::vector<event> held_;  // not sorted
  std::optional<outage> outage_;
  std::optional<time_span> span_;
  std::vector<std::uint64_t> recent_;  // hashes of keys before the outage
  std::optional<number_range> asked_;
  bool asked_by_time_ = false;
  std::int64_t retry_ns_ = 0;          // before the next request; doubles while nothing comes
  std::int64_t last_receive_ns_ = 0;   // of the trade with the highest number
  std::int64_t last_exchange_ns_ = 0;  // likewise; 0: not known
};

}  // namespace feedtree
