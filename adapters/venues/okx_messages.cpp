#include "adapters/venues/okx_messages.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/checksum.hpp"

namespace feedtree::venues::okx {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t hour_ns = 60 * minute_ns;

struct candle_name {
  std::string_view channel;
  std::int64_t interval_ns;
};
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-candlesticks-channel
constexpr std::array<candle_name, 15> candle_names{{{"candle1s", second_ns},
                                                    {"candle1m", minute_ns},
                                                    {"candle3m", 3 * minute_ns},
                                                    {"candle5m", 5 * minute_ns},
                                                    {"candle15m", 15 * minute_ns},
                                                    {"candle30m", 30 * minute_ns},
                                                    {"candle1H", hour_ns},
                                                    {"candle2H", 2 * hour_ns},
                                                    {"candle4H", 4 * hour_ns},
                                                    {"candle6Hutc", 6 * hour_ns},
                                                    {"candle12Hutc", 12 * hour_ns},
                                                    {"candle1Dutc", 24 * hour_ns},
                                                    {"candle2Dutc", 48 * hour_ns},
                                                    {"candle3Dutc", 72 * hour_ns},
                                                    {"candle1Wutc", 168 * hour_ns}}};

trade_side to_side(json::value& from) {
  const auto text = json::token(from);
  if (text == "buy") return trade_side::buy;
  if (text == "sell") return trade_side::sell;
  throw decode_error("side: neither buy nor sell");
}

// Nanoseconds of a time in milliseconds.
std::int64_t to_time(json::value& from, std::string_view field) {
  return from_ms(json::to_int(from, field));
}

// 0 where it is no number.
std::uint64_t read_count(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc{} && end == text.data() + text.size() ? count : 0;
}

// {"instId":"BTC-USD-220527","tradeId":"7849","px":"30218.8","sz":"1","side":"buy",
//  "ts":"1652459199958"}, since 2023 also count, source and seqId. side is the taker's; with count
// above one the trade is several fills of one taker order at one price, under the last one's id.
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-trades-channel
void read_trade(json::object from, context& in, event_batch& out) {
  trade body;
  event_key key;
  std::int64_t exchange_ns = 0;
  std::uint64_t count = 0;
  unsigned seen = 0;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "tradeId")) {
      key.append(json::to_id(value, "tradeId"));
    } else if (json::key_is(name, "px")) {
      body.price = json::to_decimal(value, "px"), seen |= 1;
    } else if (json::key_is(name, "sz")) {
      body.quantity = json::to_decimal(value, "sz"), seen |= 2;
    } else if (json::key_is(name, "side")) {
      body.side = to_side(value), seen |= 4;
    } else if (json::key_is(name, "ts")) {
      exchange_ns = to_time(value, "ts"), seen |= 8;
    } else if (json::key_is(name, "count")) {
      count = read_count(json::token(value));
    }
  }
  if (seen != 15) throw decode_error("a trade without px, sz, side or ts");
  check_key(key);
  auto& made = append_event(out, in.from->where, exchange_ns, in.receive_ns);
  made.key = key;
  made.body = body;
  note_trade(made, count, in);
}

// {"asks":[["30249.4","0","0","0"],..],"bids":[["30182.6","452","0","1"]],"ts":"1652459225464",
//  "checksum":-914047754,"seqId":123457,"prevSeqId":123456}
// A level is price, size, a "0" that means nothing, and the number of orders. prevSeqId is -1 in a
// snapshot; before 2023 there are no seqIds, since June 2026 the checksum is 0, which is none.
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel
book_fields read_book_fields(json::object from, context& in, event_batch& out) {
  book_fields read;
  auto& change = read.change;
  change.first_level = static_cast<std::uint32_t>(out.levels.size());
  in.asks.clear();
  unsigned seen = 0;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "asks")) {
      if ((seen & 1) != 0) throw decode_error("asks: twice");
      change.asks = json::append_levels(value.get_array(), in.asks), seen |= 1;
    } else if (json::key_is(name, "bids")) {
      if ((seen & 2) != 0) throw decode_error("bids: twice");
      change.bids = json::append_levels(value.get_array(), out.levels), seen |= 2;
    } else if (json::key_is(name, "ts")) {
      read.exchange_ns = to_time(value, "ts"), seen |= 4;
    } else if (json::key_is(name, "checksum")) {
      const auto checksum = json::to_optional_int(value, "checksum", *in.losses);
      change.checksum = static_cast<std::uint32_t>(checksum.value_or(0));
      change.has_checksum = change.checksum != 0;
    } else if (json::key_is(name, "seqId")) {
      change.last_update_id = json::to_unsigned(value, "seqId");
      change.first_update_id = change.last_update_id;
      read.sequenced = true;
    } else if (json::key_is(name, "prevSeqId")) {
      const auto previous = json::to_int(value, "prevSeqId");
      change.previous_update_id = previous < 0 ? 0 : static_cast<std::uint64_t>(previous);
    }
  }
  if (seen != 7) throw decode_error("a book without asks, bids or ts");
  out.levels.insert(out.levels.end(), in.asks.begin(), in.asks.end());
  return read;
}

