// The answers of Binance's REST interface: symbols, book snapshots, open interest.
#include <algorithm>

#include "adapters/venues/binance_common.hpp"
#include "adapters/venues/binance_messages.hpp"
#include "core/checksum.hpp"

namespace feedtree::venues::binance {
namespace {

// The value of a parameter of a URL, or empty.
std::string_view parameter(std::string_view url, std::string_view name) {
  auto at = url.find('?');
  while (at != std::string_view::npos) {
    const auto rest = url.substr(at + 1);
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
    at = url.find('&', at + 1);
  }
  return {};
}

// {"code":-1121,"msg":"Invalid symbol."} in place of an answer.
[[noreturn]] void refused(std::int64_t code, std::string_view text) {
  throw decode_error("the venue answers " + std::to_string(code) + ": " + std::string(text));
}

}  // namespace

void market_session::read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                               frame_report& report) {
  const auto path = url.substr(0, url.find('?'));
  if (path.ends_with("/exchangeInfo")) {
    read_symbols(body, out, report.losses);
  } else if (path.ends_with("/depth")) {
    read_snapshot(url, body, out);
  } else if (path.ends_with("/openInterest")) {
    read_open_interest(body, out);
  } else if (path.ends_with("/aggTrades")) {
    read_trades(url, body, out, report.losses);
  } else {
    return;
  }
  report.outcome = frame_outcome::decoded;
}

// {"timezone":"UTC",..,"symbols":[{"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH",..,
//  "quoteAsset":"BTC",..},..]}; on futures with "marginAsset", on COIN-M with "contractStatus".
// https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#exchange-information
void market_session::read_symbols(const raw_frame& body, event_batch& out, frame_losses& losses) {
  auto document = json::read(parser_, body);
  recent_ = {};
  bool found = false;
  std::int64_t code = 0;
  for (auto field : document.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    if (key == "code") code = json::to_int(value, "code");
    if (key == "msg") refused(code, json::token(value));
    if (key != "symbols") continue;
    found = true;
    for (auto element : value.get_array()) {
      json::value entry = element.value();
      json::read_entry(entry, out, losses, [&] { add_symbol(entry.get_object()); });
    }
  }
  if (!found) throw decode_error("symbols: missing");
}

// Only what trades: the venue acknowledges a stream of any name, so a symbol that is gone would
// never be noticed later. Others have a status such as BREAK, HALT or PENDING_TRADING.
void market_session::add_symbol(json::object from) {
  symbol_entry entry;
  for (auto field : from) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    if (key == "symbol") entry.symbol = json::token(value);
    if (key == "baseAsset") entry.base = json::token(value);
    if (key == "quoteAsset") entry.quote = json::token(value);
    if (key == "marginAsset") entry.margin = json::token(value);
    if (key == "status" || key == "contractStatus") entry.status = json::token(value);
  }
  if (entry.symbol.empty()) throw decode_error("symbol: missing");
  const auto details = market_.describe(entry);
  if (!details || !parse_instrument(details->symbol())) return;
  if (entry.status != "TRADING") {
    symbols_.set_not_trading(details->symbol(), entry.status);
    return;
  }
  const auto* const where = symbols_.registry().intern(market_.name, *details, entry.symbol);
  if (where->venue_symbol == entry.symbol) table_.add(entry.symbol, where);
}

