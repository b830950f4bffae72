// Bybit, v5 public streams: spot, linear and inverse. Documentation:
// https://bybit-exchange.github.io/docs/v5/ws/connect. What is read and why is in
// docs/venues/bybit.md; the messages themselves are in bybit_messages.cpp, requests and their
// answers in bybit_subscriptions.cpp.
#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "adapters/venues/bybit_messages.hpp"
#include "adapters/venues/bybit_subscriptions.hpp"
#include "adapters/venues/bybit_symbols.hpp"
#include "adapters/venues/json.hpp"
#include "adapters/venues/symbol_pages.hpp"

namespace feedtree::venues {
namespace {

constexpr std::string_view venue_name = "bybit";
constexpr std::string_view websocket_url = "wss://stream.bybit.com/v5/public/";
constexpr std::string_view instruments_url = "https://api.bybit.com/v5/market/instruments-info";
constexpr std::array<std::string_view, 3> channels{"spot", "linear", "inverse"};

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;

class bybit_session final : public session {
 public:
  bybit_session(venue_symbols& symbols, std::string_view url)
      : session(venue_name),
        symbols_(symbols),
        channel_(bybit_channel_of_url(url)),
        table_(symbols.of(channel_)) {}

  std::vector<std::string> subscribe_frames(std::span<const stream> streams) override {
    return subscriptions_.subscribe(streams);
  }
  std::vector<std::string> unsubscribe_frames(std::span<const stream> streams) override {
    return subscriptions_.unsubscribe(streams);
  }
  std::vector<std::string> resync_frames(const stream& book) override {
    return subscriptions_.resync(book);
  }
  // "We recommend every 20 seconds": ws/connect, heartbeat.
  std::optional<keep_alive> keeps_alive() const override {
    return keep_alive{R"({"op":"ping"})", 20 * second_ns};
  }
  void on_connected() override;

 protected:
  void read_frame(const raw_frame& frame, event_batch& out, frame_report& report) override;
  void read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                 frame_report& report) override;

 private:
  void read_member(simdjson::ondemand::raw_json_string name, json::value value,
                   bybit::command_answer& answer, bool& data_waits, event_batch& out);
  bybit::topic* find_topic(std::string_view text);
  bybit::topic* make_topic(std::string_view text);
  const listing* find_listing(std::string_view symbol);

  void read_listing(json::object from, std::string_view category, frame_losses& losses);

