// OKX, v5 public channels. Documentation: https://www.okx.com/docs-v5/en/#overview-websocket. What
// is read and why is in docs/venues/okx.md; the messages themselves are in okx_messages.cpp,
// requests and their answers in okx_subscriptions.cpp, the rule of continuity in okx_guard.cpp.
#include <algorithm>
#include <array>
#include <memory>

#include "adapters/venues/json.hpp"
#include "adapters/venues/okx_guard.hpp"
#include "adapters/venues/okx_messages.hpp"
#include "adapters/venues/okx_subscriptions.hpp"
#include "adapters/venues/okx_symbols.hpp"

namespace feedtree::venues {
namespace {

constexpr std::string_view venue_name = "okx";
constexpr std::string_view public_url = "wss://ws.okx.com/ws/v5/public";
// Candles are on an endpoint of their own.
constexpr std::string_view business_url = "wss://ws.okx.com/ws/v5/business";
constexpr std::string_view instruments_url = "https://www.okx.com/api/v5/public/instruments";

constexpr std::int64_t second_ns = 1'000'000'000;
class okx_session final : public session {
 public:
  explicit okx_session(venue_symbols& symbols)
      : session(venue_name),
        symbols_(symbols),
        table_(symbols.of("")),
        find_([this](std::string_view inst_id) { return find_listing(inst_id); }) {}

  std::vector<std::string> subscribe_frames(std::span<const stream> streams) override {
    return subscriptions_.subscribe(streams);
  }
  std::vector<std::string> unsubscribe_frames(std::span<const stream> streams) override {
    return subscriptions_.unsubscribe(streams);
  }
  std::vector<std::string> resync_frames(const stream& book) override {
    return subscriptions_.resync(book);
  }
  // The venue closes a connection that carried nothing for 30 s; it answers "pong".
  std::optional<keep_alive> keeps_alive() const override {
    return keep_alive{"ping", 20 * second_ns};
  }
  void on_connected() override {
    subscriptions_.on_connected();
    trade_watch_.on_connected();
  }

 protected:
  void read_frame(const raw_frame& frame, event_batch& out, frame_report& report) override;
  void read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                 frame_report& report) override;

 private:
  struct frame_fields {
    std::optional<json::object> arg;
    bool has_arg = false;
    bool has_action = false;
    bool data_waits = false;
    bool has_data = false;
    okx::answer_fields answer;
  };

  const listing* find_listing(std::string_view inst_id);
  const okx::channel* find_channel(json::object arg);
  const okx::channel* make_channel(const okx::arg_fields& arg, std::string_view text);
  static okx::arg_fields read_arg(json::object arg);
  void read_member(simdjson::ondemand::raw_json_string name, json::value value, frame_fields& frame,
                   event_batch& out);
  bool may_read_data(const frame_fields& frame) const;

  void read_listing(json::object from, frame_losses& losses);

  venue_symbols& symbols_;
  symbol_table& table_;
  okx::find_listing find_;
  okx::subscriptions subscriptions_{table_};
  json::parser parser_;
  okx::context context_;
  kraken_family::trade_watch trade_watch_;
  okx::channel_table channels_;
};

// ---- frames ----

const listing* okx_session::find_listing(std::string_view inst_id) {
  if (const auto* const found = table_.find(inst_id)) return found;
  const auto what = okx_instrument(inst_id);
  if (!what) throw decode_error("instId: unknown: " + std::string(inst_id.substr(0, 40)));
  const auto* const made = symbols_.registry().intern(venue_name, *what, inst_id);
  table_.add(inst_id, made);
  return made;
}

okx::arg_fields okx_session::read_arg(json::object arg) {
  okx::arg_fields fields;
  for (auto field : arg) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "channel")) {
      fields.channel = json::to_text(value, "channel");
    } else if (json::key_is(name, "instId")) {
      fields.inst_id = json::to_text(value, "instId");
    } else if (json::key_is(name, "instType")) {
      fields.inst_type = json::to_text(value, "instType");
    }
  }
  return fields;
}

const okx::channel* okx_session::find_channel(json::object arg) {
  const std::string_view text = arg.raw_json();
  const auto found = channels_.find(text);
  if (found != channels_.end()) return found->second ? &*found->second : nullptr;
  arg.reset();
  return make_channel(read_arg(arg), text);
}