// Spot:    {"lastUpdateId":499869752,"bids":[["0.35210000","672.00000000"],..],"asks":[..]}
// Futures: {"lastUpdateId":167006089178,"E":1626916404580,"T":1626916404574,
//           "symbol":"BCHUSD_PERP","pair":"BCHUSD","bids":[..],"asks":[..]}
// https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#order-book
void market_session::read_snapshot(std::string_view url, const raw_frame& body, event_batch& out) {
  auto document = json::read(parser_, body);
  message what;
  std::optional<std::uint64_t> id;
  std::int64_t exchange_ns = body.receive_ns != 0 ? body.receive_ns : last_exchange_ns_;
  std::int64_t code = 0;
  std::string_view symbol = parameter(url, "symbol");
  for (auto field : document.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    if (key == "lastUpdateId") id = json::to_unsigned(value, key);
    if (key == "T") exchange_ns = from_ms(json::to_int(value, key));
    if (key == "symbol" && symbol.empty()) symbol = json::token(value);
    if (key == "bids") read_levels('b', value.get_array(), what, out);
    if (key == "asks") read_levels('a', value.get_array(), what, out);
    if (key == "code") code = json::to_int(value, key);
    if (key == "msg") refused(code, json::token(value));
  }
  if (!id) throw decode_error("lastUpdateId: missing");
  if (!what.has_bids || !what.has_asks) throw decode_error("bids or asks: missing");
  book_change change;
  change.snapshot = true;
  change.first_level = what.first_level;
  change.bids = what.bids;
  change.asks = what.asks;
  change.first_update_id = change.last_update_id = *id;
  auto& result = append_event(out, listing_of(symbol), exchange_ns, body.receive_ns);
  result.key.append('s').append(*id);
  result.body = change;
}

// {"openInterest":"83782.317","symbol":"BTCUSDT","time":1702244985273}; on COIN-M, where it counts
// contracts, with "pair" and "contractType".
// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-usd-s-m-futures/api/rest-api/market-data#open-interest
void market_session::read_open_interest(const raw_frame& body, event_batch& out) {
  auto document = json::read(parser_, body);
  std::string_view symbol;
  std::optional<decimal> quantity;
  std::int64_t exchange_ns = body.receive_ns;
  std::int64_t code = 0;
  for (auto field : document.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    if (key == "openInterest") quantity = json::to_decimal(value, key);
    if (key == "symbol") symbol = json::token(value);
    if (key == "time") exchange_ns = from_ms(json::to_int(value, key));
    if (key == "code") code = json::to_int(value, key);
    if (key == "msg") refused(code, json::token(value));
  }
  if (!quantity) throw decode_error("openInterest: missing");
  auto& result = append_event(out, listing_of(symbol), exchange_ns, body.receive_ns);
  result.key = time_key(exchange_ns, fingerprint().add(*quantity));
  result.body = open_interest{*quantity, {}};
}

namespace {

// {"a":26129,"p":"0.01633102","q":"4.70443515","f":27781,"l":27781,"T":1498793709153,"m":true}
struct agg_trade {
  trade body;
  std::uint64_t id = 0;
  std::int64_t exchange_ns = 0;
};

agg_trade read_agg_trade(json::object from) {
  agg_trade read;
  auto& body = read.body;
  unsigned seen = 0;
  for (auto field : from) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    if (key == "a") {
      read.id = json::to_unsigned(value, key), seen |= 1;
    } else if (key == "p") {
      body.price = json::to_decimal(value, key), seen |= 2;
    } else if (key == "q") {
      body.quantity = json::to_decimal(value, key), seen |= 4;
    } else if (key == "T") {
      read.exchange_ns = from_ms(json::to_int(value, key)), seen |= 8;
    } else if (key == "m") {
      body.side = json::token(value) == "true" ? trade_side::sell : trade_side::buy, seen |= 16;
    }
  }
  if (seen != 31) throw decode_error("an aggregate trade without a, p, q, T or m");
  return read;
}

}  // namespace

// [{"a":26129,..},..], oldest first, or {"code":-1121,"msg":"Invalid symbol."}. The symbol is in
// the request only.
void market_session::read_trades(std::string_view url, const raw_frame& body, event_batch& out,
                                 frame_losses& losses) {
  auto document = json::read(parser_, body);
  if (document.type() == simdjson::ondemand::json_type::object) {
    std::int64_t code = 0;
    for (auto field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      json::value value = field.value();
      if (key == "code") code = json::to_int(value, key);
      if (key == "msg") refused(code, json::token(value));
    }
    throw decode_error("not a list of trades");
  }
  const auto* const where = listing_of(parameter(url, "symbol"));
  for (auto element : document.get_array()) {
    json::value entry = element.value();
    json::read_entry(entry, out, losses, [&] {
      const auto read = read_agg_trade(entry.get_object());
      auto& what = append_event(out, where, read.exchange_ns, body.receive_ns);
      what.key.append(read.id);
      what.body = read.body;
    });
  }
}

}  // namespace feedtree::venues::binance
