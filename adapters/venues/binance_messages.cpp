#include "adapters/venues/binance_messages.hpp"

#include "core/checksum.hpp"

namespace feedtree::venues::binance {
namespace {

[[noreturn]] void wrong(char name, std::string_view what) {
  throw decode_error(std::string(1, name) + ": " + std::string(what));
}

event& append(const reading& from, std::int64_t exchange_ns) {
  return append_event(from.out, from.where, exchange_ns, from.receive_ns);
}

trade_side side_of_taker(bool buyer_is_maker) {
  return buyer_is_maker ? trade_side::sell : trade_side::buy;
}

}  // namespace

// {"e":"aggTrade","E":1633998523963,"s":"NKNUSDT","a":15683430,"p":"0.35280000","q":"58.00000000",
//  "f":19862790,"l":19862790,"T":1633998523963,"m":false,"M":true}
// https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#aggregate-trade-streams
bool append_agg_trade(const reading& from) {
  const auto& top = from.what.top;
  trade body{top.number('p'), top.number('q'), side_of_taker(top.flag('m'))};
  const auto id = top.id('a');
  auto& result = append(from, top.time_ns('T'));
  result.key.append(id);
  result.body = body;
  return true;
}

// {"e":"trade","E":1596240000596,"T":1596240000519,"s":"BTCUSDT","t":173525189,"p":"11343.67",
//  "q":"0.467","X":"MARKET","m":true}
// Single trades count on their own, so their key is marked: "t173525189". X is there on futures
// only; "NA" is a placeholder without a price.
// https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#trade-streams
bool append_trade(const reading& from) {
  const auto& top = from.what.top;
  if (top.text_or_empty('X') == "NA") return false;
  trade body{top.number('p'), top.number('q'), side_of_taker(top.flag('m'))};
  const auto id = top.id('t');
  auto& result = append(from, top.time_ns('T'));
  result.key.append('t').append(id);
  result.body = body;
  return true;
}

// Spot:    {"e":"depthUpdate","E":1633998512068,"s":"NKNUSDT","U":499869750,"u":499869752,
//           "b":[["0.35130000","6195.00000000"]],"a":[]}
// Futures: {"e":"depthUpdate","E":1626916403873,"T":1626916403864,"s":"BCHUSD_PERP","ps":"BCHUSD",
//           "U":167006084465,"u":167006084895,"pu":167006084238,"b":[["427.27","0"]],"a":[..]}
// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-usd-s-m-futures/api/ws-streams/public#diff-book-depth-streams
bool append_book(const reading& from) {
  const auto& what = from.what;
  if (!what.has_bids) wrong('b', "missing");
  if (!what.has_asks) wrong('a', "missing");
  const auto last = what.top.id('u');
  const auto first = what.top.id('U');
  if (first > last) wrong('U', "above u");
  const auto exchange_ns = what.top.time_ns(what.top.has('T') ? 'T' : 'E');
  book_change body;
  body.first_level = what.first_level;
  body.bids = what.bids;
  body.asks = what.asks;
  body.first_update_id = first;
  body.last_update_id = last;
  if (what.top.has(previous_id)) body.previous_update_id = what.top.id(previous_id);
  auto& result = append(from, exchange_ns);
  result.key.append(last);
  result.body = body;
  return true;
}

// Spot:    {"u":499869768,"s":"NKNUSDT","b":"0.35210000","B":"672.00000000","a":"0.35260000",
//           "A":"3199.00000000"}; zeros are a side without orders
// Futures: {"e":"bookTicker","u":600859603936,"s":"SUSHIUSDT","b":"7.6110","B":"6","a":"7.6120",
//           "A":"297","T":1626992741163,"E":1626992741167}
// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-usd-s-m-futures/api/ws-streams/public#individual-symbol-book-ticker-streams
bool append_quote(const reading& from) {
  const auto& top = from.what.top;
  const auto body = make_quote(top.side('b'), top.side('B'), top.side('a'), top.side('A'));
  const auto id = top.id('u');
  auto& result = append(from, top.has('T') ? top.time_ns('T') : from.now_ns);
  result.key.append(id);
  result.body = body;
  return true;
}

// {"e":"24hrTicker","E":1569805259092,"s":"DOGEBNB","p":"0.00000291","P":"2.068","w":"0.00014188",
//  "x":"0.00014069","c":"0.00014360","Q":"51135.00000000","b":"0.00014365","B":"7080.00000000",
//  "a":"0.00014498","A":"275033.00000000","o":"0.00014069","h":"0.00014550","l":"0.00013851",
//  "v":"20014582.00000000","q":"2839.62578157","O":1569718859088,"C":1569805259088,"F":64171,
//  "L":64684,"n":514}
// Prices are zero where there is none: nothing was traded, or a side has no orders. Futures have no
// bid and ask here. On COIN-M "v" counts contracts and "q" is in the base asset.
// https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#individual-symbol-ticker-streams
bool append_ticker(const reading& from) {
  const auto& top = from.what.top;
  auto& losses = from.losses;
  ticker body;
  body.last_price = top.optional_price('c', losses);
  body.bid_price = top.optional_price('b', losses);
  body.bid_quantity = top.optional_number('B', losses);
  body.ask_price = top.optional_price('a', losses);
  body.ask_quantity = top.optional_number('A', losses);
  body.open_price = top.optional_price('o', losses);
  body.high_price = top.optional_price('h', losses);
  body.low_price = top.optional_price('l', losses);
  body.volume = top.optional_number('v', losses);
  if (!from.inverse) body.quote_volume = top.optional_number('q', losses);
  fingerprint content;
  content.add(body.last_price).add(body.bid_price).add(body.bid_quantity).add(body.ask_price);
  content.add(body.ask_quantity).add(body.open_price).add(body.high_price).add(body.low_price);
  content.add(body.volume).add(body.quote_volume);
  const auto exchange_ns = top.time_ns('E');
  auto& result = append(from, exchange_ns);
  result.key = time_key(exchange_ns, content);
  result.body = body;
  return true;
}

// {"e":"kline","E":1633998523963,"s":"NKNUSDT","k":{"t":1633998480000,"T":1633998539999,
//  "s":"NKNUSDT","i":"1m","f":19862761,"L":19862790,"o":"0.35270000","c":"0.35280000",
//  "h":"0.35280000","l":"0.35220000","v":"25877.00000000","n":30,"x":false,"q":"9116.04600000",
//  "V":"58.00000000","Q":"20.46240000","B":"0"}}
// Months ("1M") have no fixed length and are left out. On COIN-M "q" is in the base asset.
// https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#klinecandlestick-streams-for-utc
bool append_candle(const reading& from) {
  const auto& inner = from.what.inner;
  const auto interval = inner.text('i');
  candle body;
  body.interval_ns = parse_interval(interval);
  if (interval == "1M") return false;
  if (body.interval_ns == 0) wrong('i', "not an interval");
  body.open_ns = inner.time_ns('t');
  body.open = inner.number('o');
  body.high = inner.number('h');
  body.low = inner.number('l');
  body.close = inner.number('c');
  body.volume = inner.number('v');
  if (!from.inverse) body.quote_volume = inner.optional_number('q', from.losses);
  body.trades = inner.optional_integer('n', from.losses).value_or(-1);
  body.closed = inner.flag('x');
  fingerprint content;
  content.add(body.open).add(body.high).add(body.low).add(body.close).add(body.volume);
  content.add(body.quote_volume).add(body.trades).add(std::int64_t{body.closed});
  auto& result = append(from, from.what.top.time_ns('E'));
  result.key.append(interval).append('-').append(body.open_ns).append('-').append(content.value());
  result.body = body;
  return true;
}

// {"e":"markPriceUpdate","E":1597536008000,"s":"BTCUSDT","p":"11857.56000000","i":"11851.86949091",
//  "r":"0.00015640","T":1597564800000}
// Dated contracts have no funding: "r" is "" or null, or the next funding time "T" is 0.
// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-usd-s-m-futures/api/ws-streams/market#mark-price-stream
bool append_funding(const reading& from) {
  const auto& top = from.what.top;
  if (top.is_none('r') || top.text_or_empty('T') == "0") return false;
  funding body;
  body.rate = top.number('r');
  body.mark_price = top.optional_price('p', from.losses);
  body.index_price = top.optional_price('i', from.losses);
  body.next_funding_ns = top.optional_time_ns('T', from.losses);
  fingerprint content;
  content.add(body.rate).add(body.mark_price).add(body.index_price).add(body.next_funding_ns);
  const auto exchange_ns = top.time_ns('E');
  auto& result = append(from, exchange_ns);
  result.key = time_key(exchange_ns, content);
  result.body = body;
  return true;
}

// {"e":"forceOrder","E":1584059031426,"o":{"s":"BTCUSDT","S":"BUY","o":"LIMIT","f":"IOC",
//  "q":"0.014","p":"4793.91","ap":"4706.04","X":"FILLED","l":"0.015","z":"0.014",
//  "T":1584059031421}}
// "S" is the side of the forced order, "p" and "q" are that order's price and quantity.
// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-usd-s-m-futures/api/ws-streams/market#liquidation-order-streams
bool append_liquidation(const reading& from) {
  const auto& inner = from.what.inner;
  const auto side = inner.text('S');
  if (side != "BUY" && side != "SELL") wrong('S', "not BUY or SELL");
  liquidation body{inner.number('p'), inner.number('q'),
                   side == "BUY" ? trade_side::buy : trade_side::sell};
  fingerprint content;
  content.add(side).add(body.price).add(body.quantity).add(inner.optional_number('z', from.losses));
  const auto exchange_ns = inner.time_ns('T');
  auto& result = append(from, exchange_ns);
  result.key = time_key(exchange_ns, content);
  result.body = body;
  return true;
}

message_reader reader_of(const message& what) {
  const auto type = what.top.text_or_empty('e');
  switch (type.size()) {
    case 5:
      return type == "trade" ? append_trade : type == "kline" ? append_candle : nullptr;
    case 8:
      return type == "aggTrade" ? append_agg_trade : nullptr;
    case 10:
      if (type == "bookTicker") return append_quote;
      return type == "24hrTicker"   ? append_ticker
             : type == "forceOrder" ? append_liquidation
                                    : nullptr;
    case 11:
      return type == "depthUpdate" ? append_book : nullptr;
    case 15:
      return type == "markPriceUpdate" ? append_funding : nullptr;
    case 0:
      break;
    default:
      return nullptr;
  }
  const bool quote = what.top.has('u') && what.top.has('B') && what.top.has('A');
  return quote ? append_quote : nullptr;
}

}  // namespace feedtree::venues::binance