const okx::channel* okx_session::make_channel(const okx::arg_fields& arg, std::string_view text) {
  using okx::channel_kind;
  struct named_kind {
    std::string_view name;
    channel_kind kind;
  };
  // The last two need a login and are not asked for; captures may have them.
  static constexpr std::array<named_kind, 10> kinds{{
      {"trades", channel_kind::trades},
      {"books", channel_kind::book},
      {"books5", channel_kind::book_top5},
      {"bbo-tbt", channel_kind::best},
      {"tickers", channel_kind::tickers},
      {"funding-rate", channel_kind::funding},
      {"open-interest", channel_kind::open_interest},
      {"liquidation-orders", channel_kind::liquidations},
      {"books-l2-tbt", channel_kind::book},
      {"books50-l2-tbt", channel_kind::book},
  }};
  std::optional<okx::channel> made;
  const auto at = std::find_if(kinds.begin(), kinds.end(),
                               [&](const auto& entry) { return entry.name == arg.channel; });
  if (at != kinds.end()) made = {at->kind, nullptr, 0};
  if (const auto interval_ns = okx::candle_interval(arg.channel)) {
    made = {channel_kind::candles, nullptr, interval_ns};
  }
  if (made && made->kind != channel_kind::liquidations) made->where = find_listing(arg.inst_id);
  const auto& kept = channels_.emplace(text, made).first->second;
  return kept ? &*kept : nullptr;
}

// What a book's data means depends on the action, all data on the arg.
bool okx_session::may_read_data(const frame_fields& frame) const {
  if (context_.from == nullptr) return false;
  return frame.has_action || context_.from->kind != okx::channel_kind::book;
}

// {"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[..]}, in any order.
void okx_session::read_member(simdjson::ondemand::raw_json_string name, json::value value,
                              frame_fields& frame, event_batch& out) {
  if (json::key_is(name, "arg")) {
    frame.has_arg = true;
    frame.arg = value.get_object().value();
    if (frame.answer.event.empty()) {
      context_.from = find_channel(*frame.arg);
    }
  } else if (json::key_is(name, "action")) {
    const auto action = json::token(value);
    if (action != "snapshot" && action != "update") throw decode_error("action: unknown");
    frame.has_action = true;
    context_.snapshot = action == "snapshot";
  } else if (json::key_is(name, "data")) {
    if (frame.has_data) throw decode_error("data: twice");
    frame.has_data = true;
    frame.data_waits = !may_read_data(frame);
    if (!frame.data_waits) okx::read_data(value, context_, find_, out);
  } else if (json::key_is(name, "event")) {
    frame.answer.event = json::to_text(value, "event");
  } else if (json::key_is(name, "code")) {
    frame.answer.code = json::token(value);
  } else if (json::key_is(name, "msg")) {
    frame.answer.message = json::to_text(value, "msg");
  }
}

void okx_session::read_frame(const raw_frame& frame, event_batch& out, frame_report& report) {
  if (frame.text == "pong") return;
  context_.receive_ns = frame.receive_ns;
  context_.losses = &report.losses;
  context_.trades.clear();
  const auto read_all = [&](plain_reader& in) {
    return okx::read_plain_frame(in, channels_, context_, out);
  };
  if (read_plain(frame, out, counters_, read_all)) {
    trade_watch_.judge(context_.trades, false, frame, counters_, out);
    report.outcome = frame_outcome::decoded;
    return;
  }
  context_.trades.clear();
  auto document = json::read(parser_, frame);
  json::object root = document.get_object();
  context_.from = nullptr;
  context_.snapshot = false;
  frame_fields fields;
  for (auto member : root) {
    read_member(member.key().value(), member.value().value(), fields, out);
  }
  json::check_end(document);
  if (!fields.answer.event.empty()) {
    if (fields.has_arg) {
      root.reset();
      fields.answer.arg = read_arg(root.find_field_unordered("arg").get_object());
    }
    subscriptions_.take(fields.answer, report);
    return;
  }
  if (context_.from == nullptr) return;
  if (!fields.has_data) throw decode_error("data: missing");
  if (fields.data_waits) {
    if (!may_read_data(fields)) throw decode_error("action: missing");
    root.reset();
    okx::read_data(root.find_field_unordered("data").value(), context_, find_, out);
  }
  trade_watch_.judge(context_.trades, false, frame, counters_, out);
  report.outcome = frame_outcome::decoded;
}

// ---- instruments ----

// "state" of what will trade, or may again; others are "live", "rebase", "settling".
static bool does_not_trade(std::string_view state) {
  return state == "preopen" || state == "suspend" || state == "test";
}

// {"instType":"SWAP","instId":"BTC-USD-SWAP","ctType":"inverse","settleCcy":"BTC","state":"live",..}
// https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments
void okx_session::read_listing(json::object from, frame_losses& losses) {
  std::string_view inst_id;
  std::string_view settle;
  std::string_view state;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "instId")) {
      inst_id = json::to_text(value, "instId");
    } else if (json::key_is(name, "settleCcy")) {
      settle = json::to_optional_text(value, "settleCcy", losses);
    } else if (json::key_is(name, "state")) {
      state = json::token(value);
    }
  }
  const auto what = okx_instrument(inst_id, settle);
  if (!what) return;
  if (does_not_trade(state)) {
    symbols_.set_not_trading(what->symbol(), state);
    return;
  }
  table_.add(inst_id, symbols_.registry().intern(venue_name, *what, inst_id));
}

