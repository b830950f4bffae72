#include "adapters/simulator/venues/coinbase_frames.hpp"

#include <algorithm>

#include "adapters/simulator/frame_writer.hpp"

namespace feedtree::simulator::coinbase {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr auto as_text = digits_as::text;

// The venue writes no zeros behind the last digit that counts.
decimal plain(const decimal& value) {
  return value.normalised();
}

decimal increment(std::int64_t step, int decimals) {
  return {step, static_cast<std::int8_t>(-decimals)};
}

// The change since the day began, in millionths of a per cent.
decimal change_percent(const market_statistics& day) {
  return {(day.last.mantissa - day.open.mantissa) * 100'000'000 / day.open.mantissa, -6};
}

// {"side":"bid","event_time":"2026-08-09T21:05:48.210883Z","price_level":"65062.5",
//  "new_quantity":"0.00583"}
void write_levels(frame_writer& out, std::string_view side, const std::string& time,
                  const std::vector<level>& levels) {
  for (const auto& entry : levels) {
    out.begin_object()
        .field("side", side)
        .field("event_time", time)
        .field("price_level", plain(entry.price()), as_text)
        .field("new_quantity", plain(entry.quantity()), as_text)
        .end_object();
  }
}

// The venue names the side of the maker.
const char* maker_side(trade_side taker) {
  return taker == trade_side::buy ? "SELL" : "BUY";
}

// Newest first.
void write_trades(frame_writer& out, const market& of, const std::vector<market_trade>& trades) {
  for (auto entry = trades.rbegin(); entry != trades.rend(); ++entry) {
    out.begin_object()
        .field("product_id", of.venue_symbol())
        .field("trade_id", std::to_string(entry->id))
        .field("price", plain(entry->price), as_text)
        .field("size", plain(entry->quantity), as_text)
        .field("time", rfc3339_text(entry->exchange_ns, 6))
        .field("side", maker_side(entry->side))
        .end_object();
  }
}

void write_product(frame_writer& out, const market& of) {
  const auto& spec = of.spec();
  const auto& day = of.statistics();
  out.begin_object()
      .field("product_id", spec.venue_symbol)
      .field("price", plain(day.last), as_text)
      .field("price_percentage_change_24h", plain(change_percent(day)), as_text)
      .field("volume_24h", plain(day.volume), as_text)
      .field("base_increment", increment(spec.quantity_step, spec.quantity_decimals), as_text)
      .field("quote_increment", increment(spec.price_step, spec.price_decimals), as_text)
      .field("price_increment", increment(spec.price_step, spec.price_decimals), as_text)
      .field("base_name", spec.details.base)
      .field("quote_name", spec.details.quote)
      .field("is_disabled", false)
      .field("status", "online")
      .field("trading_disabled", false)
      .field("product_type", "SPOT")
      .field("quote_currency_id", spec.details.quote)
      .field("base_currency_id", spec.details.base)
      .field("alias", "")
      .field("base_display_symbol", spec.details.base)
      .field("quote_display_symbol", spec.details.quote)
      .field("view_only", false)
      .end_object();
}

}  // namespace

std::string frame(std::string_view channel, std::int64_t now_ns, std::uint64_t sequence,
                  std::string_view event) {
  frame_writer out;
  out.begin_object().field("channel", channel).field("timestamp", rfc3339_text(now_ns, 9));
  out.field("sequence_num", sequence).key("events").begin_array().raw(event);
  return out.end_array().end_object().take();
}

// {"type":"update","product_id":"BTC-USD","updates":[{..}]}: bids first.
std::string book_event(const market& of, const char* type, const book_levels& levels) {
  const auto time = rfc3339_text(of.exchange_ns(), 6);
  frame_writer out;
  out.begin_object().field("type", type).field("product_id", of.venue_symbol());
  out.key("updates").begin_array();
  write_levels(out, "bid", time, levels.bids);
  write_levels(out, "offer", time, levels.asks);
  return out.end_array().end_object().take();
}

