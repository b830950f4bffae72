#include "adapters/venues/bybit_messages.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/checksum.hpp"

namespace feedtree::venues::bybit {
namespace {

trade_side to_side(json::value& from) {
  const auto text = json::token(from);
  if (text == "Buy") return trade_side::buy;
  if (text == "Sell") return trade_side::sell;
  throw decode_error("S: neither Buy nor Sell");
}

bool to_bool(json::value& from, std::string_view field) {
  const auto text = json::token(from);
  if (text != "true" && text != "false") throw decode_error(std::string(field) + ": not a truth");
  return text == "true";
}

// Each object of a list; one that cannot be read costs itself.
template <class Read>
void for_each_entry(json::value& data, const message& in, event_batch& out, Read&& read) {
  for (auto element : data.get_array()) {
    json::value entry = element.value();
    json::read_entry(entry, out, *in.losses, [&] { read(entry.get_object(), in, out); });
  }
}

// {"T":1786310819680,"s":"BTCUSDT","S":"Sell","v":"0.004","p":"65114.20","L":"MinusTick",
//  "i":"a9188a0a-82bc-50de-be60-03eedbe3cdd7","BT":false,"RPI":false,"seq":753843954913}
// S is the taker's side. https://bybit-exchange.github.io/docs/v5/websocket/public/trade
void read_trade(json::object from, const message& in, event_batch& out) {
  trade body;
  event_key key;
  std::int64_t ms = 0;
  unsigned seen = 0;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "T")) {
      ms = json::to_int(value, "T"), seen |= 1;
    } else if (json::key_is(name, "S")) {
      body.side = to_side(value), seen |= 2;
    } else if (json::key_is(name, "v")) {
      body.quantity = json::to_decimal(value, "v"), seen |= 4;
    } else if (json::key_is(name, "p")) {
      body.price = json::to_decimal(value, "p"), seen |= 8;
    } else if (json::key_is(name, "i")) {
      key.append(json::to_id(value, "i"));
    }
  }
  if (seen != 15) throw decode_error("a trade without T, S, v or p");
  check_key(key);
  auto& made = append_event(out, in.about->where, from_ms(ms), in.receive_ns);
  made.key = key;
  made.body = body;
}

// {"s":"BTCUSDT","b":[["65095.30","0.005"],..],"a":[["65116.60","0"],..],"u":15076953,
//  "seq":753843913870}
// https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook
void read_book(json::object from, message& into, event_batch& out) {
  auto& book = into.book;
  book.first_level = static_cast<std::uint32_t>(out.levels.size());
  unsigned seen = 0;
  bool asks_first = false;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "b")) {
      if ((seen & 1) != 0) throw decode_error("b: twice");
      book.bids = json::append_levels(value.get_array(), out.levels), seen |= 1;
    } else if (json::key_is(name, "a")) {
      if ((seen & 2) != 0) throw decode_error("a: twice");
      asks_first = (seen & 1) == 0;
      book.asks = json::append_levels(value.get_array(), out.levels), seen |= 2;
    } else if (json::key_is(name, "u")) {
      book.last_update_id = json::to_unsigned(value, "u"), seen |= 4;
    } else if (json::key_is(name, "seq")) {
      into.cross_sequence = json::to_optional_unsigned(value, "seq", *into.losses).value_or(0);
    }
  }
  if (seen != 7) throw decode_error("a book without b, a or u");
  if (asks_first) {
    const auto first = out.levels.begin() + book.first_level;
    std::rotate(first, first + book.asks, out.levels.end());
  }
}

event_key candle_key(const candle& body) {
  fingerprint content;
  content.add(body.open).add(body.high).add(body.low).add(body.close).add(body.volume);
  content.add(body.quote_volume).add(std::int64_t{body.closed});
  event_key key(interval_text(body.interval_ns));
  key.append('-').append(body.open_ns).append('-').append(content.value());
  return key;
}