// Time and seqId: the number alone comes again in signs of life and when numbering starts anew.
event_key book_key(const book_fields& read, const event_batch& out) {
  event_key key;
  if (read.change.snapshot) key.append('s');
  if (!read.sequenced && !read.change.has_checksum) {
    return key.append(time_key(read.exchange_ns, fingerprint().add(out.all(read.change))));
  }
  key.append(read.exchange_ns / 1'000'000).append('-');
  return read.sequenced ? key.append(read.change.last_update_id) : key.append(read.change.checksum);
}

void read_book(json::object from, context& in, event_batch& out) {
  append_book(read_book_fields(from, in, out), in, out);
}

// {"asks":[["8476.98","415","0","13"]],"bids":[["8476.97","256","0","12"]],"ts":"1597026383085",
//  "seqId":123456}; a side without orders is [].
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel
void read_best(json::object from, context& in, event_batch& out) {
  const auto read = read_book_fields(from, in, out);
  auto& made = append_event(out, in.from->where, read.exchange_ns, in.receive_ns);
  made.key = book_key(read, out);
  made.body = top_of(out.bids(read.change), out.asks(read.change));
  out.levels.resize(read.change.first_level);
}

event_key ticker_key(std::int64_t exchange_ns, const ticker& body) {
  fingerprint content;
  content.add(body.last_price).add(body.bid_price).add(body.bid_quantity);
  content.add(body.ask_price).add(body.ask_quantity).add(body.volume);
  return time_key(exchange_ns, content);
}

struct ticker_field {
  std::string_view name;
  optional_decimal ticker::*where;
  bool is_price;
};
constexpr std::array<ticker_field, 10> ticker_fields{{
    {"last", &ticker::last_price, true},
    {"askPx", &ticker::ask_price, true},
    {"askSz", &ticker::ask_quantity, false},
    {"bidPx", &ticker::bid_price, true},
    {"bidSz", &ticker::bid_quantity, false},
    {"open24h", &ticker::open_price, true},
    {"high24h", &ticker::high_price, true},
    {"low24h", &ticker::low_price, true},
    {"vol24h", &ticker::volume, false},
    {"volCcy24h", &ticker::quote_volume, false},
}};

const ticker_field* find_ticker_field(const char* name) {
  for (const auto& field : ticker_fields) {
    const auto size = field.name.size();
    if (std::memcmp(name, field.name.data(), size) == 0 && name[size] == '"') return &field;
  }
  return nullptr;
}

// {"instType":"FUTURES","instId":"BTC-USD-220527","last":"30218.8","lastSz":"1","askPx":"30220.1",
//  "askSz":"3","bidPx":"30210.4","bidSz":"4","open24h":"29571.4","high24h":"31003.3",
//  "low24h":"27930.8","sodUtc0":"28935.3","sodUtc8":"30320.5","volCcy24h":"2620.289",
//  "vol24h":"779573","ts":"1652459223003"}
// vol24h is in contracts, or base units on spot; volCcy24h is in quote units on spot only. Prices
// are "" until the first trade, or where a side has no orders.
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-tickers-channel
void read_ticker(json::object from, const context& in, event_batch& out) {
  ticker body;
  std::int64_t exchange_ns = 0;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (const auto* const known = find_ticker_field(name.raw())) {
      body.*known->where = known->is_price
                               ? json::to_optional_price(value, known->name, *in.losses)
                               : json::to_optional_decimal(value, known->name, *in.losses);
    } else if (json::key_is(name, "ts")) {
      exchange_ns = to_time(value, "ts");
    }
  }
  if (exchange_ns == 0) throw decode_error("a ticker without ts");
  if (in.from->where->details.type != market_type::spot) body.quote_volume.reset();
  auto& made = append_event(out, in.from->where, exchange_ns, in.receive_ns);
  made.key = ticker_key(exchange_ns, body);
  made.body = body;
}

