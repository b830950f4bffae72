#include "adapters/simulator/venues/bybit_frames.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/venues/amounts.hpp"
#include "core/checksum.hpp"

namespace feedtree::simulator::bybit {
namespace {

constexpr std::uint64_t update_id_first = 100'000;
constexpr std::uint64_t cross_sequence_first = 7'000'000'000;
constexpr auto as_text = digits_as::text;

bool is_spot(const market& of) {
  return of.channel() == "spot";
}

// In the quote currency, or for inverse contracts, which count in dollars, in the base currency.
decimal value_of(const market& of, const decimal& quantity, const decimal& price) {
  return of.channel() == "inverse" ? quotient(quantity, price, 8) : product(quantity, price, 4);
}

frame_writer begin_frame(const market& of, std::string_view topic, const char* type) {
  frame_writer out;
  out.begin_object().field("topic", topic).field("type", type);
  out.field("ts", to_ms(of.exchange_ns()));
  return out;
}

// Spot trades have numbers, those of contracts look like UUIDs.
std::string trade_id(const market& of, std::uint64_t id) {
  constexpr std::uint64_t spot_first = 2'290'000'000'000'000'000;
  if (is_spot(of)) return std::to_string(spot_first + id);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-0000-5000-8000-%012llx", crc32(of.venue_symbol()),
                static_cast<unsigned long long>(id));
  return text.data();
}

const char* side_text(trade_side side) {
  return side == trade_side::buy ? "Buy" : "Sell";
}

// {"T":1786310819680,"s":"BTCUSDT","S":"Sell","v":"0.004","p":"65114.20","i":"..","BT":false,
//  "RPI":false,"seq":753843954913}
void write_trade(frame_writer& out, const market& of, const market_trade& what) {
  out.begin_object()
      .field("T", to_ms(what.exchange_ns))
      .field("s", of.venue_symbol())
      .field("S", side_text(what.side))
      .field("v", what.quantity, as_text)
      .field("p", what.price, as_text)
      .field("i", trade_id(of, what.id))
      .field("BT", false)
      .field("RPI", false)
      .field("seq", cross_sequence_of(of))
      .end_object();
}

// {"T":1740480207110,"s":"PIPPINUSDT","S":"Sell","v":"2846","p":"0.02456"}; S is the side of the
// position, which a forced order of the other side closes.
void write_liquidation(frame_writer& out, const market& of, const market_trade& what) {
  out.begin_object()
      .field("T", to_ms(what.exchange_ns))
      .field("s", of.venue_symbol())
      .field("S", what.side == trade_side::buy ? "Sell" : "Buy")
      .field("v", what.quantity, as_text)
      .field("p", what.price, as_text)
      .end_object();
}

void append_contract_fields(const market& of, ticker_fields& out) {
  const auto add = [&](std::string_view name, const decimal& value) {
    out.emplace_back(name, value.to_string());
  };
  const bool perpetual = of.spec().details.type == market_type::perpetual;
  const auto mark = of.mark_price();
  const auto bid = of.best(book_part::bids);
  const auto ask = of.best(book_part::asks);
  add("markPrice", mark);
  add("indexPrice", of.index_price());
  add("openInterest", of.open_interest());
  add("openInterestValue", value_of(of, of.open_interest(), mark));
  out.emplace_back("nextFundingTime",
                   perpetual ? std::to_string(to_ms(of.next_funding_ns())) : std::string());
  out.emplace_back("fundingRate", perpetual ? of.funding_rate().to_string() : std::string());
  add("bid1Price", bid.price());
  add("bid1Size", bid.quantity());
  add("ask1Price", ask.price());
  add("ask1Size", ask.quantity());
}

std::string increment(std::int64_t step, int decimals) {
  return decimal{step, static_cast<std::int8_t>(-decimals)}.to_string();
}

// Milliseconds since 1970 of 08:00 UTC on the day on which a future ends; "0" for others.
std::string delivery_time(const instrument& what) {
  if (what.type != market_type::future) return "0";
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): dates
  const auto date = what.expiry_yyyymmdd;
  const year_month_day day{year(static_cast<int>(date / 10'000)), month(date / 100 % 100),
                           std::chrono::day(date % 100)};
  const auto end = sys_days(day) + hours(8);
  return std::to_string(duration_cast<milliseconds>(end.time_since_epoch()).count());
}

const char* contract_type(const market& of) {
  const bool dated = of.spec().details.type == market_type::future;
  if (of.channel() == "linear") return dated ? "LinearFutures" : "LinearPerpetual";
  return dated ? "InverseFutures" : "InversePerpetual";
}

void write_filters(frame_writer& out, const market& of) {
  const auto& spec = of.spec();
  const auto quantity = increment(spec.quantity_step, spec.quantity_decimals);
  out.key("lotSizeFilter").begin_object();
  out.field(is_spot(of) ? "basePrecision" : "qtyStep", quantity).field("minOrderQty", quantity);
  out.end_object().key("priceFilter").begin_object();
  out.field("tickSize", increment(spec.price_step, spec.price_decimals)).end_object();
}

void write_instrument(frame_writer& out, const market& of) {
  const auto& what = of.spec().details;
  out.begin_object().field("symbol", of.venue_symbol());
  if (!is_spot(of)) {
    out.field("contractType", contract_type(of));
    out.field("settleCoin", what.settle).field("deliveryTime", delivery_time(what));
  }
  out.field("status", "Trading").field("baseCoin", what.base).field("quoteCoin", what.quote);
  write_filters(out, of);
  out.end_object();
}

void end_body(frame_writer& out, std::int64_t now_ns) {
  out.key("retExtInfo").begin_object().end_object().field("time", to_ms(now_ns)).end_object();
}

}  // namespace

std::uint64_t update_id_of(const market& of) {
  return update_id_first + of.sequence();
}

std::uint64_t cross_sequence_of(const market& of) {
  return cross_sequence_first + of.last_update_id();
}

// {"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1687940967466,"data":{"s":"BTCUSDT",
//  "b":[["30247.20","30.028"]],"a":[],"u":177400507,"seq":66544703342},"cts":1687940967464}
// https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook
std::string book_frame(const market& of, std::string_view topic, const char* type,
                       const book_levels& levels) {
  auto out = begin_frame(of, topic, type);
  out.key("data").begin_object().field("s", of.venue_symbol());
  out.key("b").pairs(levels.bids, as_text).key("a").pairs(levels.asks, as_text);
  out.field("u", update_id_of(of)).field("seq", cross_sequence_of(of)).end_object();
  return out.field("cts", to_ms(of.exchange_ns())).end_object().take();
}

// https://bybit-exchange.github.io/docs/v5/websocket/public/trade
std::string trade_frame(const market& of, std::string_view topic,
                        const std::vector<market_trade>& trades) {
  auto out = begin_frame(of, topic, "snapshot");
  out.key("data").begin_array();
  for (const auto& entry : trades) write_trade(out, of, entry);
  return out.end_array().end_object().take();
}

// https://bybit-exchange.github.io/docs/v5/websocket/public/all-liquidation
std::string liquidation_frame(const market& of, std::string_view topic,
                              const std::vector<market_trade>& trades) {
  const auto forced = [](const auto& entry) { return entry.liquidation; };
  if (std::none_of(trades.begin(), trades.end(), forced)) return {};
  auto out = begin_frame(of, topic, "snapshot");
  out.key("data").begin_array();
  for (const auto& entry : trades) {
    if (entry.liquidation) write_liquidation(out, of, entry);
  }
  return out.end_array().end_object().take();
}

// https://bybit-exchange.github.io/docs/v5/websocket/public/kline
std::string candle_frame(const market& of, std::string_view topic, std::string_view interval,
                         const market_candle& candle, bool closed) {
  auto out = begin_frame(of, topic, "snapshot");
  out.key("data").begin_array().begin_object();
  out.field("start", to_ms(candle.open_ns))
      .field("end", to_ms(candle.open_ns + candle.interval_ns) - 1)
      .field("interval", interval)
      .field("open", candle.open, as_text)
      .field("close", candle.close, as_text)
      .field("high", candle.high, as_text)
      .field("low", candle.low, as_text)
      .field("volume", candle.volume, as_text)
      .field("turnover", value_of(of, candle.volume, candle.average), as_text)
      .field("confirm", closed)
      .field("timestamp", to_ms(of.exchange_ns()));
  return out.end_object().end_array().end_object().take();
}

ticker_fields ticker_of(const market& of) {
  const auto& day = of.statistics();
  ticker_fields fields;
  const auto add = [&](std::string_view name, const decimal& value) {
    fields.emplace_back(name, value.to_string());
  };
  add("lastPrice", day.last);
  add("highPrice24h", day.high);
  add("lowPrice24h", day.low);
  add("prevPrice24h", day.open);
  add("volume24h", day.volume);
  add("turnover24h", value_of(of, day.volume, day.average));
  add("price24hPcnt", relative_change(day.last, day.open, 6));
  if (!is_spot(of)) append_contract_fields(of, fields);
  return fields;
}

// {"topic":"tickers.BTCUSDT","type":"delta","ts":1673272861686,"data":{"symbol":"BTCUSDT",
//  "bid1Price":"17215.50",..},"cs":24987956059}
// https://bybit-exchange.github.io/docs/v5/websocket/public/ticker
std::string ticker_frame(const market& of, std::string_view topic, const char* type,
                         const ticker_fields& fields) {
  auto out = begin_frame(of, topic, type);
  out.key("data").begin_object().field("symbol", of.venue_symbol());
  for (const auto& [name, value] : fields) out.field(name, value);
  return out.end_object().field("cs", cross_sequence_of(of)).end_object().take();
}

std::string instruments_info(const market_set& markets, std::string_view category,
                             std::string_view symbol, std::int64_t now_ns) {
  frame_writer out;
  out.begin_object().field("retCode", 0).field("retMsg", "OK").key("result").begin_object();
  out.field("category", category).key("list").begin_array();
  for (std::size_t at = 0; at < markets.size(); ++at) {
    const auto& of = markets.at(at);
    if (of.channel() != category || (!symbol.empty() && of.venue_symbol() != symbol)) continue;
    write_instrument(out, of);
  }
  out.end_array().field("nextPageCursor", "").end_object();
  end_body(out, now_ns);
  return out.take();
}

std::string rest_error(int code, std::string_view message, std::int64_t now_ns) {
  frame_writer out;
  out.begin_object().field("retCode", code).field("retMsg", message);
  out.key("result").begin_object().end_object();
  end_body(out, now_ns);
  return out.take();
}

}  // namespace feedtree::simulator::bybit