// {"code":"0","data":[..],"msg":""}
void okx_session::read_rest(std::string_view, const raw_frame& body, event_batch& out,
                            frame_report& report) {
  auto document = json::read(parser_, body);
  json::object root = document.get_object();
  json::value code = root.find_field_unordered("code").value();
  if (json::token(code) != "0") {
    json::value reason = root.find_field_unordered("msg").value();
    throw decode_error("refused: " + std::string(json::to_text(reason, "msg")));
  }
  for (auto element : root.find_field_unordered("data").get_array()) {
    json::value entry = element.value();
    json::read_entry(entry, out, report.losses,
                     [&] { read_listing(entry.get_object(), report.losses); });
  }
  report.outcome = frame_outcome::decoded;
}

// ---- the venue ----

class okx_venue final : public venue {
 public:
  std::string_view name() const override { return venue_name; }

  // https://www.okx.com/docs-v5/en/#overview-websocket-connect: 3 connections a second, 480
  // requests to subscribe or unsubscribe an hour. Instruments by REST: 20 in two seconds.
  venue_limits limits() const override {
    venue_limits limits;
    limits.streams_per_request = 100;
    limits.connects = {3, second_ns};
    limits.messages = {480, 3600 * second_ns};
    limits.rest = {20, 2 * second_ns};
    limits.announces_close = true;
    return limits;
  }

  std::vector<event_kind> kinds() const override {
    return {event_kind::trade,         event_kind::book,       event_kind::quote,
            event_kind::ticker,        event_kind::candle,     event_kind::funding,
            event_kind::open_interest, event_kind::liquidation};
  }

  // Options are listed by family only.
  std::vector<rest_request> symbol_requests(const venue_addresses& at) const override {
    static constexpr std::array<std::string_view, 5> queries{
        "instType=SPOT", "instType=SWAP", "instType=FUTURES", "instType=OPTION&instFamily=BTC-USD",
        "instType=OPTION&instFamily=ETH-USD"};
    std::vector<rest_request> requests;
    for (const auto query : queries) {
      const auto url = std::string(instruments_url) + "?" + std::string(query);
      requests.push_back({rest_purpose::symbols, address_of(url, at.rest_url), nullptr, 1});
    }
    return requests;
  }

  std::vector<connection_plan> plan(std::span<const stream> streams,
                                    const venue_addresses& at) const override;
  std::string refuses(const stream& what) const override;

  std::unique_ptr<session> make_session(venue_symbols& symbols, std::string_view,
                                        const venue_addresses&) const override {
    return std::make_unique<okx_session>(symbols);
  }

  guard_ptr make_guard(const stream&) const override { return make_okx_guard(); }
  // The venue deletes what falls out of the 400 levels, so nothing is cut here.
  keeper_options book_options(const stream&) const override { return {}; }
};

std::vector<connection_plan> okx_venue::plan(std::span<const stream> streams,
                                             const venue_addresses& at) const {
  std::vector<connection_plan> plans;
  for (const auto url : {public_url, business_url}) {
    std::vector<stream> of_url;
    std::copy_if(streams.begin(), streams.end(), std::back_inserter(of_url), [&](const auto& s) {
      return refuses(s).empty() && (s.kind == event_kind::candle) == (url == business_url);
    });
    auto more = split_streams(of_url, limits(), address_of(url, at.websocket_url));
    std::move(more.begin(), more.end(), std::back_inserter(plans));
  }
  return plans;
}

std::string okx_venue::refuses(const stream& what) const {
  auto reason = venue::refuses(what);
  if (!reason.empty() || what.where == nullptr) return reason;
  const auto type = what.where->details.type;
  if (what.kind == event_kind::funding && type != market_type::perpetual) {
    return "okx has funding for perpetuals only";
  }
  const bool derivative_only =
      what.kind == event_kind::open_interest || what.kind == event_kind::liquidation;
  if (derivative_only && type == market_type::spot) {
    return "okx spot has no " + std::string(to_string(what.kind));
  }
  if (what.kind == event_kind::candle && okx::candle_channel(what.interval_ns).empty()) {
    return "okx has no candles of " + interval_text(what.interval_ns);
  }
  if (what.kind == event_kind::book && !okx::is_book_depth(what.depth)) {
    return "okx has books of depth 5 and 400, not " + std::to_string(what.depth);
  }
  return {};
}

const venue_registration<okx_venue> registered;

}  // namespace
}  // namespace feedtree::venues
