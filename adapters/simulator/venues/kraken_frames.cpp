#include "adapters/simulator/venues/kraken_frames.hpp"

#include <algorithm>
#include <array>

#include "adapters/simulator/frame_writer.hpp"
#include "core/checksum.hpp"

namespace feedtree::simulator::kraken {
namespace {

constexpr std::int64_t minute_ns = 60'000'000'000;
constexpr std::size_t checksum_levels = 10;
constexpr auto as_number = digits_as::number;
constexpr auto as_text = digits_as::text;

decimal increment(std::int64_t step, int decimals) {
  return {step, static_cast<std::int8_t>(-decimals)};
}

// A digit string without the point and the zeros that lead it.
void append_checksum_digits(const decimal& value, std::string& out) {
  out += std::to_string(value.mantissa);
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

// The change since the day began, in hundredths of a per cent.
decimal change_percent(const market_statistics& day) {
  return {(day.last.mantissa - day.open.mantissa) * 10'000 / day.open.mantissa, -2};
}

void write_pair(frame_writer& out, const market_spec& spec) {
  out.begin_object()
      .field("symbol", spec.venue_symbol)
      .field("base", spec.details.base)
      .field("quote", spec.details.quote)
      .field("status", "online")
      .field("qty_precision", spec.quantity_decimals)
      .field("qty_increment", increment(spec.quantity_step, spec.quantity_decimals), as_number)
      .field("price_precision", spec.price_decimals)
      .field("price_increment", increment(spec.price_step, spec.price_decimals), as_number)
      .field("tick_size", increment(spec.price_step, spec.price_decimals), as_number)
      .field("marginable", false)
      .end_object();
}

// REST still uses the venue's old names of assets: XBT, and XXBT in the codes of coins.
// https://support.kraken.com/articles/360001185506
struct rest_asset {
  std::string name;
  std::string code;
};

rest_asset rest_asset_of(const std::string& asset) {
  const auto name = asset == "BTC" ? "XBT" : (asset == "DOGE" ? "XDG" : asset);
  constexpr std::array<std::string_view, 5> coins{"XBT", "ETH", "XRP", "LTC", "XDG"};
  constexpr std::array<std::string_view, 5> money{"USD", "EUR", "GBP", "CAD", "JPY"};
  const auto has = [&](const auto& list) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  return {name, has(coins) ? "X" + name : (has(money) ? "Z" + name : name)};
}

// The name under which answers give a market.
std::string pair_key(const market_spec& spec) {
  const auto base = rest_asset_of(spec.details.base);
  const auto quote = rest_asset_of(spec.details.quote);
  const bool old_codes = base.code != base.name && quote.code != quote.name;
  return old_codes ? base.code + quote.code : base.name + quote.name;
}

// {"error":[],"result":{"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD","base":"XXBT",
//  "quote":"ZUSD","pair_decimals":1,"lot_decimals":8,"tick_size":"0.1","status":"online",..}}}
// https://docs.kraken.com/api-reference/market-data/get-tradable-asset-pairs
void write_asset_pair(frame_writer& out, const market_spec& spec) {
  const auto base = rest_asset_of(spec.details.base);
  const auto quote = rest_asset_of(spec.details.quote);
  out.key(pair_key(spec)).begin_object();
  out.field("altname", base.name + quote.name)
      .field("wsname", base.name + "/" + quote.name)
      .field("aclass_base", "currency")
      .field("base", base.code)
      .field("aclass_quote", "currency")
      .field("quote", quote.code)
      .field("lot", "unit")
      .field("cost_decimals", 5)
      .field("pair_decimals", spec.price_decimals)
      .field("lot_decimals", spec.quantity_decimals)
      .field("lot_multiplier", 1)
      .field("tick_size", increment(spec.price_step, spec.price_decimals), as_text)
      .field("status", "online")
      .end_object();
}

}  // namespace

std::string time_text(std::int64_t ns) {
  return rfc3339_text(ns, 6);
}

std::uint32_t checksum_of(const book_levels& book) {
  std::string digits;
  for (const auto* side : {&book.asks, &book.bids}) {
    for (std::size_t at = 0; at < std::min(side->size(), checksum_levels); ++at) {
      append_checksum_digits((*side)[at].price(), digits);
      append_checksum_digits((*side)[at].quantity(), digits);
    }
  }
  return crc32(digits);
}

// {"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":78859.2,
//  "qty":0.01378631}],"asks":[],"checksum":2136263304,"timestamp":"2026-08-24T22:21:58.344941Z"}]}
std::string book_frame(const market& of, const char* type, const book_levels& levels,
                       std::uint32_t checksum) {
  frame_writer out;
  out.begin_object().field("channel", "book").field("type", type).key("data").begin_array();
  out.begin_object().field("symbol", of.venue_symbol());
  write_levels(out, "bids", levels.bids);
  write_levels(out, "asks", levels.asks);
  out.field("checksum", checksum).field("timestamp", time_text(of.exchange_ns())).end_object();
  return out.end_array().end_object().take();
}

// {"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":79192.9,
//  "qty":0.00005319,"ord_type":"limit","trade_id":107725589,"timestamp":"2026-09-14T18:32:27.42Z"}]}
std::string trade_frame(const market& of, const char* type,
                        const std::vector<market_trade>& trades) {
  frame_writer out;
  out.begin_object().field("channel", "trade").field("type", type).key("data").begin_array();
  for (const auto& entry : trades) {
    out.begin_object()
        .field("symbol", of.venue_symbol())
        .field("side", to_string(entry.side))
        .field("price", entry.price, as_number)
        .field("qty", entry.quantity, as_number)
        .field("ord_type", "market")
        .field("trade_id", entry.id)
        .field("timestamp", time_text(entry.exchange_ns))
        .end_object();
  }
  return out.end_array().end_object().take();
}

// {"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":..,"bid_qty":..,"ask":..,
//  "ask_qty":..,"last":..,"volume":..,"vwap":..,"low":..,"high":..,"change":..,"change_pct":..}]}
std::string ticker_frame(const market& of, const char* type) {
  const auto bid = of.best(book_part::bids);
  const auto ask = of.best(book_part::asks);
  const auto& day = of.statistics();
  const decimal change{day.last.mantissa - day.open.mantissa, day.last.exponent};
  frame_writer out;
  out.begin_object().field("channel", "ticker").field("type", type).key("data").begin_array();
  out.begin_object()
      .field("symbol", of.venue_symbol())
      .field("bid", bid.price(), as_number)
      .field("bid_qty", bid.quantity(), as_number)
      .field("ask", ask.price(), as_number)
      .field("ask_qty", ask.quantity(), as_number)
      .field("last", day.last, as_number)
      .field("volume", day.volume, as_number)
      .field("vwap", day.average, as_number)
      .field("low", day.low, as_number)
      .field("high", day.high, as_number)
      .field("change", change, as_number)
      .field("change_pct", change_percent(day), as_number)
      .field("timestamp", time_text(of.exchange_ns()))
      .end_object();
  return out.end_array().end_object().take();
}

// {"channel":"ohlc","type":"update","timestamp":"..","data":[{"symbol":"BTC/USD","open":..,
//  "high":..,"low":..,"close":..,"trades":3,"volume":..,"vwap":..,"interval_begin":"..",
//  "interval":1,"timestamp":".."}]}
std::string ohlc_frame(const market& of, const char* type, std::int64_t interval_ns) {
  const auto& candle = of.candle(interval_ns);
  frame_writer out;
  out.begin_object().field("channel", "ohlc").field("type", type);
  out.field("timestamp", time_text(of.exchange_ns())).key("data").begin_array();
  out.begin_object()
      .field("symbol", of.venue_symbol())
      .field("open", candle.open, as_number)
      .field("high", candle.high, as_number)
      .field("low", candle.low, as_number)
      .field("close", candle.close, as_number)
      .field("trades", candle.trades)
      .field("volume", candle.volume, as_number)
      .field("vwap", candle.average, as_number)
      .field("interval_begin", rfc3339_text(candle.open_ns, 9))
      .field("interval", interval_ns / minute_ns)
      .field("timestamp", time_text(candle.open_ns + interval_ns))
      .end_object();
  return out.end_array().end_object().take();
}

// {"channel":"instrument","type":"snapshot","data":{"assets":[{"id":"BTC",..}],"pairs":[{..}]}}
std::string instrument_frame(const market_set& markets) {
  std::vector<std::string> assets;
  for (std::size_t at = 0; at < markets.size(); ++at) {
    assets.push_back(markets.at(at).spec().details.base);
    assets.push_back(markets.at(at).spec().details.quote);
  }
  std::sort(assets.begin(), assets.end());
  assets.erase(std::unique(assets.begin(), assets.end()), assets.end());
  frame_writer out;
  out.begin_object().field("channel", "instrument").field("type", "snapshot").key("data");
  out.begin_object().key("assets").begin_array();
  for (const auto& id : assets) {
    out.begin_object().field("id", id).field("status", "enabled").end_object();
  }
  out.end_array().key("pairs").begin_array();
  for (std::size_t at = 0; at < markets.size(); ++at) write_pair(out, markets.at(at).spec());
  return out.end_array().end_object().end_object().take();
}

std::string asset_pairs(const market_set& markets) {
  frame_writer out;
  out.begin_object().key("error").begin_array().end_array().key("result").begin_object();
  for (std::size_t at = 0; at < markets.size(); ++at) write_asset_pair(out, markets.at(at).spec());
  return out.end_object().end_object().take();
}

std::string rest_pair(const market& of) {
  const auto& details = of.spec().details;
  return rest_asset_of(details.base).name + rest_asset_of(details.quote).name;
}

// {"error":[],"result":{"XXBTZUSD":[["30243.40000","0.34507674",1688669597.8277369,"b","m","",
//  61044952],..],"last":"1688671969993150842"}}
std::string recent_trades(const market& of, const std::vector<market_trade>& trades) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  frame_writer out;
  out.begin_object().key("error").begin_array().end_array().key("result").begin_object();
  out.key(pair_key(of.spec())).begin_array();
  for (const auto& entry : trades) {
    const auto fraction = std::to_string(second_ns + entry.exchange_ns % second_ns).substr(1, 7);
    out.begin_array().digits(entry.price, as_text).digits(entry.quantity, as_text);
    out.raw(std::to_string(entry.exchange_ns / second_ns) + "." + fraction);
    out.text(entry.side == trade_side::buy ? "b" : "s").text("m").text("");
    out.number(entry.id).end_array();
  }
  out.end_array();
  const auto last_ns = trades.empty() ? of.exchange_ns() : trades.back().exchange_ns;
  return out.field("last", std::to_string(last_ns)).end_object().end_object().take();
}

std::string system_status(std::int64_t now_ns) {
  frame_writer out;
  out.begin_object().key("error").begin_array().end_array().key("result").begin_object();
  out.field("status", "online").field("timestamp", rfc3339_text(now_ns, 0));
  return out.end_object().end_object().take();
}

}  // namespace feedtree::simulator::kraken
