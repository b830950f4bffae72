// Coinbase Advanced Trade: spot market data over one WebSocket address.
//
// https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-overview
// https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels
#include <algorithm>
#include <optional>

#include "adapters/venues/coinbase_messages.hpp"
#include "adapters/venues/coinbase_requests.hpp"
#include "adapters/venues/json.hpp"
#include "adapters/venues/symbol_pages.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::venues {
namespace {

using coinbase::candle_interval_ns;
using coinbase::envelope;
using coinbase::field_of;
using coinbase::require;
using coinbase::to_name;
using coinbase::venue_name;

constexpr std::string_view websocket_url = "wss://advanced-trade-ws.coinbase.com";
constexpr std::string_view products_url =
    "https://api.coinbase.com/api/v3/brokerage/market/products";
constexpr std::string_view products_path = "/brokerage/market/products";

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::uint64_t trades_per_request = 1000;
// The time of a request is in whole seconds: so many trades beside those wanted are asked for.
constexpr std::uint64_t trades_beside = 500;

// So many dropped frames in a row are no repetition: the venue counts again.
constexpr int dropped_in_a_row_max = 20;

class coinbase_session final : public session {
 public:
  coinbase_session(venue_symbols& symbols, const venue_addresses& at)
      : session(venue_name), messages_(symbols), at_(at) {}

  std::vector<std::string> subscribe_frames(std::span<const stream> streams) override {
    return requests_.subscribe(streams);
  }
  std::vector<std::string> unsubscribe_frames(std::span<const stream> streams) override {
    return requests_.unsubscribe(streams);
  }
  std::optional<rest_request> trades_request(const missing_trades& what) const override;
  void on_connected() override;

 protected:
  void read_frame(const raw_frame& frame, event_batch& out, frame_report& report) override;
  void read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                 frame_report& report) override;

 private:
  bool is_next(const envelope& of, frame_report& report);
  bool is_repetition(const envelope& of, std::uint64_t expected, frame_report& report);
  bool read_plain_book(const raw_frame& frame, event_batch& out, frame_report& report);
  void read_message(const envelope& of, json::value events, event_batch& out, frame_report& report);
  void read_late_events(json::document& document, const envelope& of, event_batch& out,
                        frame_report& report);
  void dispatch(const envelope& of, json::object event, event_batch& out, frame_report& report);
  void read_subscriptions(json::object event, frame_report& report);
  void read_error(const envelope& of, frame_report& report);
  void read_product(json::object from);

  coinbase::message_reader messages_;
  venue_addresses at_;
  json::parser parser_;
  std::optional<std::uint64_t> next_sequence_;
  std::int64_t newest_ns_ = 0;  // the latest time of a frame of this connection
  int dropped_in_a_row_ = 0;
  coinbase::request_ledger requests_;
};

// 0: it cannot be read.
std::int64_t time_of(const envelope& of) {
  if (of.timestamp.empty()) return 0;
  try {
    return from_rfc3339(of.timestamp);
  } catch (const decode_error&) {
    return 0;
  }
}

void coinbase_session::on_connected() {
  next_sequence_.reset();
  newest_ns_ = 0;
  dropped_in_a_row_ = 0;
  requests_.clear();
}

// ---- frames ----

// sequence_num counts every frame of the connection from 0, acknowledgements and heartbeats too.
// False if the frame repeats an older one.
bool coinbase_session::is_next(const envelope& of, frame_report& report) {
  const auto sequence = *of.sequence;
  const auto expected = next_sequence_.value_or(0);
  if (sequence < expected && is_repetition(of, expected, report)) return false;
  dropped_in_a_row_ = 0;
  newest_ns_ = std::max(newest_ns_, time_of(of));
  if (sequence > expected) {
    ++counters_.sequence_gaps;
    report.connection_gap = "frames " + std::to_string(expected) + " to " +
                            std::to_string(sequence - 1) + " of the connection are missing";
  } else if (next_sequence_ && sequence == expected) {
    ++counters_.sequence_ok;
  }
  next_sequence_ = sequence + 1;
  return true;
}

// A repeated frame has the time of the first one: a lower number with a later time means that the
// venue counts again, and what it sent until then is not known.
bool coinbase_session::is_repetition(const envelope& of, std::uint64_t expected,
                                     frame_report& report) {
  if (newest_ns_ != 0 && time_of(of) > newest_ns_) {
    ++counters_.sequence_gaps;
    ++counters_.numbers_back;
    report.connection_gap = "the numbers of the connection went back from " +
                            std::to_string(expected - 1) + " to " + std::to_string(*of.sequence);
    return false;
  }
  ++counters_.duplicates;
  report.reconnect = ++dropped_in_a_row_ >= dropped_in_a_row_max;
  return true;
}

// Nearly all of the traffic is book messages: those are read without a tokenizer.
bool coinbase_session::read_plain_book(const raw_frame& frame, event_batch& out,
                                       frame_report& report) {
  envelope of;
  of.receive_ns = frame.receive_ns;
  const auto events = out.events.size();
  const auto levels = out.levels.size();
  const auto read_all = [&](plain_reader& in) { return messages_.read_plain_book(in, of, out); };
  if (!read_plain(frame, out, counters_, read_all)) return false;
  if (is_next(of, report)) {
    report.outcome = frame_outcome::decoded;
  } else {
    out.events.resize(events);
    out.levels.resize(levels);
  }
  return true;
}