// {"start":1786310760000,"end":1786310819999,"interval":"1","open":"65119.9","close":"65114.3",
//  "high":"65119.9","low":"65114.2","volume":"1.576","turnover":"102627.995","confirm":false,
//  "timestamp":1786310818440}
// https://bybit-exchange.github.io/docs/v5/websocket/public/kline
void read_candle(json::object from, const message& in, event_batch& out) {
  candle body;
  body.interval_ns = in.about->interval_ns;
  std::int64_t ms = 0;
  unsigned seen = 0;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "start")) {
      body.open_ns = from_ms(json::to_int(value, "start")), seen |= 1;
    } else if (json::key_is(name, "open")) {
      body.open = json::to_decimal(value, "open"), seen |= 2;
    } else if (json::key_is(name, "close")) {
      body.close = json::to_decimal(value, "close"), seen |= 4;
    } else if (json::key_is(name, "high")) {
      body.high = json::to_decimal(value, "high"), seen |= 8;
    } else if (json::key_is(name, "low")) {
      body.low = json::to_decimal(value, "low"), seen |= 16;
    } else if (json::key_is(name, "volume")) {
      body.volume = json::to_decimal(value, "volume"), seen |= 32;
    } else if (json::key_is(name, "turnover")) {
      body.quote_volume = json::to_optional_decimal(value, "turnover", *in.losses);
    } else if (json::key_is(name, "confirm")) {
      body.closed = to_bool(value, "confirm"), seen |= 64;
    } else if (json::key_is(name, "timestamp")) {
      ms = json::to_int(value, "timestamp"), seen |= 128;
    }
  }
  if (seen != 255) throw decode_error("a candle with a field missing");
  if (in.about->inverse) body.quote_volume.reset();
  auto& made = append_event(out, in.about->where, from_ms(ms), in.receive_ns);
  made.key = candle_key(body);
  made.body = body;
}

void append_liquidation(const liquidation& body, std::int64_t ms, const message& in,
                        event_batch& out) {
  auto& made = append_event(out, in.about->where, from_ms(ms), in.receive_ns);
  made.key = time_key(
      made.exchange_ns,
      fingerprint().add(body.price).add(body.quantity).add(static_cast<std::int64_t>(body.side)));
  made.body = body;
}

// {"T":1740480207110,"s":"PIPPINUSDT","S":"Sell","v":"2846","p":"0.02456"}
// S is the side of the position that is closed, so the forced order has the other side; p is the
// bankruptcy price. https://bybit-exchange.github.io/docs/v5/websocket/public/all-liquidation
// The topic before it, `liquidation`, sends one object with updatedTime, side, size and price.
void read_liquidation(json::object from, const message& in, event_batch& out) {
  liquidation body;
  std::int64_t ms = 0;
  unsigned seen = 0;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "T") || json::key_is(name, "updatedTime")) {
      ms = json::to_int(value, "T"), seen |= 1;
    } else if (json::key_is(name, "S") || json::key_is(name, "side")) {
      body.side = to_side(value) == trade_side::buy ? trade_side::sell : trade_side::buy, seen |= 2;
    } else if (json::key_is(name, "v") || json::key_is(name, "size")) {
      body.quantity = json::to_decimal(value, "v"), seen |= 4;
    } else if (json::key_is(name, "p") || json::key_is(name, "price")) {
      body.price = json::to_decimal(value, "p"), seen |= 8;
    }
  }
  if (seen != 15) throw decode_error("a liquidation with a field missing");
  append_liquidation(body, ms, in, out);
}

void read_liquidations(json::value data, const message& in, event_batch& out) {
  const auto first = out.events.size();
  if (data.type() == simdjson::ondemand::json_type::object) {
    read_liquidation(data.get_object(), in, out);
    return;
  }
  for_each_entry(data, in, out, [first](json::object entry, const message& of, event_batch& to) {
    read_liquidation(entry, of, to);
    number_twin_key(to, first);
  });
}