  venue_symbols& symbols_;
  std::string_view channel_;
  symbol_table& table_;
  bybit::subscriptions subscriptions_{table_};
  json::parser parser_;
  bybit::message message_;
  bool topic_known_ = false;  // the frame has a topic, of a kind that we read or not
  bybit::topic_table topics_;
  std::unordered_map<const listing*, bybit::instrument_state> instruments_;
};

void bybit_session::on_connected() {
  for (auto& [text, topic] : topics_) topic.known = topic.told = {};
  instruments_.clear();
  for (auto& [text, topic] : topics_) topic.seen = &instruments_[topic.where];
}

// ---- frames ----

const listing* bybit_session::find_listing(std::string_view symbol) {
  if (const auto* const found = table_.find(symbol)) return found;
  const auto what = bybit_instrument(channel_, symbol);
  if (!what) throw decode_error("topic: unknown symbol: " + std::string(symbol.substr(0, 40)));
  const auto* const made = symbols_.registry().intern(venue_name, *what, symbol, channel_);
  table_.add(symbol, made);
  return made;
}

bybit::topic* bybit_session::find_topic(std::string_view text) {
  const auto found = topics_.find(text);
  return found != topics_.end() ? &found->second : make_topic(text);
}

// Null for topics of no interest.
bybit::topic* bybit_session::make_topic(std::string_view text) {
  bybit::topic made;
  const auto name = text.substr(0, text.find('.'));
  if (name.size() == text.size()) return nullptr;
  auto rest = text.substr(name.size() + 1);
  const auto dot = std::min(rest.find('.'), rest.size());
  const auto middle = rest.substr(0, dot);
  if (name == "orderbook") {
    const auto read = std::from_chars(middle.data(), middle.data() + middle.size(), made.depth);
    if (read.ptr != middle.data() + middle.size() || made.depth == 0) return nullptr;
    made.kind = bybit::topic_kind::book;
  } else if (name == "kline") {
    made.interval_ns = bybit::interval_of(middle);
    if (made.interval_ns == 0) return nullptr;
    made.kind = bybit::topic_kind::candles;
  } else if (name == "publicTrade") {
    made.kind = bybit::topic_kind::trades;
  } else if (name == "tickers") {
    made.kind = bybit::topic_kind::tickers;
  } else if (name == "allLiquidation" || name == "liquidation") {
    made.kind = bybit::topic_kind::liquidations;
  } else {
    return nullptr;
  }
  const bool has_middle = name == "orderbook" || name == "kline";
  made.where = find_listing(has_middle ? rest.substr(std::min(dot + 1, rest.size())) : rest);
  made.inverse = bybit_channel_of(made.where->details) == "inverse";
  made.seen = &instruments_[made.where];
  return &topics_.emplace(text, made).first->second;
}

// {"topic":"orderbook.200.BTCUSDT","type":"delta","ts":1786310818130,"data":{..},
//  "cts":1786310818129}, with the members in any order.
void bybit_session::read_member(simdjson::ondemand::raw_json_string name, json::value value,
                                bybit::command_answer& answer, bool& data_waits, event_batch& out) {
  if (json::key_is(name, "topic")) {
    topic_known_ = true;
    message_.about = find_topic(json::token(value));
  } else if (json::key_is(name, "type")) {
    const auto type = json::token(value);
    message_.has_type = true;
    message_.snapshot = type == "snapshot";
    if (topic_known_ && type != "snapshot" && type != "delta") throw decode_error("type: unknown");
  } else if (json::key_is(name, "ts")) {
    message_.ts_ms = json::to_int(value, "ts");
  } else if (json::key_is(name, "cts")) {
    message_.cts_ms = json::to_optional_int(value, "cts", *message_.losses).value_or(0);
  } else if (json::key_is(name, "cs")) {
    message_.cs = json::to_optional_unsigned(value, "cs", *message_.losses).value_or(0);
  } else if (json::key_is(name, "data")) {
    if (message_.about != nullptr) {
      bybit::read_data(value, message_, out);
    } else {
      data_waits = !topic_known_;
    }
  } else if (json::key_is(name, "success")) {
    answer.there = true;
    answer.success = json::token(value) == "true";
  } else if (json::key_is(name, "op")) {
    answer.there = true;
    answer.op = json::to_text(value, "op");
  } else if (json::key_is(name, "ret_msg")) {
    answer.message = json::to_text(value, "ret_msg");
  } else if (json::key_is(name, "req_id")) {
    answer.request_id = json::to_text(value, "req_id");
  }
}

void bybit_session::read_frame(const raw_frame& frame, event_batch& out, frame_report& report) {
  message_.reset(frame.receive_ns, report.losses);
  const auto read_all = [&](plain_reader& in) {
    return bybit::read_plain_frame(in, topics_, message_, out);
  };
  if (read_plain(frame, out, counters_, read_all)) {
    bybit::finish(message_, out);
    report.outcome = frame_outcome::decoded;
    return;
  }
  auto document = json::read(parser_, frame);
  json::object root = document.get_object();
  bybit::command_answer answer;
  bool data_waits = false;
  message_.reset(frame.receive_ns, report.losses);
  topic_known_ = false;
  for (auto member : root) {
    read_member(member.key().value(), member.value().value(), answer, data_waits, out);
  }
  json::check_end(document);
  if (message_.about == nullptr) {
    if (answer.there && !topic_known_) subscriptions_.take(answer, report);
    return;
  }
  if (data_waits) {
    root.reset();
    bybit::read_data(root.find_field_unordered("data").value(), message_, out);
  }
  bybit::finish(message_, out);
  report.outcome = frame_outcome::decoded;
}

// ---- instruments ----

// {"symbol":"BTCUSDT","contractType":"LinearPerpetual","status":"Trading","baseCoin":"BTC",
//  "quoteCoin":"USDT","deliveryTime":"0","settleCoin":"USDT",..}; spot has no contractType. The
// list has what trades and what is about to ("PendingOpen").
// https://bybit-exchange.github.io/docs/v5/market/instrument
void bybit_session::read_listing(json::object from, std::string_view category,
                                 frame_losses& losses) {
  bybit_listing_fields fields;
  std::string_view status;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "symbol")) {
      fields.symbol = json::to_text(value, "symbol");
    } else if (json::key_is(name, "contractType")) {
      fields.contract_type = json::to_optional_text(value, "contractType", losses);
    } else if (json::key_is(name, "status")) {
      status = json::to_optional_text(value, "status", losses);
    } else if (json::key_is(name, "baseCoin")) {
      fields.base = json::to_text(value, "baseCoin");
    } else if (json::key_is(name, "quoteCoin")) {
      fields.quote = json::to_text(value, "quoteCoin");
    } else if (json::key_is(name, "settleCoin")) {
      fields.settle = json::to_optional_text(value, "settleCoin", losses);
    } else if (json::key_is(name, "deliveryTime")) {
      fields.delivery_ms = json::to_optional_int(value, "deliveryTime", losses).value_or(0);
    }
  }
  const auto what = bybit_instrument(fields);
  if (!what || fields.symbol.empty()) return;
  if (status == "PendingOpen") {
    symbols_.set_not_trading(what->symbol(), status);
    return;
  }
  const auto* const made = symbols_.registry().intern(venue_name, *what, fields.symbol, category);
  symbols_.of(category).add(fields.symbol, made);
}

