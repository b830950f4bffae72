// The normalised things that happen, and the batches in which they travel.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/decimal.hpp"
#include "core/inline_text.hpp"
#include "core/instrument.hpp"

namespace feedtree {

// In the order of event::body's alternatives.
enum class event_kind : std::uint8_t {
  trade,
  book,
  quote,
  ticker,
  candle,
  funding,
  open_interest,
  liquidation,
  status,
  gap,
};
inline constexpr std::size_t event_kinds = 10;

// Kinds of one instrument, a bit each.
using kind_set = std::bitset<event_kinds>;

std::string_view to_string(event_kind kind);
std::optional<event_kind> parse_event_kind(std::string_view text);

// What the data of a feed (one kind of one instrument at one venue) is worth.
enum class feed_state : std::uint8_t { syncing, live, stale, gap, crossed };
inline constexpr std::size_t feed_states = 5;
std::string_view to_string(feed_state state);

// The side of the order that took liquidity; for a liquidation the side of the forced order.
enum class trade_side : std::uint8_t { unknown, buy, sell };
inline constexpr std::size_t trade_sides = 3;
std::string_view to_string(trade_side side);

// Why a stretch of a feed is missing or not to be trusted.
enum class gap_cause : std::uint8_t {
  sequence,    // a sequence number was skipped or went back
  checksum,    // the venue's checksum and the book differ
  crossed,     // best bid at or above best ask
  connection,  // the connection was lost
  rejected,    // a frame of the feed could not be read
  journal,     // the journal had no room: sinks that store did not get it
  silence,     // nothing came, and that the market is quiet could not be shown
  restart,     // the actor that kept the feed was restarted: what it had not handed on is lost
  outage,      // the server itself was not there: stopped, killed, or its machine was off
};
inline constexpr std::size_t gap_causes = 9;
std::string_view to_string(gap_cause cause);

// What was done about a gap, from the mildest to the strongest.
enum class gap_repair : std::uint8_t {
  none,         // nothing so far; where the gap has ended: nothing was needed
  snapshot,     // the book was asked for over REST
  resubscribe,  // the instrument was subscribed to anew
  reconnect,    // the connection was made anew
  restart,      // the venue's supervisor was called: its actors begin anew
};
inline constexpr std::size_t gap_repairs = 5;
std::string_view to_string(gap_repair repair);

// What a rule looks at (core/rules): an event that fails one carries it as a flag.
enum class rule_check : std::uint8_t {
  required,
  range,
  monotonic_time,
  clock_skew,
  price_jump,
  venue_consensus,
  volume_anomaly,
  crossed,
  spread,
  candle_consistency,
  peg,
  freshness,
  schema_drift,
};
inline constexpr std::size_t rule_checks = 13;
std::string_view to_string(rule_check check);
std::optional<rule_check> parse_rule_check(std::string_view text);

// Checks, a bit each.
using check_set = std::uint32_t;
constexpr check_set bit_of(rule_check check) {
  return check_set{1} << static_cast<unsigned>(check);
}

enum class alert_severity : std::uint8_t { info, warning, critical };
inline constexpr std::size_t alert_severities = 3;
std::string_view to_string(alert_severity severity);

// One price level in a book message; quantity zero deletes the price.
struct level {
  std::int64_t price_mantissa = 0;
  std::int64_t quantity_mantissa = 0;
  std::int8_t price_exponent = 0;
  std::int8_t quantity_exponent = 0;

  level() = default;
  level(const decimal& price, const decimal& quantity)
      : price_mantissa(price.mantissa),
        quantity_mantissa(quantity.mantissa),
        price_exponent(price.exponent),
        quantity_exponent(quantity.exponent) {}
  decimal price() const { return {price_mantissa, price_exponent}; }
  decimal quantity() const { return {quantity_mantissa, quantity_exponent}; }
  bool deletes() const { return quantity_mantissa == 0; }
};

// The event's key is the venue's trade id.
struct trade {
  decimal price;
  decimal quantity;  // in the venue's unit: base units, or contracts for derivatives
  trade_side side = trade_side::unknown;
};

// A change of an order book, or the whole of it. Its levels stand in the batch: bids, then asks,
// each in the order in which the venue sent them.
struct book_change {
  bool snapshot = false;
  bool has_checksum = false;
  std::uint32_t checksum = 0;     // as 32 bits, also where the venue writes it signed
  std::uint32_t first_level = 0;  // index into event_batch::levels
  std::uint32_t bids = 0;
  std::uint32_t asks = 0;
  // The venue's numbers of this update; 0 where it has none. first equals last where an update
  // covers one number; previous is what the venue says came before.
  std::uint64_t first_update_id = 0;
  std::uint64_t last_update_id = 0;
  std::uint64_t previous_update_id = 0;
  // Of a snapshot: levels a side that the venue keeps from here on; 0: it does not say.
  std::uint32_t depth = 0;
  // Updates that a sink has merged into this one; 0: none. Not in the journal, which has them all.
  std::uint32_t merged = 0;
};

// The best bid and offer. A side without orders has neither price nor quantity.
struct quote {
  optional_decimal bid_price;
  optional_decimal bid_quantity;
  optional_decimal ask_price;
  optional_decimal ask_quantity;
  std::uint32_t merged = 0;  // as in book_change