event_key candle_key(const candle& body) {
  fingerprint content;
  content.add(body.open).add(body.high).add(body.low).add(body.close).add(body.volume);
  content.add(body.quote_volume).add(std::int64_t{body.closed});
  event_key key(interval_text(body.interval_ns));
  return key.append('-').append(body.open_ns).append('-').append(content.value());
}

// ["1597026383085","8533.02","8553.74","8527.17","8548.26","45247","529.5858061","5529.5858061","0"]
// is open time, open, high, low, close, volume (contracts, or base units on spot), volume in
// currency, volume in quote currency, and whether the candle is closed; before 2023 there are
// seven. No other time is sent, so the event carries the candle's own.
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-candlesticks-channel
void read_candle(json::array from, const context& in, event_batch& out) {
  candle body;
  body.interval_ns = in.from->interval_ns;
  unsigned at = 0;
  for (auto element : from) {
    json::value value = element.value();
    switch (at++) {
      case 0:
        body.open_ns = to_time(value, "ts");
        break;
      case 1:
        body.open = json::to_decimal(value, "o");
        break;
      case 2:
        body.high = json::to_decimal(value, "h");
        break;
      case 3:
        body.low = json::to_decimal(value, "l");
        break;
      case 4:
        body.close = json::to_decimal(value, "c");
        break;
      case 5:
        body.volume = json::to_decimal(value, "vol");
        break;
      case 7:
        body.quote_volume = json::to_optional_decimal(value, "volCcyQuote", *in.losses);
        break;
      case 8:
        body.closed = json::token(value) == "1";
        break;
      default:
        break;
    }
  }
  if (at < 6) throw decode_error("a candle with fewer than six values");
  auto& made = append_event(out, in.from->where, body.open_ns, in.receive_ns);
  made.key = candle_key(body);
  made.body = body;
}

// {"fundingRate":"0.00048105","fundingTime":"1640131200000","instId":"WNCG-USDT-SWAP",
//  "instType":"SWAP","nextFundingRate":"0.00114","nextFundingTime":"1640160000000",
//  "ts":"1640131100000",..}: the rate that is settled at fundingTime. Before 2023 there is no ts:
// the event then carries fundingTime. Without a rate ("") there is nothing to tell.
// https://www.okx.com/docs-v5/en/#public-data-websocket-funding-rate-channel
void read_funding(json::object from, const context& in, event_batch& out) {
  funding body;
  optional_decimal rate;
  std::int64_t exchange_ns = 0;
  bool has_rate = false;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "fundingRate")) {
      has_rate = true;
      rate = json::to_optional_decimal(value, "fundingRate");
    } else if (json::key_is(name, "nextFundingRate")) {
      body.predicted_rate = json::to_optional_decimal(value, "nextFundingRate", *in.losses);
    } else if (json::key_is(name, "fundingTime")) {
      body.next_funding_ns = json::to_optional_time_ns(value, "fundingTime", *in.losses);
    } else if (json::key_is(name, "ts")) {
      exchange_ns = json::to_optional_time_ns(value, "ts", *in.losses);
    }
  }
  if (has_rate && !rate) return;
  if (exchange_ns == 0) exchange_ns = body.next_funding_ns;
  if (!rate || exchange_ns == 0) throw decode_error("funding without a rate or any time");
  body.rate = *rate;
  auto& made = append_event(out, in.from->where, exchange_ns, in.receive_ns);
  made.key = time_key(
      exchange_ns, fingerprint().add(body.rate).add(body.predicted_rate).add(body.next_funding_ns));
  made.body = body;
}

// {"instId":"FIL-USDT-220325","instType":"FUTURES","oi":"236870","oiCcy":"23687",
//  "oiUsd":"843000.1","ts":"1640131202886"}: contracts, coins, and (since 2024) US dollars.
// https://www.okx.com/docs-v5/en/#public-data-websocket-open-interest-channel
void read_open_interest(json::object from, const context& in, event_batch& out) {
  optional_decimal quantity;
  open_interest body;
  std::int64_t exchange_ns = 0;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "oi")) {
      quantity = json::to_optional_decimal(value, "oi");
    } else if (json::key_is(name, "oiUsd")) {
      body.value = json::to_optional_decimal(value, "oiUsd", *in.losses);
    } else if (json::key_is(name, "ts")) {
      exchange_ns = to_time(value, "ts");
    }
  }
  if (!quantity || exchange_ns == 0) throw decode_error("open interest without oi or ts");
  body.quantity = *quantity;
  auto& made = append_event(out, in.from->where, exchange_ns, in.receive_ns);
  made.key = time_key(exchange_ns, fingerprint().add(body.quantity).add(body.value));
  made.body = body;
}

