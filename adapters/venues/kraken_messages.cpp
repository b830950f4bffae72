// The frames of Kraken's spot market: what stands around the data, then one function a message
// type.
#include "adapters/venues/kraken_session.hpp"
#include "adapters/venues/tickers.hpp"
#include "core/checksum.hpp"

namespace feedtree::venues::kraken_family {
namespace {

// An interval of minutes in nanoseconds.
std::int64_t to_interval(std::int64_t minutes) {
  if (minutes < 1 || minutes > 100'000) throw decode_error("interval: out of range");
  return from_s(minutes * 60);
}

channel_name to_channel(json_key text) {
  if (text == "book") return channel_name::book;
  if (text == "trade") return channel_name::trade;
  if (text == "ticker") return channel_name::ticker;
  if (text == "ohlc") return channel_name::ohlc;
  if (text == "instrument") return channel_name::instrument;
  return text == "status" ? channel_name::status : channel_name::other;
}

}  // namespace

void kraken_session::read_frame(const raw_frame& frame, event_batch& out, frame_report& report) {
  const auto read_all = [&](plain_reader& in) { return read_plain_book(in, frame, out); };
  if (read_plain(frame, out, counters_, read_all)) {
    report.outcome = frame_outcome::decoded;
    return;
  }
  losses_ = &report.losses;
  auto document = json::read(parser_, frame);
  envelope head;
  answer reply;
  status_.clear();
  const auto events_before = out.events.size();
  each_member(document.get_object(), [&](json_key key, json::value& content) {
    read_member(key, content, head, reply, frame, out);
  });
  json::check_end(document);
  if (reply.any && head.channel == channel_name::none) {
    read_answer(reply, report);
  } else if (head.channel == channel_name::none) {
    throw decode_error("neither a channel nor a method");
  }
  if (head.data_put_off) read_put_off_data(document, head, frame, out);
  const bool has_data = head.channel != channel_name::none && head.channel != channel_name::other;
  if (has_data && !(head.data_seen && head.has_type)) throw decode_error("type or data: missing");
  if (head.channel == channel_name::trade && head.snapshot) sort_trades(out, events_before);
  if (!status_.empty() && status_ != "online") report.error = "system status: " + status_;
  const bool decoded = out.events.size() != events_before || !report.subscriptions.empty();
  report.outcome = decoded ? frame_outcome::decoded : frame_outcome::ignored;
}

// {"channel":"book","type":"update","data":[...]}, or an answer: see read_answer.
void kraken_session::read_member(json_key key, json::value& content, envelope& head, answer& reply,
                                 const raw_frame& frame, event_batch& out) {
  if (key == "channel") {
    head.channel = to_channel(content.get_raw_json_string());
  } else if (key == "type") {
    head.has_type = true;
    const json_key type = content.get_raw_json_string();
    head.snapshot = type == "snapshot";
  } else if (key == "data") {
    head.data_seen = true;
    head.data_put_off = !head.can_read_data();
    if (!head.data_put_off) read_data(content, head, frame, out);
  } else if (key == "timestamp") {
    head.timestamp_ns = json::to_optional_rfc3339(content, "timestamp", *losses_);
  } else if (key == "method") {
    reply.any = true;
    reply.method = json::to_text(content, "method");
  } else if (key == "success") {
    reply.success = json::token(content) == "true";
  } else if (key == "error" || key == "Error") {
    reply.any = true;
    reply.error = json::to_text(content, "error");
  } else if (key == "symbol") {
    reply.symbol = json::to_text(content, "symbol");
  } else if (key == "result") {
    each_member(content.get_object(), [&reply](json_key name, json::value& field) {
      if (name == "channel") reply.channel = json::to_text(field, "channel");
      if (name == "symbol") reply.symbol = json::to_text(field, "symbol");
      if (name == "depth") reply.depth = json::to_unsigned(field, "depth");
    });
  }
}

void kraken_session::read_put_off_data(json::document& document, const envelope& head,
                                       const raw_frame& frame, event_batch& out) {
  document.rewind();
  each_member(document.get_object(), [&](json_key key, json::value& content) {
    if (key == "data") read_data(content, head, frame, out);
  });
}

void kraken_session::read_data(json::value& data, const envelope& head, const raw_frame& frame,
                               event_batch& out) {
  if (head.channel == channel_name::instrument) return read_instruments(data, out);
  if (head.channel == channel_name::status) return read_status(data);
  if (head.channel == channel_name::other || head.channel == channel_name::none) return;
  each_element(data, [&](json::value& entry) {
    json::read_entry(entry, out, *losses_, [&] { read_entry(entry, head, frame, out); });
  });
}

void kraken_session::read_entry(json::value& entry, const envelope& head, const raw_frame& frame,
                                event_batch& out) {
  switch (head.channel) {
    case channel_name::book:
      return read_book(entry.get_object(), head.snapshot, frame, out);
    case channel_name::trade:
      return read_trade(entry.get_object(), frame, out);
    case channel_name::ticker:
      return read_ticker(entry.get_object(), frame, out);
    default:
      return read_candle(entry.get_object(), head, frame, out);
  }
}

// {"symbol":"BTC/USD","bids":[{"price":77362.8,"qty":0.05300065}],"asks":[],"checksum":851511627,
//  "timestamp":"2026-09-12T15:48:31.964868Z"}; snapshots of 2023 have no timestamp.
// https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/book
void kraken_session::read_book(json::object entry, bool snapshot, const raw_frame& frame,
                               event_batch& out) {
  const listing* where = nullptr;
  std::int64_t venue_ns = 0;
  book_change change;
  change.snapshot = snapshot;
  book_sides sides(out);
  each_member(entry, [&](json_key key, json::value& content) {
    if (key == "symbol") {
      where = listing_of(content);
    } else if (key == "bids") {
      sides.read_bids(content);
    } else if (key == "asks") {
      sides.read_asks(content);
    } else if (key == "checksum") {
      const auto checksum = json::to_unsigned(content, "checksum");
      if (checksum > 0xffff'ffffU) throw decode_error("checksum: more than 32 bits");
      change.checksum = static_cast<std::uint32_t>(checksum);
      change.has_checksum = true;
    } else if (key == "timestamp") {
      venue_ns = json::to_optional_rfc3339(content, "timestamp", *losses_);
    }
  });
  if (where == nullptr || !change.has_checksum) {
    throw decode_error("book: symbol or checksum is missing");
  }
  // That an update belongs behind the one before shows in its time too.
  if (venue_ns == 0 && !snapshot) throw decode_error("book: timestamp is missing");
  sides.finish(change);
  append_book(where, change, venue_ns, frame, out);
}

// The same from a whole frame of one book's update, as nearly all are:
// {"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],
//  "asks":[{"price":77366.2,"qty":0.69913991}],"checksum":3561285941,
//  "timestamp":"2026-09-12T15:48:32.340708Z"}]}
bool kraken_session::read_plain_book(plain_reader& in, const raw_frame& frame, event_batch& out) {
  std::string_view symbol;
  std::uint64_t checksum = 0;
  std::int64_t exchange_ns = 0;
  book_change change;
  change.first_level = static_cast<std::uint32_t>(out.levels.size());
  const auto level = [&in](decimal& price, decimal& quantity) {
    return in.take(R"({"price":)") && in.number(price) && in.take(R"(,"qty":)") &&
           in.number(quantity) && in.take('}');
  };
  const bool plain =
      in.take(R"({"channel":"book","type":"update","data":[{"symbol":")") && in.text(symbol) &&
      in.take(R"(,"bids":)") && in.list(out.levels, change.bids, level) && in.take(R"(,"asks":)") &&
      in.list(out.levels, change.asks, level) && in.take(R"(,"checksum":)") && in.whole(checksum) &&
      checksum <= 0xffff'ffffU && in.take(R"(,"timestamp":")") && in.rfc3339(exchange_ns) &&
      exchange_ns != 0 && in.take("}]}") && in.at_end();
  const auto* const where = plain ? known_listing(symbol) : nullptr;
  if (where == nullptr) return false;
  change.has_checksum = true;
  change.checksum = static_cast<std::uint32_t>(checksum);
  append_book(where, change, exchange_ns, frame, out);
  return true;
}

// The venue's time; without one when the frame came, or the last time that the venue told.
std::int64_t kraken_session::time_or_now(std::int64_t venue_ns, const raw_frame& frame) {
  if (venue_ns != 0) return last_venue_ns_ = venue_ns;
  return frame.receive_ns != 0 ? frame.receive_ns : last_venue_ns_;
}

// Key: exchange time, 0 where there is none, and a fingerprint of checksum and levels.
void kraken_session::append_book(const listing* where, book_change change, std::int64_t venue_ns,
                                 const raw_frame& frame, event_batch& out) {
  const bool snapshot = change.snapshot;
  if (snapshot) change.depth = snapshot_depth(where, change);
  fingerprint content;
  content.add(std::int64_t{change.checksum});
  for (const auto& level : out.all(change)) {
    content.add(level.price_mantissa).add(level.quantity_mantissa);
  }
  auto& what = append_event(out, where, time_or_now(venue_ns, frame), frame.receive_ns);
  if (snapshot) what.key.append('s');
  what.key.append(time_key(venue_ns, content));
  what.body = change;
}

// {"symbol":"BTC/USD","side":"buy","price":79192.9,"qty":0.00005319,"ord_type":"limit",
//  "trade_id":107725589,"timestamp":"2026-09-14T18:32:27.420924Z"}; side is the taker's.
// https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/trade
void kraken_session::read_trade(json::object entry, const raw_frame& frame, event_batch& out) {
  const listing* where = nullptr;
  std::uint64_t number = 0;
  std::int64_t exchange_ns = 0;
  trade body;
  unsigned seen = 0;
  each_member(entry, [&](json_key key, json::value& content) {
    if (key == "symbol") {
      where = listing_of(content);
    } else if (key == "side") {
      body.side = to_side(content), seen |= 1;
    } else if (key == "price") {
      body.price = json::to_decimal(content, "price"), seen |= 2;
    } else if (key == "qty") {
      body.quantity = json::to_decimal(content, "qty"), seen |= 4;
    } else if (key == "trade_id") {
      number = json::to_unsigned(content, "trade_id"), seen |= 8;
    } else if (key == "timestamp") {
      exchange_ns = from_rfc3339(json::token(content)), seen |= 16;
    }
  });
  if (where == nullptr || seen != 31 || exchange_ns == 0) {
    throw decode_error("trade: symbol, side, price, qty, trade_id or timestamp is missing");
  }
  auto& what = append_event(out, where, exchange_ns, frame.receive_ns);
  what.key.append(number);
  what.body = body;
}

// {"symbol":"ALGO/USD","bid":0.10025,"bid_qty":740.0,"ask":0.10036,"ask_qty":1361.44813783,
//  "last":0.10035,"volume":997038.98383185,"vwap":0.10148,"low":0.09979,"high":0.10285,
//  "change":-0.00017,"change_pct":-0.17,"timestamp":"2023-09-25T09:04:31.742648Z"}
// https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/ticker
void kraken_session::read_ticker(json::object entry, const raw_frame& frame, event_batch& out) {
  const listing* where = nullptr;
  std::int64_t venue_ns = 0;  // the venue sent no time before 2025
  ticker body;
  auto& losses = *losses_;
  // Of the top: a side that is not named, or did not fit, is not an empty one.
  int top_members = 0;
  const auto read_top = [&](optional_decimal& into, json::value& content, std::string_view field,
                            auto read) {
    const auto before = losses.fields;
    into = read(content, field, losses);
    top_members += losses.fields == before ? 1 : 0;
  };
  const auto quantity_of = [](json::value& content, std::string_view field, frame_losses& to) {
    return json::to_optional_decimal(content, field, to);
  };
  each_member(entry, [&](json_key key, json::value& content) {
    if (key == "symbol") {
      where = listing_of(content);
    } else if (key == "bid") {
      read_top(body.bid_price, content, "bid", json::to_optional_price);
    } else if (key == "bid_qty") {
      read_top(body.bid_quantity, content, "bid_qty", quantity_of);
    } else if (key == "ask") {
      read_top(body.ask_price, content, "ask", json::to_optional_price);
    } else if (key == "ask_qty") {
      read_top(body.ask_quantity, content, "ask_qty", quantity_of);
    } else if (key == "last") {
      body.last_price = json::to_optional_price(content, "last", losses);
    } else if (key == "volume") {
      body.volume = json::to_optional_decimal(content, "volume", losses);
    } else if (key == "low") {
      body.low_price = json::to_optional_price(content, "low", losses);
    } else if (key == "high") {
      body.high_price = json::to_optional_price(content, "high", losses);
    } else if (key == "timestamp") {
      venue_ns = json::to_optional_rfc3339(content, "timestamp", losses);
    }
  });
  if (where == nullptr) throw decode_error("ticker: symbol is missing");
  check_rest_of(body, losses);
  // Our own clock must not be in a key: without a time of the venue the values alone make it.
  const auto exchange_ns = time_or_now(venue_ns, frame);
  fingerprint top;
  top.add(body.bid_price).add(body.bid_quantity).add(body.ask_price).add(body.ask_quantity);
  if (top_members == 4 && asked_.wants(event_kind::quote, where)) {
    auto& what = append_event(out, where, exchange_ns, frame.receive_ns);
    what.key = time_key(venue_ns, top);
    what.body = make_quote(body.bid_price, body.bid_quantity, body.ask_price, body.ask_quantity);
  }
  if (!asked_.wants(event_kind::ticker, where)) return;
  auto& what = append_event(out, where, exchange_ns, frame.receive_ns);
  top.add(body.last_price).add(body.volume).add(body.low_price).add(body.high_price);
  what.key = time_key(venue_ns, top);
  what.body = body;
}

// {"symbol":"ALGO/USD","open":0.09875,"high":0.0988,"low":0.09875,"close":0.09875,"trades":13,
//  "volume":16255.46368,"vwap":0.09879,"interval_begin":"2023-10-04T15:30:00.000000000Z",
//  "interval":5,"timestamp":"2023-10-04T15:35:00.000000Z"}; that timestamp is the interval's end,
// the time of the message stands beside "data".
// https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/ohlc
void kraken_session::read_candle(json::object entry, const envelope& head, const raw_frame& frame,
                                 event_batch& out) {
  const listing* where = nullptr;
  candle body;
  int prices = 0;
  const auto read_price = [&prices](json::value& content, std::string_view field) {
    ++prices;
    return json::to_decimal(content, field);
  };
  each_member(entry, [&](json_key key, json::value& content) {
    if (key == "symbol") {
      where = listing_of(content);
    } else if (key == "open") {
      body.open = read_price(content, "open");
    } else if (key == "high") {
      body.high = read_price(content, "high");
    } else if (key == "low") {
      body.low = read_price(content, "low");
    } else if (key == "close") {
      body.close = read_price(content, "close");
    } else if (key == "volume") {
      body.volume = json::to_decimal(content, "volume");
    } else if (key == "trades") {
      body.trades = json::to_optional_int(content, "trades", *losses_).value_or(-1);
    } else if (key == "interval_begin") {
      body.open_ns = from_rfc3339(json::to_text(content, "interval_begin"));
    } else if (key == "interval") {
      body.interval_ns = to_interval(json::to_int(content, "interval"));
    }
  });
  if (where == nullptr || prices != 4 || body.open_ns == 0 || body.interval_ns <= 0) {
    throw decode_error("ohlc: symbol, a price, interval_begin or interval is missing");
  }
  const auto now_ns = head.timestamp_ns != 0 ? head.timestamp_ns : frame.receive_ns;
  const auto exchange_ns = now_ns != 0 ? now_ns : body.open_ns;
  body.closed = exchange_ns >= body.open_ns + body.interval_ns;
  fingerprint values;
  values.add(body.open).add(body.high).add(body.low).add(body.close).add(body.volume);
  values.add(body.trades).add(std::int64_t{body.closed});
  auto& what = append_event(out, where, exchange_ns, frame.receive_ns);
  what.key.append(interval_text(body.interval_ns)).append('-').append(body.open_ns);
  what.key.append('-').append(values.value());
  what.body = body;
}

// {"assets":[...],"pairs":[{"symbol":"BTC/USD","base":"BTC","quote":"USD","status":"online",...}]}
// https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/instrument
void kraken_session::read_instruments(json::value& data, event_batch& out) {
  each_member(data.get_object(), [&](json_key list, json::value& content) {
    if (!(list == "pairs")) return;
    each_element(content, [&](json::value& pair) {
      json::read_entry(pair, out, *losses_, [&] { read_instrument(pair.get_object()); });
    });
  });
}

void kraken_session::read_instrument(json::object pair) {
  std::string_view symbol;
  std::string_view base;
  std::string_view quote;
  each_member(pair, [&](json_key key, json::value& field) {
    if (key == "symbol") symbol = json::to_text(field, "symbol");
    if (key == "base") base = json::to_text(field, "base");
    if (key == "quote") quote = json::to_text(field, "quote");
  });
  if (symbol.empty()) throw decode_error("instrument: symbol is missing");
  add_symbol(symbol, base, quote);
}

// [{"version":"2.0.10","system":"online","api_version":"v2","connection_id":16061443795302331912}]
// https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/status
void kraken_session::read_status(json::value& data) {
  each_element(data, [this](json::value& entry) {
    each_member(entry.get_object(), [this](json_key key, json::value& field) {
      if (key == "system") status_ = json::to_text(field, "system");
    });
  });
}

}  // namespace feedtree::venues::kraken_family
