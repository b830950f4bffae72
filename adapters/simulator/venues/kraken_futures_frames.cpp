#include "adapters/simulator/venues/kraken_futures_frames.hpp"

#include <array>
#include <cstdio>

#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/venues/amounts.hpp"
#include "core/checksum.hpp"

namespace feedtree::simulator::kraken_futures {
namespace {

constexpr std::uint64_t sequence_first = 1'000'000;
constexpr auto as_number = digits_as::number;

bool is_inverse(const market& of) {
  return of.spec().details.settle != of.spec().details.quote;
}

bool is_perpetual(const market& of) {
  return of.spec().details.type == market_type::perpetual;
}

std::string uid_of(const market& of, std::uint64_t id) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-0000-4000-8000-%012llx", crc32(of.venue_symbol()),
                static_cast<unsigned long long>(id));
  return text.data();
}

void write_levels(frame_writer& out, std::string_view name, const std::vector<level>& levels) {
  out.key(name).begin_array();
  for (const auto& entry : levels) {
    out.begin_object()
        .field("price", entry.price(), as_number)
        .field("qty", entry.quantity(), as_number)
        .end_object();
  }
  out.end_array();
}

void write_trade(frame_writer& out, const market& of, const market_trade& what) {
  out.begin_object()
      .field("feed", "trade")
      .field("product_id", of.venue_symbol())
      .field("uid", uid_of(of, what.id))
      .field("side", to_string(what.side))
      .field("type", what.liquidation ? "liquidation" : "fill")
      .field("seq", what.id)
      .field("time", to_ms(what.exchange_ns))
      .field("qty", what.quantity, as_number)
      .field("price", what.price, as_number)
      .end_object();
}

std::string update_frame(const market& of, const level& what, const char* side,
                         std::uint64_t sequence) {
  frame_writer out;
  out.begin_object().field("feed", "book").field("product_id", of.venue_symbol());
  out.field("side", side).field("seq", sequence);
  out.field("price", what.price(), as_number).field("qty", what.quantity(), as_number);
  return out.field("timestamp", to_ms(of.exchange_ns())).end_object().take();
}

void write_funding(frame_writer& out, const market& of) {
  const auto rate = of.funding_rate();
  const auto absolute =
      is_inverse(of) ? quotient(rate, of.mark_price(), 15) : product(rate, of.mark_price(), 9);
  out.field("funding_rate", absolute, as_number)
      .field("funding_rate_prediction", absolute, as_number)
      .field("relative_funding_rate", rate, as_number)
      .field("relative_funding_rate_prediction", rate, as_number)
      .field("next_funding_rate_time", to_ms(of.next_funding_ns()));
}

void write_statistics(frame_writer& out, const market& of) {
  const auto& day = of.statistics();
  const auto bid = of.best(book_part::bids);
  const auto ask = of.best(book_part::asks);
  out.field("bid", bid.price(), as_number)
      .field("ask", ask.price(), as_number)
      .field("bid_size", bid.quantity(), as_number)
      .field("ask_size", ask.quantity(), as_number)
      .field("volume", day.volume, as_number)
      .field("volumeQuote", is_inverse(of) ? day.volume : product(day.volume, day.average, 4),
             as_number)
      .field("index", of.index_price(), as_number)
      .field("last", day.last, as_number)
      .field("open", day.open, as_number)
      .field("high", day.high, as_number)
      .field("low", day.low, as_number)
      .field("change", relative_change(day.last, day.open, 4), as_number);
}

void write_instrument(frame_writer& out, const market& of) {
  const auto& spec = of.spec();
  const decimal tick{spec.price_step, static_cast<std::int8_t>(-spec.price_decimals)};
  out.begin_object()
      .field("symbol", spec.venue_symbol)
      .field("type", is_inverse(of) ? "futures_inverse" : "flexible_futures")
      .field("tradeable", true)
      .field("base", spec.details.base)
      .field("quote", spec.details.quote)
      .field("tickSize", tick, as_number)
      .field("contractSize", 1)
      .field("contractValueTradePrecision", spec.quantity_decimals)
      .end_object();
}

}  // namespace

std::uint64_t book_sequence_of(const market& of) {
  return sequence_first + of.last_update_id();
}

