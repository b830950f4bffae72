// What the server did so far: counters that any thread may read while the actors count.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/book/deviation_histogram.hpp"
#include "actors/supervision/latency_histogram.hpp"
#include "actors/venue/channel_counts.hpp"
#include "actors/venue/circuit_breaker.hpp"
#include "core/event.hpp"
#include "core/feed_keeper.hpp"
#include "core/row_counter.hpp"
#include "core/rules/counts.hpp"
#include "core/sink.hpp"
#include "core/trade_keeper.hpp"

namespace feedtree::actors {

// Is counted in a gauge from begin to end, or to its own end.
class gauge_mark {
 public:
  gauge_mark() = default;
  ~gauge_mark() { end(); }
  gauge_mark(const gauge_mark&) = delete;
  gauge_mark& operator=(const gauge_mark&) = delete;
  void begin(std::atomic<std::uint64_t>& gauge) {
    end();
    gauge_ = &gauge;
    ++*gauge_;
  }
  void end() {
    if (gauge_ != nullptr) --*gauge_;
    gauge_ = nullptr;
  }

 private:
  std::atomic<std::uint64_t>* gauge_ = nullptr;
};

// What became of candles that are built from trades.
struct candle_totals {
  std::atomic<std::uint64_t> closed{0};      // each once
  std::atomic<std::uint64_t> revised{0};     // given again with another revision
  std::atomic<std::uint64_t> incomplete{0};  // over while trades were known to be missing
  std::atomic<std::uint64_t> late{0};        // trades that came too late for any candle
  std::atomic<std::uint64_t> misdated{0};    // trades that are dated far ahead, and are in none
  std::atomic<std::uint64_t> repeated{0};    // trades that came before
};

// By decimal_error, without none.
inline constexpr std::size_t decimal_errors = 4;

// One venue's counters.
struct venue_statistics {
  std::string venue;
  std::atomic<std::uint64_t> frames_received{0};
  std::atomic<std::uint64_t> frames_decoded{0};
  std::atomic<std::uint64_t> frames_ignored{0};
  std::atomic<std::uint64_t> frames_rejected{0};
  // Of frames that were read: entries of lists and optional fields that were not.
  std::atomic<std::uint64_t> entries_lost{0};
  std::atomic<std::uint64_t> fields_lost{0};
  channel_counts ignored;  // frames, by channel
  // Checks on whole connections (Coinbase numbers those, and not its books).
  std::atomic<std::uint64_t> sequence_ok{0};
  std::atomic<std::uint64_t> sequence_gaps{0};
  std::atomic<std::uint64_t> numbers_back{0};
  std::atomic<std::uint64_t> duplicates{0};
  std::atomic<std::uint64_t> connections_open{0};  // now
  std::atomic<std::uint64_t> connections_opened{0};
  std::atomic<std::uint64_t> connections_lost{0};
  std::atomic<std::uint64_t> connections_silent{0};  // and given up because of it
  std::atomic<std::uint64_t> proofs_asked{0};        // that a silence is a quiet market
  std::atomic<std::uint64_t> subscriptions_accepted{0};
  std::atomic<std::uint64_t> subscriptions_refused{0};
  // The circuit breaker; when it came to be so: nanoseconds since 1970, 0 from the start.
  std::atomic<breaker_state> breaker{breaker_state::closed};
  std::atomic<std::int64_t> breaker_since_ns{0};
  std::atomic<std::uint64_t> breaker_opened{0};  // times
  std::atomic<std::uint64_t> resyncs{0};
  std::atomic<std::uint64_t> connections_replaced{0};  // before they were too old
  std::atomic<std::uint64_t> repeated{0};              // events that another connection brought
  std::atomic<std::uint64_t> disagreements{0};         // of these: with other content
  std::atomic<std::uint64_t> takeovers{0};             // books that another connection leads now
  std::atomic<std::uint64_t> quarantined{0};
  std::atomic<std::uint64_t> unclaimed{0};  // events of instruments that nobody asked for
  std::atomic<std::uint64_t> unwanted{0};   // events of instruments that are not wanted any more
  std::array<std::atomic<std::uint64_t>, event_kinds> events{};  // passed on by the validator
  std::atomic<const rules::venue_counts*> rules{nullptr};        // null: there are no rules
  // Frames that were rejected for a number that is none or does not fit, by decimal_error.
  std::array<std::atomic<std::uint64_t>, decimal_errors> decimals_rejected{};
  candle_totals candles;
  rules::skew_histogram skew;              // receive time minus the venue's time
  deviation_histogram snapshot_deviation;  // see deviation_histogram.hpp
  latency_histogram receive_latency;       // from the venue's clock to our receive time
  latency_histogram pass_latency;          // from receive time to the end of the validator's work
};

// One instrument's book as it was after its last batch.
struct book_statistics {
  const listing* where = nullptr;
  feed_state state = feed_state::syncing;
  keeper_counters counters;
  std::uint64_t bids = 0;
  std::uint64_t asks = 0;
  std::optional<level> best_bid;
  std::optional<level> best_ask;
  kind_set kinds;                                // that are wanted of the instrument
  std::array<feed_state, event_kinds> states{};  // of each of them
  trade_counters trades;
  std::array<feed_past, event_kinds> past{};  // what a book that is restarted goes on from
};

struct sink_statistics {
  std::string name;
  sink_counters counters;
  std::string last_error;
  std::vector<table_rows> rows{};  // of a database: written, by table
  latency_counts latency{};        // from the receipt of an event until the target has it
};

// What is on the way between two actors, its bound, and what did not pass.
struct edge_statistics {
  std::string name;  // "kraken/validator to distributor"
  // Of an inbox ("kraken/connection-1 inbox") events are frames.
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t events_max = 0;  // 0: bounded by those before it
  std::uint64_t bytes_max = 0;
  std::uint64_t events_dropped = 0;
  std::uint64_t times_behind =
      0;                // how often the receiver fell behind into the journal, or was full
  bool behind = false;  // and whether it is now
  std::uint64_t events_merged = 0;     // updates of books and quotes that were merged into others
  std::uint64_t positions_behind = 0;  // of the journal: that the receiver does not have for good
};

struct journal_statistics {
  std::uint64_t last_position = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_max = 0;  // 0: there is no journal
  std::uint64_t events_dropped = 0;
  bool at_limit = false;
  std::string last_error;  // empty: it works
};

// An instrument of the configuration that its venue does not list, or that does not trade.
struct unknown_instrument {
  std::string venue;
  std::string instrument;
  std::string reason;
  std::int64_t since_ns = 0;
};

// Owns the counters of one run. Thread-safe; references stay valid.
class statistics {
 public:
  explicit statistics(const std::vector<std::string>& sink_names);
  venue_statistics& of_venue(std::string_view venue);
  // What the rules count at a venue: the same for all validators that the venue ever has.
  std::shared_ptr<rules::venue_counts> rules_of(std::string_view venue,
                                                const rules::rule_list& rules);
  void set_book(const book_statistics& what);
  // As it was set last; none where there is no book.
  std::optional<book_statistics> book(const listing* where) const;
  // The receive time up to which all of this instrument's events were handed on, nanoseconds since
  // 1970; 0: there were none.
  std::shared_ptr<std::atomic<std::int64_t>> accepted_ns(const listing* where);
  // The book is no longer kept, or all books of a venue.
  void remove_book(const listing* where);
  void remove_books(std::string_view venue);
  void set_sink(std::size_t index, const sink_counters& counters, const std::string& last_error);
  void set_rows(std::size_t index, std::vector<table_rows> rows);
  // Where the sink's actor counts; one thread at a time.
  latency_histogram& sink_latency(std::size_t index) { return sink_latencies_.at(index); }
  // Replaces what was set under this name.
  void set_edge(const edge_statistics& what);
  // A queue that is looked at when someone asks, on his thread; none when it is gone. Replaces what
  // was watched under this name. The function must not call this object.
  void watch_edge(const std::string& name, std::function<std::optional<edge_statistics>()> look);
  void set_journal(const journal_statistics& what);
  // Replaces what was unknown of this venue; what was there before keeps its since_ns.
  void set_unknown(std::string_view venue, std::vector<unknown_instrument> what);
  // What the venue said last to a part of it ("symbols", "kraken/connection-1") that cannot go on;
  // empty: it can.
  void set_trouble(std::string_view venue, const std::string& part, const std::string& text);
  // The venue asked not to be bothered before this time, nanoseconds since 1970.
  void set_waits(std::string_view venue, std::int64_t until_ns);
  // Nothing is known of the venue any more.
  void forget_notes(std::string_view venue);
  // A connection ended before it was ever open: why. The last one is kept.
  void set_failure(std::string text);