// {"retCode":0,"retMsg":"OK","result":{"category":"linear","list":[..],"nextPageCursor":""},..};
// spot has all on one page and no cursor.
void bybit_session::read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                              frame_report& report) {
  auto document = json::read(parser_, body);
  json::object root = document.get_object();
  json::value code = root.find_field_unordered("retCode").value();
  if (json::to_int(code, "retCode") != 0) {
    json::value reason = root.find_field_unordered("retMsg").value();
    throw decode_error("refused: " + std::string(json::to_text(reason, "retMsg")));
  }
  json::object result = root.find_field_unordered("result").get_object();
  json::value category_value = result.find_field_unordered("category").value();
  const auto category_text = json::to_text(category_value, "category");
  const auto category = std::find(channels.begin(), channels.end(), category_text);
  if (category == channels.end()) throw decode_error("category: not one that is read");
  for (auto element : result.find_field_unordered("list").get_array()) {
    json::value entry = element.value();
    json::read_entry(entry, out, report.losses,
                     [&] { read_listing(entry.get_object(), *category, report.losses); });
  }
  std::string_view cursor;
  if (result.find_field_unordered("nextPageCursor").get_string().get(cursor) == simdjson::SUCCESS &&
      !cursor.empty()) {
    report.next_page = with_cursor(url, cursor);
  }
  report.outcome = frame_outcome::decoded;
}

// ---- the venue ----

class bybit_venue final : public venue {
 public:
  std::string_view name() const override { return venue_name; }

  // https://bybit-exchange.github.io/docs/v5/ws/connect (500 connections in 5 minutes, 21,000
  // characters of args on a connection: 500 topics of at most 42, ten args in a spot request),
  // https://bybit-exchange.github.io/docs/v5/rate-limit (600 requests in 5 s).
  venue_limits limits() const override {
    venue_limits limits;
    limits.streams_per_connection = 500;
    limits.streams_per_request = 10;
    limits.connects = {500, 300 * second_ns};
    limits.rest = {600, 5 * second_ns};
    return limits;
  }

