// A market that exists only here: an order book with plausible flow, moved step by step. The same
// seed and instrument give the same market; there is no clock in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/simulator/random_source.hpp"
#include "core/event.hpp"
#include "core/instrument.hpp"
#include "core/order_book.hpp"

namespace feedtree::simulator {

// How an instrument is traded at a venue.
struct market_spec {
  instrument details;
  std::string venue_symbol;        // as the venue's frames write it
  std::string channel;             // which of the venue's markets it is on ("linear"); may be empty
  int price_decimals = 2;          // prices are written with this many digits behind the point
  std::int64_t price_step = 1;     // tick size in units of the last digit
  int quantity_decimals = 8;       // likewise
  std::int64_t quantity_step = 1;  // lot size in units of the last digit
  std::int64_t start_ticks = 0;    // mid price at the beginning, in ticks
  std::int64_t typical_lots = 0;   // size of a common level
  std::size_t levels = 500;        // a side, about

  // Why the market cannot be made, in one line; empty if it can.
  std::string check() const;
};

// A plausible specification of an instrument: price of the base asset in the quote asset (about
// 60 000 for BTC in a dollar), and digits to match. The venue symbol is left to the venue.
market_spec default_spec(const instrument& details);
// Change a specification's digits and keep its start price and typical size. Steps are in units of
// the last digit.
void set_price_digits(market_spec& spec, int decimals, std::int64_t step = 1);
void set_quantity_digits(market_spec& spec, int decimals, std::int64_t step = 1);

// One fill. The price and quantity have the market's digits.
struct market_trade {
  std::uint64_t id = 0;  // 1, 2, 3, ... of the market
  decimal price;
  decimal quantity;
  trade_side side = trade_side::unknown;  // the taker's
  std::int64_t exchange_ns = 0;
  bool liquidation = false;  // contracts only
};

// What one step changed. There is always at least one level change.
struct market_step {
  std::int64_t exchange_ns = 0;
  std::uint64_t sequence = 0;         // number of the step: 1, 2, 3, ... of the market
  std::uint64_t first_update_id = 0;  // level changes are numbered too; first is the last of the
  std::uint64_t last_update_id = 0;   // step before plus one
  std::vector<level> bids;            // best first; the quantity is zero where the level is gone
  std::vector<level> asks;
  std::vector<market_trade> trades;  // in the order in which they happened
};

struct market_candle {
  std::int64_t interval_ns = 0;
  std::int64_t open_ns = 0;
  decimal open;
  decimal high;
  decimal low;
  decimal close;
  decimal volume;
  decimal average;  // price weighted by volume, to about a thousandth of the range
  std::int64_t trades = 0;
};

// Since the market began; what a venue calls the last 24 hours.
struct market_statistics {
  decimal last;  // price of the last trade, or the start price
  decimal last_quantity;
  decimal open;
  decimal high;
  decimal low;
  decimal volume;
  decimal average;  // as in market_candle
  std::int64_t trades = 0;
};

// One instrument. Not thread-safe.
class market {
 public:
  // The intervals of the candles that are kept: 1m 3m 5m 15m 30m 1h 2h 4h 6h 12h 1d 1w 15d.
  static std::span<const std::int64_t> candle_intervals_ns();

  // Throws std::invalid_argument if the specification does not pass its check. start_ns is the
  // time at which the market begins.
  market(market_spec spec, std::uint64_t seed, std::int64_t start_ns);

  // Moves on. Steps are at least a microsecond apart: an earlier now_ns counts as that. The
  // reference is valid until the next step.
  const market_step& step(std::int64_t now_ns);

  // Moves on by one bid above the best ask, as a venue in trouble does; the next step takes it
  // away.
  const market_step& cross(std::int64_t now_ns);

  // A market that the venue took off: market_set::find does not find it.
  void set_listed(bool listed) { is_listed_ = listed; }
  bool is_listed() const { return is_listed_; }

  const market_spec& spec() const { return spec_; }
  const std::string& symbol() const { return symbol_; }  // canonical, "BTC-USD"
  const std::string& venue_symbol() const { return spec_.venue_symbol; }
  const std::string& channel() const { return spec_.channel; }