// {"type":"update","trades":[{"product_id":"BTC-USD","trade_id":"1068572091","price":"65083.67",
//  "size":"0.01034361","time":"2026-08-09T21:05:48.167634Z","side":"SELL"}]}: newest first.
std::string trades_event(const market& of, const char* type,
                         const std::vector<market_trade>& trades) {
  frame_writer out;
  out.begin_object().field("type", type).key("trades").begin_array();
  write_trades(out, of, trades);
  return out.end_array().end_object().take();
}

std::string market_trades(const market& of, const std::vector<market_trade>& trades) {
  frame_writer out;
  out.begin_object().key("trades").begin_array();
  write_trades(out, of, trades);
  out.end_array();
  out.field("best_bid", plain(of.best(book_part::bids).price()), as_text);
  out.field("best_ask", plain(of.best(book_part::asks).price()), as_text);
  return out.end_object().take();
}

// {"type":"update","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"65086.18",..}]}
std::string ticker_event(const market& of, const char* type) {
  const auto& day = of.statistics();
  const auto bid = of.best(book_part::bids);
  const auto ask = of.best(book_part::asks);
  frame_writer out;
  out.begin_object().field("type", type).key("tickers").begin_array().begin_object();
  out.field("type", "ticker")
      .field("product_id", of.venue_symbol())
      .field("price", plain(day.last), as_text)
      .field("volume_24_h", plain(day.volume), as_text)
      .field("low_24_h", plain(day.low), as_text)
      .field("high_24_h", plain(day.high), as_text)
      .field("low_52_w", plain(day.low), as_text)
      .field("high_52_w", plain(day.high), as_text)
      .field("price_percent_chg_24_h", plain(change_percent(day)), as_text)
      .field("best_bid", plain(bid.price()), as_text)
      .field("best_ask", plain(ask.price()), as_text)
      .field("best_bid_quantity", plain(bid.quantity()), as_text)
      .field("best_ask_quantity", plain(ask.quantity()), as_text);
  return out.end_object().end_array().end_object().take();
}

// {"type":"update","candles":[{"start":"1786309500","high":"65091","low":"65083.56",
//  "open":"65091","close":"65083.67","volume":"1.0555351","product_id":"BTC-USD"}]}
std::string candle_event(const market& of, const char* type, const market_candle& candle) {
  frame_writer out;
  out.begin_object().field("type", type).key("candles").begin_array().begin_object();
  out.field("start", std::to_string(candle.open_ns / second_ns))
      .field("high", plain(candle.high), as_text)
      .field("low", plain(candle.low), as_text)
      .field("open", plain(candle.open), as_text)
      .field("close", plain(candle.close), as_text)
      .field("volume", plain(candle.volume), as_text)
      .field("product_id", of.venue_symbol());
  return out.end_object().end_array().end_object().take();
}

// {"current_time":"2026-08-09 21:05:49.855324364 +0000 UTC m=+41692.260969659",
//  "heartbeat_counter":41692}
std::string heartbeat_event(std::int64_t now_ns, std::uint64_t counter) {
  auto time = rfc3339_text(now_ns, 9);
  time[time.find('T')] = ' ';
  time.pop_back();
  time += " +0000 UTC m=+" + std::to_string(counter) + ".000000000";
  frame_writer out;
  out.begin_object().field("current_time", time).field("heartbeat_counter", counter);
  return out.end_object().take();
}

// {"subscriptions":{"level2":["BTC-USD"],"heartbeats":["heartbeats"]}}
std::string subscriptions_event(const subscription_list& all) {
  frame_writer out;
  out.begin_object().key("subscriptions").begin_object();
  for (const auto& [channel, names] : all) {
    if (names.empty()) continue;
    out.key(channel).begin_array();
    for (const auto& name : names) out.text(name);
    out.end_array();
  }
  return out.end_object().end_object().take();
}

std::string error_frame(std::string_view message) {
  frame_writer out;
  return out.begin_object().field("type", "error").field("message", message).end_object().take();
}

std::string products(const market_set& markets) {
  frame_writer out;
  out.begin_object().key("products").begin_array();
  for (std::size_t at = 0; at < markets.size(); ++at) write_product(out, markets.at(at));
  return out.end_array().field("num_products", markets.size()).end_object().take();
}

std::string product(const market& of) {
  frame_writer out;
  write_product(out, of);
  return out.take();
}

}  // namespace feedtree::simulator::coinbase