  std::vector<event_kind> kinds() const override {
    return {event_kind::trade,         event_kind::book,       event_kind::quote,
            event_kind::ticker,        event_kind::candle,     event_kind::funding,
            event_kind::open_interest, event_kind::liquidation};
  }

  bool offers(const instrument& what) const override { return !bybit_channel_of(what).empty(); }

  std::vector<rest_request> symbol_requests(const venue_addresses& at) const override {
    std::vector<rest_request> requests;
    for (const auto channel : channels) {
      auto url = std::string(instruments_url) + "?category=" + std::string(channel) + "&limit=1000";
      requests.push_back({rest_purpose::symbols, address_of(url, at.rest_url), nullptr, 1});
    }
    return requests;
  }

  std::vector<connection_plan> plan(std::span<const stream> streams,
                                    const venue_addresses& at) const override;
  std::string refuses(const stream& what) const override;

  std::unique_ptr<session> make_session(venue_symbols& symbols, std::string_view url,
                                        const venue_addresses&) const override {
    return std::make_unique<bybit_session>(symbols, url);
  }

  // Trades have no numbers that say that one is missing.
  std::int64_t volume_candles_ns() const override { return minute_ns; }

  // Each update's u is the one before plus one; a snapshot, also an unasked one, starts anew.
  guard_ptr make_guard(const stream&) const override { return make_contiguous_guard(); }
  // The venue deletes what falls out of the depth, so nothing is cut here.
  keeper_options book_options(const stream&) const override { return {}; }
};

// With the candles that show missing trades.
std::vector<stream> with_volume_candles(std::span<const stream> streams) {
  std::vector<stream> result(streams.begin(), streams.end());
  for (const auto& what : streams) {
    const stream candles{event_kind::candle, what.where, minute_ns, 0};
    if (what.kind != event_kind::trade) continue;
    if (std::find(result.begin(), result.end(), candles) == result.end()) result.push_back(candles);
  }
  return result;
}

std::vector<connection_plan> bybit_venue::plan(std::span<const stream> streams,
                                               const venue_addresses& at) const {
  const auto wanted = with_volume_candles(streams);
  std::vector<connection_plan> plans;
  for (const auto channel : channels) {
    std::vector<stream> of_channel;
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(of_channel), [&](const auto& s) {
      return refuses(s).empty() && bybit_channel_of(s.where->details) == channel;
    });
    const auto url = std::string(websocket_url) + std::string(channel);
    auto more = split_streams(of_channel, limits(), address_of(url, at.websocket_url));
    std::move(more.begin(), more.end(), std::back_inserter(plans));
  }
  return plans;
}

std::string bybit_venue::refuses(const stream& what) const {
  auto reason = venue::refuses(what);
  if (!reason.empty() || what.where == nullptr) return reason;
  const auto channel = bybit_channel_of(what.where->details);
  if (channel.empty()) return "bybit: options are not read";
  const bool derivative_only = what.kind == event_kind::funding ||
                               what.kind == event_kind::open_interest ||
                               what.kind == event_kind::liquidation;
  if (derivative_only && channel == "spot") {
    return "bybit spot has no " + std::string(to_string(what.kind));
  }
  if (what.kind == event_kind::funding && what.where->details.type != market_type::perpetual) {
    return "bybit has funding for perpetuals only";
  }
  if (what.kind == event_kind::candle && bybit::interval_code(what.interval_ns).empty()) {
    return "bybit has no candles of " + interval_text(what.interval_ns);
  }
  if (what.kind == event_kind::book && !bybit::is_book_depth(what.depth)) {
    return "bybit has books of depth 1, 50, 200 and 1000, not " + std::to_string(what.depth);
  }
  return {};
}

const venue_registration<bybit_venue> registered;

}  // namespace
}  // namespace feedtree::venues