// {"feed":"book_snapshot","product_id":"FI_BCHUSD_210730","timestamp":1626994925378,"seq":91192,
//  "tickSize":null,"bids":[{"price":439.3,"qty":20108.0}],"asks":[{"price":439.6,"qty":50.0}]}
// https://docs.kraken.com/exchange/api-reference/futures-websocket/book
std::string book_snapshot(const market& of, const book_levels& levels) {
  frame_writer out;
  out.begin_object().field("feed", "book_snapshot").field("product_id", of.venue_symbol());
  out.field("timestamp", to_ms(of.exchange_ns())).field("seq", book_sequence_of(of));
  out.key("tickSize").null();
  write_levels(out, "bids", levels.bids);
  write_levels(out, "asks", levels.asks);
  return out.end_object().take();
}

// {"feed":"book","product_id":"PI_ETHUSD","side":"sell","seq":26660860,"price":2004.85,
//  "qty":4787.0,"timestamp":1626994927744}; what goes away goes first.
std::vector<std::string> book_updates(const market& of, const market_step& step) {
  std::vector<std::string> frames;
  auto sequence = sequence_first + step.first_update_id;
  for (const bool deleted : {true, false}) {
    for (const auto& entry : step.bids) {
      if (entry.deletes() == deleted) frames.push_back(update_frame(of, entry, "buy", sequence++));
    }
    for (const auto& entry : step.asks) {
      if (entry.deletes() == deleted) frames.push_back(update_frame(of, entry, "sell", sequence++));
    }
  }
  return frames;
}

// {"feed":"trade_snapshot","product_id":"FI_BCHUSD_210730","trades":[{"feed":"trade",..},..]}, the
// newest first. https://docs.kraken.com/exchange/api-reference/futures-websocket/trade
std::string trade_snapshot(const market& of) {
  frame_writer out;
  out.begin_object().field("feed", "trade_snapshot").field("product_id", of.venue_symbol());
  out.key("trades").begin_array();
  const auto& trades = of.recent_trades();
  for (auto at = trades.rbegin(); at != trades.rend(); ++at) write_trade(out, of, *at);
  return out.end_array().end_object().take();
}

std::string trade_frame(const market& of, const market_trade& what) {
  frame_writer out;
  write_trade(out, of, what);
  return out.take();
}

// https://docs.kraken.com/exchange/api-reference/futures-websocket/ticker
std::string ticker_frame(const market& of) {
  const bool perpetual = is_perpetual(of);
  frame_writer out;
  out.begin_object().field("time", to_ms(of.exchange_ns())).field("product_id", of.venue_symbol());
  if (perpetual) write_funding(out, of);
  out.field("feed", "ticker");
  write_statistics(out, of);
  out.field("suspended", false).field("tag", perpetual ? "perpetual" : "month");
  out.field("openInterest", of.open_interest(), as_number);
  out.field("markPrice", of.mark_price(), as_number).field("post_only", false);
  return out.end_object().take();
}

std::string instruments(const market_set& markets, std::int64_t now_ns) {
  frame_writer out;
  out.begin_object().field("result", "success").key("instruments").begin_array();
  for (std::size_t at = 0; at < markets.size(); ++at) write_instrument(out, markets.at(at));
  out.end_array().field("serverTime", rfc3339_text(now_ns, 3));
  return out.end_object().take();
}

std::string executions(const market& of, const std::vector<market_trade>& trades) {
  frame_writer out;
  out.begin_object().key("elements").begin_array();
  for (const auto& what : trades) {
    const bool buys = what.side == trade_side::buy;
    out.begin_object().field("uid", uid_of(of, ~what.id));
    out.field("timestamp", to_ms(what.exchange_ns)).key("event").begin_object();
    out.key("Execution").begin_object().key("execution").begin_object();
    out.field("uid", uid_of(of, what.id)).key("makerOrder").begin_object();
    out.field("tradeable", of.venue_symbol()).field("direction", buys ? "Sell" : "Buy");
    out.end_object().key("takerOrder").begin_object();
    out.field("tradeable", of.venue_symbol()).field("direction", buys ? "Buy" : "Sell");
    out.end_object().field("timestamp", to_ms(what.exchange_ns));
    out.field("quantity", what.quantity, digits_as::text);
    out.field("price", what.price, digits_as::text).end_object();
    out.field("takerReducedQuantity", "").end_object().end_object().end_object();
  }
  return out.end_array().field("len", trades.size()).end_object().take();
}

}  // namespace feedtree::simulator::kraken_futures