void coinbase_session::read_frame(const raw_frame& frame, event_batch& out, frame_report& report) {
  if (read_plain_book(frame, out, report)) return;
  auto document = json::read(parser_, frame);
  envelope of;
  of.receive_ns = frame.receive_ns;
  of.losses = &report.losses;
  bool late = false;
  bool has_events = false;
  for (auto field : document.get_object()) {
    const auto key = field.key().value();
    json::value value = field.value();
    if (json::key_is(key, "channel")) {
      of.channel = to_name(value, "channel");
    } else if (json::key_is(key, "timestamp")) {
      of.timestamp = to_name(value, "timestamp");
    } else if (json::key_is(key, "sequence_num")) {
      of.sequence = json::to_unsigned(value, "sequence_num");
    } else if (json::key_is(key, "type")) {
      of.type = to_name(value, "type");
    } else if (json::key_is(key, "message")) {
      of.message = to_name(value, "message");
    } else if (json::key_is(key, "events")) {
      if (std::exchange(has_events, true)) throw decode_error("events: twice");
      late = of.channel.empty() || of.timestamp.empty() || !of.sequence;
      if (!late) read_message(of, value, out, report);
    }
  }
  json::check_end(document);
  if (of.type == "error") return read_error(of, report);
  require(has_events && of.sequence && !of.channel.empty(), "frame");
  if (late) read_late_events(document, of, out, report);
}

// The events stood before what says what they are.
void coinbase_session::read_late_events(json::document& document, const envelope& of,
                                        event_batch& out, frame_report& report) {
  document.rewind();
  json::value events = document.get_object().find_field_unordered("events");
  read_message(of, events, out, report);
}

void coinbase_session::read_message(const envelope& of, json::value events, event_batch& out,
                                    frame_report& report) {
  if (!is_next(of, report)) return;
  const auto lost_book = [&] {
    // The number is used up, so no hole will tell that the book lacks this update.
    if (of.channel == "l2_data") report.connection_gap = "an order book frame could not be read";
  };
  try {
    coinbase::read_objects(of, events, out,
                           [&](json::object event) { dispatch(of, event, out, report); });
  } catch (...) {
    lost_book();
    throw;
  }
  if (!report.losses.entries.empty()) lost_book();
}

void coinbase_session::dispatch(const envelope& of, json::object event, event_batch& out,
                                frame_report& report) {
  if (of.channel == "subscriptions") {
    read_subscriptions(event, report);
  } else if (!messages_.read(of, event, out)) {
    return;
  }
  report.outcome = frame_outcome::decoded;
}

// {"subscriptions":{"level2":["BTC-USD","ETH-USD"],"heartbeats":["heartbeats"]}}: all that this
// connection is subscribed to.
void coinbase_session::read_subscriptions(json::object event, frame_report& report) {
  std::vector<coinbase::channel_product> listed;
  json::object by_channel = field_of(event, "subscriptions").get_object();
  for (auto field : by_channel) {
    const std::string_view channel = field.unescaped_key();
    json::value products = field.value();
    if (json::token(products) == "null") continue;
    for (auto product : products.get_array()) {
      json::value name = product.value();
      listed.emplace_back(channel, to_name(name, "subscriptions"));
    }
  }
  requests_.acknowledge(listed, messages_.table(), report.subscriptions);
}

// {"type":"error","message":"..."}, without a number.
void coinbase_session::read_error(const envelope& of, frame_report& report) {
  report.outcome = frame_outcome::decoded;
  report.error = of.message.empty() ? "error without a message" : std::string(of.message);
  requests_.refuse(report.error, messages_.table(), report.subscriptions);
}

// ---- REST ----

// GET /market/products/BTC-USD/ticker?limit=100&start=1786309500&end=1786309502: the last trades
// between these seconds, newest first, as in the channel market_trades, with the best bid and ask.
// https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/get-public-market-trades
std::optional<rest_request> coinbase_session::trades_request(const missing_trades& what) const {
  const auto wanted = what.numbers.last - what.numbers.first + 1;
  auto url = std::string(products_url) + "/" + what.where->venue_symbol + "/ticker?limit=";
  url += std::to_string(std::min(wanted + trades_beside, trades_per_request));
  url += "&start=" + std::to_string(what.before_ns / second_ns);
  url += "&end=" + std::to_string(what.after_ns / second_ns + 1);
  return rest_request{rest_purpose::trades, address_of(url, at_.rest_url), what.where, 1};
}

// "pagination":{"prev_cursor":"","next_cursor":"","has_next":false,"has_prev":false}; without it,
// or without a cursor, this was the last page.
static std::string next_page_of(std::string_view url, json::object& root) {
  json::object pages;
  std::string_view cursor;
  if (root.find_field_unordered("pagination").get_object().get(pages) != simdjson::SUCCESS) {
    return {};
  }
  if (pages.find_field_unordered("next_cursor").get_string().get(cursor) != simdjson::SUCCESS) {
    return {};
  }
  return cursor.empty() ? std::string() : with_cursor(url, cursor);
}

