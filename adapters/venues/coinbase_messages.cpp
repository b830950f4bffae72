#include "adapters/venues/coinbase_messages.hpp"

#include <algorithm>
#include <array>

#include "adapters/venues/tickers.hpp"
#include "core/checksum.hpp"

namespace feedtree::venues::coinbase {
namespace {

// Some snapshots say 1970, and year 1 is the zero of the venue's own language: neither is a time.
std::int64_t time_of_update(std::string_view text) {
  if (text.empty() || text == "null" || text.starts_with("0001-01-01T")) return 0;
  return from_rfc3339(text);
}

// A field of a ticker.
struct ticker_field {
  std::string_view name;
  optional_decimal ticker::*where;
  bool is_price;
};
constexpr std::array<ticker_field, 8> ticker_fields{{
    {"price", &ticker::last_price, true},
    {"volume_24_h", &ticker::volume, false},
    {"low_24_h", &ticker::low_price, true},
    {"high_24_h", &ticker::high_price, true},
    {"best_bid", &ticker::bid_price, true},
    {"best_ask", &ticker::ask_price, true},
    {"best_bid_quantity", &ticker::bid_quantity, false},
    {"best_ask_quantity", &ticker::ask_quantity, false},
}};

void set_ticker_field(std::string_view name, json::value& value, ticker& into,
                      frame_losses& losses) {
  const auto* const field = std::find_if(ticker_fields.begin(), ticker_fields.end(),
                                         [&](const auto& entry) { return entry.name == name; });
  if (field == ticker_fields.end()) return;
  into.*field->where = field->is_price ? json::to_optional_price(value, name, losses)
                                       : json::to_optional_decimal(value, name, losses);
}

}  // namespace

json::value field_of(json::object& from, std::string_view name) {
  json::value result;
  if (from.find_field_unordered(name).get(result) != simdjson::SUCCESS) {
    throw decode_error(std::string(name) + ": missing");
  }
  return result;
}

bool message_reader::read(const envelope& of, json::object event, event_batch& out) {
  if (of.channel == "l2_data") {
    read_book(of, event, out);
  } else if (of.channel == "market_trades") {
    read_trades(of, event, out);
  } else if (of.channel == "ticker" || of.channel == "ticker_batch") {
    read_objects(of, field_of(event, "tickers"), out,
                 [&](json::object from) { read_ticker(of, from, out); });
  } else if (of.channel == "candles") {
    read_objects(of, field_of(event, "candles"), out,
                 [&](json::object from) { read_candle(of, from, out); });
  } else if (of.channel == "status") {
    read_objects(of, field_of(event, "products"), out,
                 [&](json::object from) { read_status_product(from); });
  } else {
    return false;
  }
  return true;
}

const listing* message_reader::add_product(std::string_view product, std::string_view base,
                                           std::string_view quote) {
  const auto* const where = symbols_.registry().intern(
      venue_name, instrument::spot(std::string(base), std::string(quote)), product);
  table_.add(product, where);
  return where;
}

// Spot products are named BASE-QUOTE, as instruments are here.
const listing* message_reader::find_product(std::string_view product) {
  if (const auto* const known = table_.find(product)) return known;
  const auto named = parse_instrument(product);
  if (!named || named->type != market_type::spot) {
    throw decode_error("product_id: not a spot product: " + std::string(product.substr(0, 40)));
  }
  return add_product(product, named->base, named->quote);
}

// {"type":"update","product_id":"BTC-USD","updates":[...]}; type "snapshot" gives the whole book.
// https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels#level2-channel
void message_reader::read_book(const envelope& of, json::object event, event_batch& out) {
  const auto first_level = out.levels.size();
  std::string_view type;
  const listing* where = nullptr;
  std::int64_t newest_ns = 0;
  bool has_updates = false;
  asks_.clear();
  for (auto field : event) {
    const auto key = field.key().value();
    json::value value = field.value();
    if (json::key_is(key, "type")) {
      type = to_name(value, "type");
    } else if (json::key_is(key, "product_id")) {
      where = find_product(to_name(value, "product_id"));
    } else if (json::key_is(key, "updates")) {
      has_updates = true;
      read_levels(value, out, newest_ns);
    }
  }
  require(where != nullptr && has_updates, "l2_data");
  if (type != "snapshot" && type != "update")
    throw decode_error("type: neither snapshot nor update");
  append_book(of, where, type == "snapshot", newest_ns, first_level, out);
}

// {"side":"offer","event_time":"2026-08-09T21:05:48.264069Z","price_level":"65106.54",
//  "new_quantity":"0.15361938"}; side is bid or offer, quantity "0" deletes the price.
void message_reader::read_levels(json::value updates, event_batch& out, std::int64_t& newest_ns) {
  std::string_view last_time;
  for_each_object(updates, [&](json::object update) {
    std::string_view side;
    decimal price;
    decimal quantity;
    unsigned seen = 0;
    for (auto field : update) {
      const auto key = field.key().value();
      json::value value = field.value();
      if (json::key_is(key, "side")) {
        side = to_name(value, "side");
      } else if (json::key_is(key, "event_time")) {
        // Mostly the same text as in the level before.
        const auto time = json::token(value);
        if (time != last_time) newest_ns = std::max(newest_ns, time_of_update(time));
        last_time = time;
        seen |= 1;
      } else if (json::key_is(key, "price_level")) {
        price = json::to_decimal(to_name(value, "price_level"), "price_level");
        seen |= 2;
      } else if (json::key_is(key, "new_quantity")) {
        quantity = json::to_decimal(to_name(value, "new_quantity"), "new_quantity");
        seen |= 4;
      }
    }
    require(seen == 7, "l2_data update");
    if (side != "bid" && side != "offer") throw decode_error("side: neither bid nor offer");
    json::append_level(price, quantity, side == "bid" ? out.levels : asks_);
  });
}

// {"channel":"l2_data","timestamp":"2026-08-09T21:05:48.505350477Z","sequence_num":14,
//  "events":[{"type":"update","product_id":"BTC-USD","updates":[...]}]}
bool message_reader::read_plain_book(plain_reader& in, envelope& of, event_batch& out) {
  std::string_view type;
  std::string_view product;
  std::uint64_t sequence = 0;
  std::string_view last_time;
  std::int64_t newest_ns = 0;
  const auto first_level = out.levels.size();
  asks_.clear();
  const bool begins = in.take(R"({"channel":"l2_data","timestamp":")") && in.text(of.timestamp) &&
                      in.take(R"(,"sequence_num":)") && in.whole(sequence) &&
                      in.take(R"(,"events":[{"type":")") && in.text(type) &&
                      (type == "update" || type == "snapshot") && in.take(R"(,"product_id":")") &&
                      in.text(product) && in.take(R"(,"updates":[)");
  if (!begins) return false;
  do {
    if (!read_plain_level(in, last_time, newest_ns, out)) return false;
  } while (in.take(','));
  const auto* const where = table_.find(product);
  if (!in.take("]}]}") || !in.at_end() || where == nullptr || newest_ns <= 0) return false;
  of.channel = "l2_data";
  of.sequence = sequence;
  append_book(of, where, type == "snapshot", newest_ns, first_level, out);
  return true;
}

bool message_reader::read_plain_level(plain_reader& in, std::string_view& last_time,
                                      std::int64_t& newest_ns, event_batch& out) {
  if (!in.take(R"({"side":")")) return false;
  const bool bid = in.take(R"(bid","event_time":")");
  if (!bid && !in.take(R"(offer","event_time":")")) return false;
  // Mostly the same text as in the level before.
  if (last_time.empty() || !in.take(last_time)) {
    const char* const begin = in.position();
    std::int64_t time_ns = 0;
    if (!in.rfc3339(time_ns)) return false;
    newest_ns = std::max(newest_ns, time_ns);
    last_time = {begin, static_cast<std::size_t>(in.position() - begin)};
  }
  decimal price;
  decimal quantity;
  if (!in.take(R"(,"price_level":)") || !in.quoted(price)) return false;
  if (!in.take(R"(,"new_quantity":)") || !in.quoted(quantity) || !in.take('}')) return false;
  json::append_level(price, quantity, bid ? out.levels : asks_);
  return true;
}

// Key: the time of the newest update and a fingerprint of the levels, since sequence_num and
// timestamp are those of one connection.
void message_reader::append_book(const envelope& of, const listing* where, bool snapshot,
                                 std::int64_t newest_ns, std::size_t first_level,
                                 event_batch& out) {
  book_change change;
  change.snapshot = snapshot;
  change.first_level = static_cast<std::uint32_t>(first_level);
  change.bids = static_cast<std::uint32_t>(out.levels.size() - first_level);
  change.asks = static_cast<std::uint32_t>(asks_.size());
  out.levels.insert(out.levels.end(), asks_.begin(), asks_.end());
  if (!snapshot && change.bids + change.asks == 0) return;
  // An empty book has no update, and some snapshots say 1970.
  if (newest_ns <= 0) newest_ns = from_rfc3339(of.timestamp);
  auto& what = append_event(out, where, newest_ns, of.receive_ns);
  fingerprint content;
  content.add(std::int64_t{change.bids}).add(out.all(change));
  if (snapshot) what.key.append('s');
  what.key.append(time_key(newest_ns, content).view());
  what.body = change;
}

// {"type":"update","trades":[...]}, newest first; the snapshot holds the last trades before the
// subscription. They are given oldest first.
// https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels#market-trades-channel
void message_reader::read_trades(const envelope& of, json::object event, event_batch& out) {
  const auto first = static_cast<std::ptrdiff_t>(out.events.size());
  read_objects(of, field_of(event, "trades"), out,
               [&](json::object from) { read_trade(of, from, out); });
  std::reverse(out.events.begin() + first, out.events.end());
}

// {"product_id":"BTC-USD","trade_id":"1068572091","price":"65083.67","size":"0.01034361",
//  "time":"2026-08-09T21:05:48.167634Z","side":"SELL"}; side is that of the maker.
void message_reader::read_trade(const envelope& of, json::object from, event_batch& out) {
  const listing* where = nullptr;
  std::optional<std::uint64_t> id;
  std::int64_t time_ns = 0;
  std::string_view side;
  trade body;
  unsigned seen = 0;
  for (auto field : from) {
    const auto key = field.key().value();
    json::value value = field.value();
    if (json::key_is(key, "product_id")) {
      where = find_product(to_name(value, "product_id"));
    } else if (json::key_is(key, "trade_id")) {
      id = json::to_unsigned(value, "trade_id");
    } else if (json::key_is(key, "price")) {
      body.price = json::to_decimal(value, "price");
      seen |= 1;
    } else if (json::key_is(key, "size")) {
      body.quantity = json::to_decimal(value, "size");
      seen |= 2;
    } else if (json::key_is(key, "time")) {
      time_ns = from_rfc3339(to_name(value, "time"));
      seen |= 4;
    } else if (json::key_is(key, "side")) {
      side = to_name(value, "side");
    }
  }
  require(where != nullptr && id && seen == 7, "market_trades");
  if (side != "BUY" && side != "SELL") throw decode_error("side: neither BUY nor SELL");
  body.side = side == "SELL" ? trade_side::buy : trade_side::sell;
  auto& what = append_event(out, where, time_ns, of.receive_ns);
  what.key.append(*id);
  what.body = body;
}

// {"type":"ticker","product_id":"BTC-USD","price":"65086.18","volume_24_h":"2867.54532609",
//  "low_24_h":"64675.22","high_24_h":"65252.99","low_52_w":"57717.55","high_52_w":"126296",
//  "price_percent_chg_24_h":"0.09601107287722","best_bid":"65083.66","best_ask":"65083.67",
//  "best_bid_quantity":"0.20371215","best_ask_quantity":"0.24290402"}; the channel ticker_batch
// leaves out the best bid and ask, and a market in which nothing was traded has no price.
void message_reader::read_ticker(const envelope& of, json::object from, event_batch& out) {
  const listing* where = nullptr;
  ticker body;
  for (auto field : from) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    if (key == "product_id") {
      where = find_product(to_name(value, "product_id"));
    } else {
      set_ticker_field(key, value, body, *of.losses);
    }
  }
  require(where != nullptr, "ticker");
  check_rest_of(body, *of.losses);
  const auto time_ns = from_rfc3339(of.timestamp);
  fingerprint content;
  content.add(body.last_price).add(body.volume).add(body.low_price).add(body.high_price);
  content.add(body.bid_price).add(body.bid_quantity).add(body.ask_price).add(body.ask_quantity);
  auto& what = append_event(out, where, time_ns, of.receive_ns);
  what.key = time_key(time_ns, content);
  what.body = body;
}

// {"start":"1786309500","high":"65091","low":"65083.56","open":"65091","close":"65083.67",
//  "volume":"1.0555351","product_id":"BTC-USD"}; the snapshot holds past candles.
void message_reader::read_candle(const envelope& of, json::object from, event_batch& out) {
  const listing* where = nullptr;
  candle body;
  const auto into = [&](std::string_view key, unsigned& bit) -> decimal* {
    if (key == "open") return bit = 1, &body.open;
    if (key == "high") return bit = 2, &body.high;
    if (key == "low") return bit = 4, &body.low;
    if (key == "close") return bit = 8, &body.close;
    if (key == "volume") return bit = 16, &body.volume;
    return nullptr;
  };
  unsigned seen = 0;
  for (auto field : from) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    unsigned bit = 0;
    if (key == "product_id") {
      where = find_product(to_name(value, "product_id"));
    } else if (key == "start") {
      body.open_ns = from_s(json::to_int(value, "start"));
      seen |= 32;
    } else if (auto* const target = into(key, bit)) {
      *target = json::to_decimal(value, key);
      seen |= bit;
    }
  }
  require(where != nullptr && seen == 63, "candles");
  append_candle(of, where, body, out);
}

// Exchange time: the candle's begin, the only time that is its own. It is over when the venue's
// timestamp has passed its end. Key: interval, begin and a fingerprint of the values.
void message_reader::append_candle(const envelope& of, const listing* where, candle body,
                                   event_batch& out) {
  body.interval_ns = candle_interval_ns;
  body.closed = from_rfc3339(of.timestamp) - body.open_ns >= candle_interval_ns;
  fingerprint content;
  content.add(body.open).add(body.high).add(body.low).add(body.close).add(body.volume);
  content.add(std::int64_t{body.closed});
  auto& what = append_event(out, where, body.open_ns, of.receive_ns);
  what.key.append("5m-").append(body.open_ns).append('-').append(content.value());
  what.body = body;
}

// {"product_type":"SPOT","id":"BTC-USD","base_currency":"BTC","quote_currency":"USD",
//  "display_name":"BTC/USD","status":"online",...}
// https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels#status-channel
void message_reader::read_status_product(json::object from) {
  const auto id = to_name(field_of(from, "id"), "id");
  const auto type = to_name(field_of(from, "product_type"), "product_type");
  if (type == "SPOT") find_product(id);
}

}  // namespace feedtree::venues::coinbase
