// The messages of Kraken Futures' feeds, one function a message type.
#include <algorithm>

#include "adapters/venues/kraken_futures_session.hpp"
#include "adapters/venues/tickers.hpp"
#include "core/checksum.hpp"

namespace feedtree::venues::kraken_family {
namespace {

feed_name to_feed(std::string_view text) {
  if (text == "book") return feed_name::book;
  if (text == "trade") return feed_name::trade;
  if (text == "ticker") return feed_name::ticker;
  if (text == "ticker_lite") return feed_name::ticker_lite;
  if (text == "book_snapshot") return feed_name::book_snapshot;
  return text == "trade_snapshot" ? feed_name::trade_snapshot : feed_name::other;
}

std::int64_t exchange_time(const futures_fields& fields) {
  if (fields.time_ms <= 0) throw decode_error("time: missing");
  return from_ms(fields.time_ms);
}

void read_ticker_member(json_key key, json::value& content, ticker_fields& into,
                        frame_losses& losses) {
  auto& statistics = into.statistics;
  if (key == "bid") {
    statistics.bid_price = json::to_optional_price(content, "bid", losses);
  } else if (key == "ask") {
    statistics.ask_price = json::to_optional_price(content, "ask", losses);
  } else if (key == "bid_size") {
    statistics.bid_quantity = json::to_optional_decimal(content, "bid_size", losses);
  } else if (key == "ask_size") {
    statistics.ask_quantity = json::to_optional_decimal(content, "ask_size", losses);
  } else if (key == "last") {
    statistics.last_price = json::to_optional_price(content, "last", losses);
  } else if (key == "open") {
    statistics.open_price = json::to_optional_price(content, "open", losses);
  } else if (key == "high") {
    statistics.high_price = json::to_optional_price(content, "high", losses);
  } else if (key == "low") {
    statistics.low_price = json::to_optional_price(content, "low", losses);
  } else if (key == "volume") {
    statistics.volume = json::to_optional_decimal(content, "volume", losses);
  } else if (key == "volumeQuote") {
    statistics.quote_volume = json::to_optional_decimal(content, "volumeQuote", losses);
  } else if (key == "markPrice") {
    statistics.mark_price = json::to_optional_price(content, "markPrice", losses);
  } else if (key == "index") {
    statistics.index_price = json::to_optional_price(content, "index", losses);
  } else if (key == "tag") {
    into.tag = json::to_optional_text(content, "tag", losses);
  } else if (key == "openInterest") {
    into.open_interest = json::to_optional_decimal(content, "openInterest", losses);
  } else if (key == "relative_funding_rate") {
    const auto before = losses.fields;
    into.funding_rate = json::to_optional_decimal(content, "relative_funding_rate", losses);
    into.has_bad_rate = losses.fields != before;
  } else if (key == "relative_funding_rate_prediction") {
    into.funding_prediction =
        json::to_optional_decimal(content, "relative_funding_rate_prediction", losses);
  } else if (key == "next_funding_rate_time") {
    into.next_funding_ns = json::to_optional_time_ns(content, "next_funding_rate_time", losses);
  }
}

fingerprint values_of(const ticker& what) {
  fingerprint values;
  values.add(what.last_price).add(what.bid_price).add(what.bid_quantity).add(what.ask_price);
  values.add(what.ask_quantity).add(what.open_price).add(what.high_price).add(what.low_price);
  values.add(what.volume).add(what.quote_volume).add(what.mark_price).add(what.index_price);
  return values;
}

}  // namespace

void futures_session::read_frame(const raw_frame& frame, event_batch& out, frame_report& report) {
  const auto read_all = [&](plain_reader& in) { return read_plain_update(in, frame, out); };
  if (read_plain(frame, out, counters_, read_all)) {
    report.outcome = frame_outcome::decoded;
    return;
  }
  losses_ = &report.losses;
  auto document = json::read(parser_, frame);
  futures_fields fields;
  trades_read_.clear();
  const auto events_before = out.events.size();
  each_member(document.get_object(),
              [&](json_key key, json::value& content) { read_any_member(key, content, fields); });
  json::check_end(document);
  if (!fields.event.empty()) {
    read_event(fields, report);
  } else if (fields.feed == feed_name::none) {
    throw decode_error("neither a feed nor an event");
  } else {
    read_data(document, fields, frame, out);
  }
  const bool snapshot = fields.feed == feed_name::trade_snapshot;
  trade_watch_.judge(trades_read_, snapshot, frame, counters_, out);
  const bool decoded = out.events.size() != events_before || !report.subscriptions.empty();
  report.outcome = decoded ? frame_outcome::decoded : frame_outcome::ignored;
}

void futures_session::read_any_member(json_key key, json::value& content,
                                      futures_fields& fields) const {
  if (key == "feed") {
    fields.feed_text = json::to_text(content, "feed");
    fields.feed = to_feed(fields.feed_text);
  } else if (key == "product_id") {
    fields.product = json::to_text(content, "product_id");
  } else if (key == "side") {
    fields.side = to_side(content);
  } else if (key == "seq") {
    const auto sequence = json::to_optional_unsigned(content, "seq", *losses_);
    fields.sequence = sequence.value_or(0);
    fields.has_sequence = sequence.has_value();
  } else if (key == "price") {
    fields.price = json::to_decimal(content, "price");
  } else if (key == "qty") {
    fields.quantity = json::to_decimal(content, "qty");
  } else if (key == "timestamp" || key == "time") {
    fields.time_ms = json::to_optional_int(content, "time", *losses_).value_or(0);
  } else if (key == "uid") {
    if (json::token(content) != "null") fields.uid = json::to_id(content, "uid");
  } else if (key == "type") {
    fields.liquidation = json::to_optional_text(content, "type", *losses_) == "liquidation";
  } else if (key == "event") {
    fields.event = json::to_text(content, "event");
  } else if (key == "message") {
    fields.message = json::to_text(content, "message");
  } else if (key == "product_ids") {
    each_element(content, [&fields](json::value& product) {
      fields.products.emplace_back(json::to_text(product, "product_ids"));
    });
  }
}

void futures_session::read_data(json::document& document, const futures_fields& fields,
                                const raw_frame& frame, event_batch& out) {
  switch (fields.feed) {
    case feed_name::book:
      append_update(fields, listing_of(fields.product), frame, out);
      break;
    case feed_name::book_snapshot:
      append_snapshot(document, fields, frame, out);
      break;
    case feed_name::trade:
      append_trade(fields, frame, out);
      break;
    case feed_name::trade_snapshot:
      append_trade_snapshot(document, frame, out);
      break;
    case feed_name::ticker:
    case feed_name::ticker_lite:
      append_ticker(document, fields, frame, out);
      break;
    case feed_name::none:
    case feed_name::other:
      break;  // {"feed":"heartbeat","time":1534262350627}
  }
}

// {"feed":"book","product_id":"PI_ETHUSD","side":"sell","seq":26660860,"price":2004.85,
//  "qty":4787.0,"timestamp":1626994927744}; a quantity of zero deletes the level.
// https://docs.kraken.com/exchange/api-reference/futures-websocket/book
void futures_session::append_update(const futures_fields& fields, const listing* where,
                                    const raw_frame& frame, event_batch& out) {
  if (!fields.has_sequence || !fields.price || !fields.quantity ||
      fields.side == trade_side::unknown) {
    throw decode_error("book: side, seq, price or qty is missing");
  }
  book_change change;
  change.first_update_id = fields.sequence;
  change.last_update_id = fields.sequence;
  change.first_level = static_cast<std::uint32_t>(out.levels.size());
  (fields.side == trade_side::buy ? change.bids : change.asks) = 1;
  out.levels.emplace_back(*fields.price, *fields.quantity);
  auto& what = append_event(out, where, exchange_time(fields), frame.receive_ns);
  what.key.append(fields.sequence);
  what.body = change;
}

// The same from the frame's text: nearly all frames are of this kind.
bool futures_session::read_plain_update(plain_reader& in, const raw_frame& frame,
                                        event_batch& out) {
  futures_fields fields;
  std::string_view side;
  decimal price;
  decimal quantity;
  const bool plain = in.take(R"({"feed":"book","product_id":")") && in.text(fields.product) &&
                     in.take(R"(,"side":")") && in.text(side) &&
                     (side == "buy" || side == "sell") && in.take(R"(,"seq":)") &&
                     in.whole(fields.sequence) && in.take(R"(,"price":)") && in.number(price) &&
                     in.take(R"(,"qty":)") && in.number(quantity) && in.take(R"(,"timestamp":)") &&
                     in.time_ms(fields.time_ms) && in.take('}') && in.at_end();
  const auto* const where = plain ? known_listing(fields.product) : nullptr;
  if (where == nullptr) return false;
  fields.has_sequence = true;
  fields.side = side == "buy" ? trade_side::buy : trade_side::sell;
  fields.price = price;
  fields.quantity = quantity;
  append_update(fields, where, frame, out);
  return true;
}

// {"feed":"book_snapshot","product_id":"FI_BCHUSD_210730","timestamp":1626994925378,"seq":91192,
//  "tickSize":null,"bids":[{"price":439.3,"qty":20108.0}],"asks":[{"price":439.6,"qty":50.0}]}
void futures_session::append_snapshot(json::document& document, const futures_fields& fields,
                                      const raw_frame& frame, event_batch& out) {
  if (!fields.has_sequence) throw decode_error("seq: missing");
  const auto* const where = listing_of(fields.product);
  book_change change;
  change.snapshot = true;
  change.first_update_id = fields.sequence;
  change.last_update_id = fields.sequence;
  book_sides sides(out);
  document.rewind();
  each_member(document.get_object(), [&sides](json_key key, json::value& content) {
    if (key == "bids") sides.read_bids(content);
    if (key == "asks") sides.read_asks(content);
  });
  sides.finish(change);
  auto& what = append_event(out, where, exchange_time(fields), frame.receive_ns);
  what.key.append('s').append(fields.sequence);
  what.body = change;
}

// {"feed":"trade","product_id":"PI_LTCUSD","uid":"e2429e31-8b9d-4195-900e-fd42be2dec89",
//  "side":"buy","type":"fill","seq":5956,"time":1626994929946,"qty":320.0,"price":119.44}
// The side is the taker's. The type liquidation says that the taker was liquidated: the trade is
// given as such and, besides, as a liquidation. Before 2019-09 there was no uid.
// https://docs.kraken.com/exchange/api-reference/futures-websocket/trade
void futures_session::append_trade(const futures_fields& fields, const raw_frame& frame,
                                   event_batch& out) {
  if (!fields.price || !fields.quantity || fields.side == trade_side::unknown) {
    throw decode_error("trade: side, price or qty is missing");
  }
  if (fields.uid.empty() && !fields.has_sequence) throw decode_error("trade: no uid and no seq");
  const auto* const where = listing_of(fields.product);
  const auto exchange_ns = exchange_time(fields);
  event_key key;
  if (fields.uid.empty()) {
    key.append("seq-").append(fields.sequence);
  } else {
    key.append(fields.uid);
  }
  check_key(key);
  if (fields.has_sequence) trades_read_.push_back({where, fields.sequence, exchange_ns});
  if (asked_.wants(event_kind::trade, where)) {
    auto& what = append_event(out, where, exchange_ns, frame.receive_ns);
    what.key = key;
    what.body = trade{*fields.price, *fields.quantity, fields.side};
  }
  if (!fields.liquidation || !asked_.wants(event_kind::liquidation, where)) return;
  auto& what = append_event(out, where, exchange_ns, frame.receive_ns);
  what.key = key;
  what.body = liquidation{*fields.price, *fields.quantity, fields.side};
}

// {"feed":"trade_snapshot","product_id":"FI_BCHUSD_210730","trades":[{"feed":"trade",...},...]}
// The last hundred trades, newest first; they are given oldest first.
void futures_session::append_trade_snapshot(json::document& document, const raw_frame& frame,
                                            event_batch& out) {
  const auto first = static_cast<std::ptrdiff_t>(out.events.size());
  bool has_trades = false;
  document.rewind();
  each_member(document.get_object(), [&](json_key key, json::value& content) {
    if (!(key == "trades")) return;
    has_trades = true;
    each_element(content, [&](json::value& entry) {
      json::read_entry(entry, out, *losses_,
                       [&] { append_trade_of(entry.get_object(), frame, out); });
    });
  });
  if (!has_trades) throw decode_error("trades: missing");
  std::reverse(out.events.begin() + first, out.events.end());
}

void futures_session::append_trade_of(json::object entry, const raw_frame& frame,
                                      event_batch& out) {
  futures_fields fields;
  each_member(entry,
              [&](json_key name, json::value& field) { read_any_member(name, field, fields); });
  append_trade(fields, frame, out);
}

// {"time":1676393235406,"product_id":"PI_XBTUSD","relative_funding_rate":-1.380384722222e-6,
//  "relative_funding_rate_prediction":-8.047629166667e-6,"next_funding_rate_time":1676394000000,
//  "feed":"ticker","bid":21978.5,"ask":21987.0,"bid_size":2536.0,"ask_size":13948.0,
//  "volume":31403908.0,"index":21984.54,"last":21983.5,"tag":"perpetual",
//  "openInterest":30072580.0,"markPrice":21979.68641534714,...}
// https://docs.kraken.com/exchange/api-reference/futures-websocket/ticker
// {"feed":"ticker_lite","product_id":"FI_BCHUSD_210730","bid":439.3,"ask":439.6,
//  "volume":3413476.0,"tag":"month",...}; it has no time.
// https://docs.kraken.com/exchange/api-reference/futures-websocket/ticker_lite
void futures_session::append_ticker(json::document& document, const futures_fields& fields,
                                    const raw_frame& frame, event_batch& out) {
  const auto* const where = listing_of(fields.product);
  const bool lite = fields.feed == feed_name::ticker_lite;
  const auto exchange_ns = lite ? frame.receive_ns : exchange_time(fields);
  ticker_fields read;
  document.rewind();
  each_member(document.get_object(), [&](json_key key, json::value& content) {
    read_ticker_member(key, content, read, *losses_);
  });
  check_rest_of(read.statistics, *losses_);
  if (asked_.wants(event_kind::ticker, where)) {
    auto& what = append_event(out, where, exchange_ns, frame.receive_ns);
    // Our own clock must not be in a key: without a time of the venue the values alone make it.
    what.key = time_key(lite ? 0 : exchange_ns, values_of(read.statistics));
    what.body = read.statistics;
  }
  if (lite) return;
  const bool perpetual =
      read.tag.empty() ? where->details.type == market_type::perpetual : read.tag == "perpetual";
  if (perpetual && !read.has_bad_rate && asked_.wants(event_kind::funding, where)) {
    append_funding(read, where, exchange_ns, frame, out);
  }
  if (read.open_interest && asked_.wants(event_kind::open_interest, where)) {
    append_open_interest(read, where, exchange_ns, frame, out);
  }
}

// The relative rate is the one comparable with other venues: a share of the position's value for
// the period. A rate of zero is left out by the venue.
void futures_session::append_funding(const ticker_fields& from, const listing* where,
                                     std::int64_t exchange_ns, const raw_frame& frame,
                                     event_batch& out) {
  funding body;
  body.rate = from.funding_rate ? *from.funding_rate : decimal{};
  body.predicted_rate = from.funding_prediction ? from.funding_prediction : decimal{};
  body.next_funding_ns = from.next_funding_ns;
  body.mark_price = from.statistics.mark_price;
  body.index_price = from.statistics.index_price;
  fingerprint values;
  values.add(body.rate).add(body.predicted_rate).add(body.next_funding_ns);
  auto& known = slow_of(where);
  if (known.has_funding && known.funding == values.value()) return;
  known.has_funding = true;
  known.funding = values.value();
  auto& what = append_event(out, where, exchange_ns, frame.receive_ns);
  what.key = time_key(exchange_ns, values);
  what.body = body;
}

void futures_session::append_open_interest(const ticker_fields& from, const listing* where,
                                           std::int64_t exchange_ns, const raw_frame& frame,
                                           event_batch& out) {
  fingerprint values;
  values.add(from.open_interest);
  auto& known = slow_of(where);
  if (known.has_open_interest && known.open_interest == values.value()) return;
  known.has_open_interest = true;
  known.open_interest = values.value();
  auto& what = append_event(out, where, exchange_ns, frame.receive_ns);
  what.key = time_key(exchange_ns, values);
  what.body = open_interest{*from.open_interest, {}};
}

slow_values& futures_session::slow_of(const listing* where) {
  if (where->index >= slow_.size()) slow_.resize(where->index + 1);
  return slow_[where->index];
}

}  // namespace feedtree::venues::kraken_family