// {"bkLoss":"0","bkPx":"0.55205","ccy":"","posSide":"short","side":"buy","sz":"39",
//  "ts":"1680173247614"}: side is the forced order's; bkPx is the bankruptcy price.
void read_liquidation(json::object from, const context& in, event_batch& out) {
  liquidation body;
  std::int64_t exchange_ns = 0;
  unsigned seen = 0;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "bkPx")) {
      body.price = json::to_decimal(value, "bkPx"), seen |= 1;
    } else if (json::key_is(name, "sz")) {
      body.quantity = json::to_decimal(value, "sz"), seen |= 2;
    } else if (json::key_is(name, "side")) {
      body.side = to_side(value), seen |= 4;
    } else if (json::key_is(name, "ts")) {
      exchange_ns = to_time(value, "ts"), seen |= 8;
    }
  }
  if (seen != 15) throw decode_error("a liquidation with a field missing");
  auto& made = append_event(out, nullptr, exchange_ns, in.receive_ns);
  made.key = time_key(
      exchange_ns,
      fingerprint().add(body.price).add(body.quantity).add(static_cast<std::int64_t>(body.side)));
  made.body = body;
}

// {"details":[..],"instFamily":"XRP-USD","instId":"XRP-USD-230929","instType":"FUTURES",
//  "uly":"XRP-USD"}, for every instrument of the type.
// https://www.okx.com/docs-v5/en/#public-data-websocket-liquidation-orders-channel
void read_liquidations(json::object from, const context& in, const find_listing& find,
                       event_batch& out) {
  const auto first = out.events.size();
  const listing* where = nullptr;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "instId")) {
      where = find(json::to_text(value, "instId"));
    } else if (json::key_is(name, "details")) {
      for (auto element : value.get_array()) {
        json::value entry = element.value();
        json::read_entry(entry, out, *in.losses, [&] {
          read_liquidation(entry.get_object(), in, out);
          number_twin_key(out, first);
        });
      }
    }
  }
  if (where == nullptr) throw decode_error("instId: missing");
  for (auto index = first; index < out.events.size(); ++index) out.events[index].where = where;
}

void read_element(json::value entry, context& in, const find_listing& find, event_batch& out) {
  switch (in.from->kind) {
    case channel_kind::trades:
      return read_trade(entry.get_object(), in, out);
    case channel_kind::book:
    case channel_kind::book_top5:
      return read_book(entry.get_object(), in, out);
    case channel_kind::best:
      return read_best(entry.get_object(), in, out);
    case channel_kind::tickers:
      return read_ticker(entry.get_object(), in, out);
    case channel_kind::candles:
      return read_candle(entry.get_array(), in, out);
    case channel_kind::funding:
      return read_funding(entry.get_object(), in, out);
    case channel_kind::open_interest:
      return read_open_interest(entry.get_object(), in, out);
    case channel_kind::liquidations:
      return read_liquidations(entry.get_object(), in, find, out);
  }
}

}  // namespace

void note_trade(const event& made, std::uint64_t count, context& in) {
  const auto text = made.key.view();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || count > number) return;
  in.trades.push_back({made.where, number, made.exchange_ns, count});
}

void append_book(book_fields read, const context& in, event_batch& out) {
  read.change.snapshot = in.snapshot || in.from->kind == channel_kind::book_top5;
  auto& made = append_event(out, in.from->where, read.exchange_ns, in.receive_ns);
  made.key = book_key(read, out);
  made.body = read.change;
}

std::string_view candle_channel(std::int64_t interval_ns) {
  for (const auto& entry : candle_names) {
    if (entry.interval_ns == interval_ns) return entry.channel;
  }
  return {};
}

std::int64_t candle_interval(std::string_view channel) {
  for (const auto& entry : candle_names) {
    if (entry.channel == channel) return entry.interval_ns;
  }
  return 0;
}

void read_data(json::value data, context& in, const find_listing& find, event_batch& out) {
  for (auto element : data.get_array()) {
    json::value entry = element.value();
    json::read_entry(entry, out, *in.losses, [&] { read_element(entry, in, find, out); });
  }
}

}  // namespace feedtree::venues::okx