  bool has_both_sides() const { return bid_price.has_value() && ask_price.has_value(); }
};

// A quote from what venues send: a price or a quantity of zero means that the side has no orders.
quote make_quote(const optional_decimal& bid_price, const optional_decimal& bid_quantity,
                 const optional_decimal& ask_price, const optional_decimal& ask_quantity);
// The first level of each side, where there is one.
quote top_of(std::span<const level> bids, std::span<const level> asks);

// The venue's statistics of the day; what it does not send is absent.
struct ticker {
  optional_decimal last_price;
  optional_decimal bid_price;
  optional_decimal bid_quantity;
  optional_decimal ask_price;
  optional_decimal ask_quantity;
  optional_decimal open_price;  // 24 hours ago
  optional_decimal high_price;
  optional_decimal low_price;
  optional_decimal volume;        // 24 hours, base units or contracts
  optional_decimal quote_volume;  // 24 hours, quote units
  optional_decimal mark_price;
  optional_decimal index_price;
};

// Who made a candle: the venue, or we from its trades.
enum class candle_source : std::uint8_t { venue, trades };
inline constexpr std::size_t candle_sources = 2;
std::string_view to_string(candle_source source);

struct candle {
  std::int64_t interval_ns = 0;
  std::int64_t open_ns = 0;  // begin of the interval
  decimal open;
  decimal high;
  decimal low;
  decimal close;
  decimal volume;
  optional_decimal quote_volume;
  std::int64_t trades = -1;  // -1 where the venue does not say
  // The interval is over: the venue says so. Of our own: and no trade is waited for.
  bool closed = false;
  candle_source source = candle_source::venue;
  // Of our own only: no trade is known to be missing; how often it was corrected.
  bool complete = false;
  std::uint32_t revision = 0;
};

struct funding {
  decimal rate;  // for the period that ends at next_funding_ns
  optional_decimal mark_price;
  optional_decimal index_price;
  optional_decimal predicted_rate;
  std::int64_t next_funding_ns = 0;  // 0 where the venue does not say
};

struct open_interest {
  decimal quantity;        // in the venue's unit: contracts or base units
  optional_decimal value;  // in quote or settle currency
};

struct liquidation {
  decimal price;
  decimal quantity;
  trade_side side = trade_side::unknown;
};

// A feed's state changed.
struct status_change {
  feed_state from = feed_state::syncing;
  feed_state to = feed_state::syncing;
  event_kind feed = event_kind::book;
  inline_text<95> reason;
};

// A ledger entry: what is missing or not to be trusted, from when to when, and why. A gap has one
// entry when it begins, one for each repair that is tried, and one when it ends.
struct gap {
  gap_cause cause = gap_cause::sequence;
  event_kind feed = event_kind::book;
  gap_repair repair = gap_repair::none;  // tried last; of a gap that has ended: what ended it
  bool recovered = false;  // the feed is whole again; of an ended gap false: what is lost stays so
  std::int64_t begin_ns = 0;  // receive time of the last good message
  std::int64_t end_ns = 0;    // receive time of the message that ended the gap; 0 while it is open
  inline_text<95> detail;
};

using event_key = inline_text<47>;

// One normalised thing that happened. Trivially copyable.
struct event {
  const listing* where = nullptr;
  std::int64_t exchange_ns = 0;  // the venue's clock, nanoseconds since 1970
  std::int64_t receive_ns = 0;   // our clock
  feed_state state = feed_state::live;
  event_key key;
  check_set flags = 0;  // checks of rules that it failed
  std::variant<trade, book_change, quote, ticker, candle, funding, open_interest, liquidation,
               status_change, gap>
      body;

  event_kind kind() const { return static_cast<event_kind>(body.index()); }
};
static_assert(std::is_trivially_copyable_v<event>);

// Something that was kept back: a frame that could not be read, or an event that broke a rule.
struct quarantine_entry {
  std::string venue;
  std::string instrument;  // empty where it is not known
  std::string rule;        // "decode" for a frame that could not be read
  std::string reason;
  std::string excerpt;  // of the frame, or the event's id
  std::int64_t receive_ns = 0;
};

// Something that people are to hear of: a rule that was broken, or what an actor noticed.
struct alert_entry {
  alert_severity severity = alert_severity::warning;
  std::string venue;
  std::string instrument;  // empty where it concerns the venue
  std::string rule;        // the rule's name, or what noticed it: "disagreement", "breaker"
  std::string reason;
  std::string event;             // id of the event; empty where there is none
  std::int64_t receive_ns = 0;   // when it was noticed, by our clock
  std::uint64_t suppressed = 0;  // alerts of this rule and feed that were held back since the last
};

// Events in order, with the levels of their books. Built by one owner, then shared as const.
struct event_batch {
  std::vector<event> events;
  std::vector<level> levels;
  std::vector<quarantine_entry> quarantine;
  std::vector<alert_entry> alerts;

  bool empty() const { return events.empty() && quarantine.empty() && alerts.empty(); }
  void clear();
  // What it costs to hold, for credit.
  std::size_t bytes() const;

  std::span<const level> bids(const book_change& change) const {
    return {levels.data() + change.first_level, change.bids};
  }
  std::span<const level> asks(const book_change& change) const {
    return {levels.data() + change.first_level + change.bids, change.asks};
  }
  // Both sides: bids, then asks.
  std::span<const level> all(const book_change& change) const {
    return {levels.data() + change.first_level, std::size_t{change.bids} + change.asks};
  }

  // Copies an event of another batch, with its levels; the copy is the last of events.
  event& append(const event& source, const event_batch& from);
};

using batch_ptr = std::shared_ptr<const event_batch>;

// "<venue>:<instrument>:<kind>:<key>": the same on every run and every server.
std::string event_id(const event& what);

// "1m", "1h", "1d"; nothing fitting gives nanoseconds with "ns".
std::string interval_text(std::int64_t interval_ns);
// The reverse for s, m, h, d, w; 0 if it is none.
std::int64_t parse_interval(std::string_view text);

}  // namespace feedtree