// {"products":[{"product_id":"BTC-USD",...,"status":"online",...,"product_type":"SPOT",
//  "quote_currency_id":"USD","base_currency_id":"BTC",...,"alias":"",...}],...}
// https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/list-public-products
void coinbase_session::read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                                 frame_report& report) {
  if (url.find(products_path) == std::string_view::npos) {
    throw decode_error("not an answer that was asked for: " + std::string(url.substr(0, 80)));
  }
  auto document = json::read(parser_, body);
  json::object root = document.get_object();
  envelope of;
  of.receive_ns = body.receive_ns;
  of.losses = &report.losses;
  report.outcome = frame_outcome::decoded;
  if (url.find("/ticker?") != std::string_view::npos) return messages_.read_trades(of, root, out);
  coinbase::read_objects(of, field_of(root, "products"), out,
                         [&](json::object from) { read_product(from); });
  report.next_page = next_page_of(url, root);
}

// A product with an alias (BTC-USDC) has no market data of its own: the channels give it under the
// alias (BTC-USD). A delisted one has none at all.
void coinbase_session::read_product(json::object from) {
  std::string_view id;
  std::string_view status;
  std::string_view type;
  std::string_view base;
  std::string_view quote;
  std::string_view alias;
  for (auto field : from) {
    const auto key = field.key().value();
    json::value value = field.value();
    if (json::key_is(key, "product_id")) id = to_name(value, "product_id");
    if (json::key_is(key, "status")) status = to_name(value, "status");
    if (json::key_is(key, "product_type")) type = to_name(value, "product_type");
    if (json::key_is(key, "base_currency_id")) base = to_name(value, "base_currency_id");
    if (json::key_is(key, "quote_currency_id")) quote = to_name(value, "quote_currency_id");
    if (json::key_is(key, "alias")) alias = to_name(value, "alias");
  }
  if (type != "SPOT" || !alias.empty()) return;
  const auto text = std::string(base) + "-" + std::string(quote);
  if (status == "delisted") {
    messages_.symbols().set_not_trading(text, status);
    return;
  }
  require(!id.empty() && !base.empty() && !quote.empty(), "products");
  // An asset that no instrument can be named after stays out of the table.
  if (parse_instrument(text)) messages_.add_product(id, base, quote);
}

// ---- the venue ----

class coinbase_venue final : public venue {
 public:
  std::string_view name() const override { return venue_name; }

  // https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-rate-limits
  // 8 connections and 8 messages a second for each address. A connection asks for at most five
  // channels, so with one new connection a second the messages stay below that. One instrument a
  // connection is our choice: a hole in sequence_num cannot be attributed, so it hurts one book.
  venue_limits limits() const override {
    venue_limits result;
    result.instruments_per_connection = 1;
    result.heartbeat_ns = 1'000'000'000;
    result.connects = {1, 1'000'000'000};
    result.messages = {8, 1'000'000'000};
    result.subscribes = {8, 1'000'000'000};
    result.rest = {10, 1'000'000'000};
    return result;
  }

  std::vector<event_kind> kinds() const override {
    return {event_kind::trade, event_kind::book, event_kind::ticker, event_kind::candle};
  }

  bool offers(const instrument& what) const override { return what.type == market_type::spot; }

  std::vector<rest_request> symbol_requests(const venue_addresses& at) const override {
    return {{rest_purpose::symbols, address_of(products_url, at.rest_url), nullptr, 1}};
  }

  std::string refuses(const stream& what) const override {
    auto reason = venue::refuses(what);
    if (!reason.empty()) return reason;
    if (what.kind == event_kind::candle && what.interval_ns != candle_interval_ns) {
      return "coinbase has candles of 5m only";
    }
    if (what.where != nullptr && what.where->details.type != market_type::spot) {
      return "coinbase is read for spot only";
    }
    return {};
  }

  std::vector<connection_plan> plan(std::span<const stream> streams,
                                    const venue_addresses& at) const override {
    std::vector<stream> given;
    std::copy_if(streams.begin(), streams.end(), std::back_inserter(given),
                 [this](const stream& what) { return refuses(what).empty(); });
    return split_streams(given, limits(), address_of(websocket_url, at.websocket_url));
  }

  std::unique_ptr<session> make_session(venue_symbols& symbols, std::string_view,
                                        const venue_addresses& at) const override {
    return std::make_unique<coinbase_session>(symbols, at);
  }

  bool numbers_trades() const override { return true; }
  // The proof is the number of the connection's frames: see coinbase_session::is_next.
  guard_ptr make_guard(const stream&) const override { return make_unchecked_guard(); }
  // The channel gives the whole book.
  keeper_options book_options(const stream&) const override { return {}; }
};

const venue_registration<coinbase_venue> registered;

}  // namespace
}  // namespace feedtree::venues