  std::vector<const venue_statistics*> venues() const;
  // In the order in which they were set.
  std::vector<unknown_instrument> unknown(std::string_view venue) const;
  std::string trouble(std::string_view venue) const;  // of the first part that has any
  std::int64_t waits_until_ns(std::string_view venue) const;
  std::vector<book_statistics> books() const;
  std::vector<sink_statistics> sinks() const;
  std::vector<edge_statistics> edges() const;  // by name
  journal_statistics journal() const;
  std::string last_failure() const;

 private:
  // What is told of a venue in words.
  struct venue_notes {
    std::vector<unknown_instrument> unknown;
    std::map<std::string, std::string> trouble;  // by part
    std::int64_t waits_until_ns = 0;
  };
  const venue_notes& notes_of(std::string_view venue) const;

  mutable std::mutex mutex_;
  std::map<std::string, venue_notes, std::less<>> notes_;
  std::deque<venue_statistics> venues_;
  std::map<const listing*, std::shared_ptr<std::atomic<std::int64_t>>> accepted_ns_;
  std::map<std::string, std::shared_ptr<rules::venue_counts>, std::less<>> rules_;
  std::vector<book_statistics> books_;  // by listing index; where is null where there is none
  std::vector<sink_statistics> sinks_;
  std::deque<latency_histogram> sink_latencies_;  // by index
  std::map<std::string, edge_statistics> edges_;
  std::map<std::string, std::function<std::optional<edge_statistics>()>> watched_;
  journal_statistics journal_;
  std::string last_failure_;
};

}  // namespace feedtree::actors