event_key book_key(const message& what) {
  event_key key;
  if (what.book.snapshot) key.append('s');
  key.append(what.book.last_update_id).append('-').append(what.cross_sequence);
  return key;
}

// Puts the changes of one side into its best level. A better one may come without a word of the one
// before, and a level that is deleted may be none that is here.
void follow(std::vector<level>& side, std::span<const level> changes) {
  for (const auto& change : changes) {
    if (!change.deletes()) {
      side.assign(1, change);
    } else if (!side.empty() && side.front().price() == change.price()) {
      side.clear();
    }
  }
}

// Snapshots since 2023, before that deltas too. A delta on which a number is missing says nothing
// of the level that it does not name.
bool follow_top(const message& what, top_of_book& top, const event_batch& batch) {
  const auto number = what.book.last_update_id;
  if (what.book.snapshot) {
    top.bids.clear();
    top.asks.clear();
    top.known = true;
  } else if (number != top.last_update_id + 1) {
    top.known = false;
  }
  if (!top.known) return false;
  top.last_update_id = number;
  follow(top.bids, batch.bids(what.book));
  follow(top.asks, batch.asks(what.book));
  return true;
}

// The best bid and offer, from orderbook.1.
void append_quote(const message& what, std::int64_t exchange_ns, event_batch& out) {
  auto& top = what.about->seen->top;
  if (!follow_top(what, top, out)) return;
  auto& made = append_event(out, what.about->where, exchange_ns, what.receive_ns);
  made.key.append(what.book.last_update_id).append('-').append(what.cross_sequence);
  made.body = top_of(top.bids, top.asks);
}

// u = 1 is a snapshot, sent when the service was restarted.
void finish_book(message& what, event_batch& out) {
  what.book.snapshot = what.snapshot || what.book.last_update_id == 1;
  what.book.first_update_id = what.book.last_update_id;
  auto& seen = *what.about->seen;
  const auto depth = what.about->depth;
  const auto exchange_ns = from_ms(what.cts_ms != 0 ? what.cts_ms : what.ts_ms);
  if (depth == 1) {
    seen.has_top_topic = true;
    append_quote(what, exchange_ns, out);
  }
  // A connection may carry a deep book and, for quotes, orderbook.1: the deep one is the book.
  if (depth < seen.book_depth) return;
  seen.book_depth = depth;
  auto& made = append_event(out, what.about->where, exchange_ns, what.receive_ns);
  made.key = book_key(what);
  made.body = what.book;
}

}  // namespace

void message::reset(std::int64_t received_ns, frame_losses& of_frame) {
  about = nullptr;
  has_type = snapshot = has_data = false;
  ts_ms = cts_ms = 0;
  cs = cross_sequence = 0;
  receive_ns = received_ns;
  losses = &of_frame;
  book = {};
}

void read_data(json::value data, message& into, event_batch& out) {
  if (into.has_data) throw decode_error("data: twice");
  into.has_data = true;
  switch (into.about->kind) {
    case topic_kind::trades:
      for_each_entry(data, into, out, read_trade);
      break;
    case topic_kind::book:
      read_book(data.get_object(), into, out);
      break;
    case topic_kind::tickers:
      read_ticker(data.get_object(), into);
      break;
    case topic_kind::candles:
      for_each_entry(data, into, out, read_candle);
      break;
    case topic_kind::liquidations:
      read_liquidations(data, into, out);
      break;
  }
}

void finish(message& what, event_batch& out) {
  if (!what.has_data) throw decode_error("data: missing");
  if (!what.has_type) throw decode_error("type: missing");
  if (what.ts_ms <= 0) throw decode_error("ts: missing");
  static_cast<void>(from_ms(what.ts_ms));  // throws before anything is remembered
  if (what.about->kind == topic_kind::book) finish_book(what, out);
  if (what.about->kind == topic_kind::tickers) finish_ticker(what, out);
}

}  // namespace feedtree::venues::bybit