  // The best `most` levels of a side (0: all), best first, with the market's digits.
  std::vector<level> top(book_part part, std::size_t most) const;
  std::size_t depth(book_part part) const;
  level best(book_part part) const;
  const market_statistics& statistics() const { return statistics_; }
  // The candle that is open now; the interval is one of candle_intervals_ns, else it throws
  // std::out_of_range.
  const market_candle& candle(std::int64_t interval_ns) const;
  // The last trades, oldest first, at most 50.
  const std::vector<market_trade>& recent_trades() const { return recent_trades_; }
  // Older ones too, oldest first: those from a number on, and the last ones before or at a time;
  // at most `most`. So many are kept: trades_kept.
  static constexpr std::size_t trades_kept = 20'000;
  std::vector<market_trade> trades_from(std::uint64_t first, std::size_t most) const;
  std::vector<market_trade> trades_after(std::int64_t exchange_ns, std::size_t most) const;
  std::vector<market_trade> trades_until(std::int64_t exchange_ns, std::size_t most) const;

  // Of the step that was last made; sequence 0 and update id 0 at the beginning.
  std::uint64_t sequence() const { return step_.sequence; }
  std::uint64_t last_update_id() const { return step_.last_update_id; }
  std::uint64_t last_trade_id() const { return trade_id_; }
  std::int64_t exchange_ns() const { return step_.exchange_ns; }

  // Contracts only: what the venue publishes beside the book.
  decimal mark_price() const;
  decimal index_price() const;
  decimal funding_rate() const;          // for eight hours
  std::int64_t next_funding_ns() const;  // 00:00, 08:00 or 16:00 UTC
  decimal open_interest() const;         // in the unit of quantities

 private:
  using side_levels = std::map<std::int64_t, std::int64_t>;  // ticks, negated for bids, to lots

  void fill(book_part part);
  void begin_step(std::int64_t now_ns);
  const market_step& end_step();
  void uncross();
  void act();
  void place(book_part part);
  void improve(book_part part);
  void cancel(book_part part);
  void take(trade_side taker);
  void refill(book_part part);
  void force_change();
  void trade_at(std::int64_t ticks, std::int64_t lots, trade_side taker, bool liquidation);
  void count_trade(const market_trade& what);
  void roll_candles(std::int64_t now_ns);
  market_candle quiet_candle(std::int64_t interval_ns, std::int64_t now_ns,
                             const decimal& price) const;
  void set(book_part part, std::int64_t rank, std::int64_t lots);
  void collect(book_part part, std::vector<level>& out);
  std::int64_t spread_ticks() const;
  std::int64_t mid_ticks() const;
  bool leans_up();
  std::int64_t some_lots();
  decimal price_of(std::int64_t ticks) const;
  decimal quantity_of(std::int64_t lots) const;
  level level_of(book_part part, std::int64_t rank, std::int64_t lots) const;
  side_levels& side(book_part part) { return part == book_part::bids ? bids_ : asks_; }
  const side_levels& side(book_part part) const { return part == book_part::bids ? bids_ : asks_; }

  market_spec spec_;
  std::string symbol_;
  random_source random_;
  side_levels bids_;
  side_levels asks_;
  side_levels changed_bids_;  // what stood there before this step
  side_levels changed_asks_;
  market_step step_;
  market_statistics statistics_;
  std::vector<market_candle> candles_;
  std::vector<market_trade> recent_trades_;
  std::deque<market_trade> all_trades_;  // the last trades_kept
  std::uint64_t trade_id_ = 0;
  std::int64_t open_interest_lots_ = 0;
  std::int64_t crossing_rank_ = 0;  // the bid that cross placed; 0: none
  bool is_listed_ = true;
};

// The markets of one simulated venue, in the order in which they were asked for.
class market_set {
 public:
  // Throws std::invalid_argument for specifications that do not pass their check.
  market_set(const std::vector<market_spec>& specs, std::uint64_t seed, std::int64_t start_ns);

  // The market that the venue calls so, on this channel, if it is listed; else null.
  const market* find(std::string_view venue_symbol, std::string_view channel = {}) const;
  // Of this canonical symbol, or null.
  const market* find_symbol(std::string_view symbol) const;
  market* find_symbol(std::string_view symbol);
  std::size_t size() const { return markets_.size(); }
  market& at(std::size_t index) { return *markets_.at(index); }
  const market& at(std::size_t index) const { return *markets_.at(index); }

 private:
  std::vector<std::unique_ptr<market>> markets_;
};

}  // namespace feedtree::simulator
