// OKX, v5 public channels. Documentation: https://www.okx.com/docs-v5/en/#overview-websocket. What
// is read and why is in docs/venues/okx.md; the messages themselves are in okx_messages.cpp, the
// rule of continuity in okx_guard.cpp.
#include <algorithm>
#include <array>
#include <memory>

#include "adapters/venues/json.hpp"
#include "adapters/venues/okx_guard.hpp"
#include "adapters/venues/okx_messages.hpp"
#include "adapters/venues/okx_symbols.hpp"

namespace feedtree::venues {
namespace {

constexpr std::string_view venue_name = "okx";
constexpr std::string_view public_url = "wss://ws.okx.com:8443/ws/v5/public";
// Candles are on an endpoint of their own.
constexpr std::string_view business_url = "wss://ws.okx.com:8443/ws/v5/business";
constexpr std::string_view instruments_url = "https://www.okx.com/api/v5/public/instruments";

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::size_t top5_depth = 5;

bool is_known_depth(std::size_t depth) {
  return depth == 0 || depth == okx_book_depth || depth == top5_depth;
}

std::string_view channel_of(const stream& what) {
  switch (what.kind) {
    case event_kind::trade:
      return "trades";
    case event_kind::book:
      return what.depth == top5_depth ? "books5" : "books";
    case event_kind::quote:
      return "bbo-tbt";
    case event_kind::ticker:
      return "tickers";
    case event_kind::candle:
      return okx::candle_channel(what.interval_ns);
    case event_kind::funding:
      return "funding-rate";
    case event_kind::open_interest:
      return "open-interest";
    case event_kind::liquidation:
      return "liquidation-orders";
    default:
      return {};
  }
}

// {"channel":"books","instId":"BTC-USDT"}: how a subscription is named in requests and answers.
std::string arg_text(std::string_view channel, std::string_view of, std::string_view name) {
  std::string text = R"({"channel":")";
  text.append(channel).append(R"(",")").append(of).append(R"(":")").append(name).append("\"}");
  return text;
}

// Liquidations are subscribed to by type of instrument, all else by instrument.
std::string arg_of(const stream& what) {
  const auto channel = channel_of(what);
  if (what.kind == event_kind::liquidation) {
    return arg_text(channel, "instType", okx_type_of(what.where->details));
  }
  return arg_text(channel, "instId", what.where->venue_symbol);
}

std::string_view between(std::string_view text, std::string_view begin, std::string_view ends) {
  const auto at = text.find(begin);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + begin.size());
  return text.substr(0, text.find_first_of(ends));
}

class okx_session final : public session {
 public:
  explicit okx_session(venue_symbols& symbols)
      : session(venue_name),
        symbols_(symbols),
        table_(symbols.of("")),
        find_([this](std::string_view inst_id) { return find_listing(inst_id); }) {}

  std::vector<std::string> subscribe_frames(std::span<const stream> streams) override;
  std::vector<std::string> unsubscribe_frames(std::span<const stream> streams) override;
  std::vector<std::string> resync_frames(const stream& book) override;
  // The venue closes a connection that carried nothing for 30 s; it answers "pong".
  std::optional<keep_alive> keeps_alive() const override {
    return keep_alive{"ping", 20 * second_ns};
  }
  void on_connected() override { unanswered_.clear(); }

 protected:
  void read_frame(const raw_frame& frame, event_batch& out, frame_report& report) override;
  void read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                 frame_report& report) override;

 private:
  // An `arg`, or the members of an answer, as they are read.
  struct arg_fields {
    std::string_view channel;
    std::string_view inst_id;
    std::string_view inst_type;
  };
  struct answer_fields {
    std::string_view event;
    std::string_view code;
    std::string_view message;
    arg_fields arg;
  };
  struct frame_fields {
    std::optional<json::object> arg;
    bool has_arg = false;
    bool has_action = false;
    bool data_waits = false;
    bool has_data = false;
    answer_fields answer;
  };

  const listing* find_listing(std::string_view inst_id);
  const okx::channel* find_channel(json::object arg);
  const okx::channel* make_channel(const arg_fields& arg, std::string_view text);
  static arg_fields read_arg(json::object arg);
  void read_member(simdjson::ondemand::raw_json_string name, json::value value, frame_fields& frame,
                   event_batch& out);
  bool may_read_data(const frame_fields& frame) const;

  std::vector<std::string> requests(std::string_view op, std::span<const std::string> args);
  void take_answer(const answer_fields& answer, frame_report& report);
  void refused(const answer_fields& answer, frame_report& report);
  void report_arg(const std::string& arg, bool accepted, std::string_view reason,
                  frame_report& report) const;
  void read_listing(json::object from);

  venue_symbols& symbols_;
  symbol_table& table_;
  okx::find_listing find_;
  json::parser parser_;
  okx::context context_;
  // By the text of the frame's arg; null for channels of no interest.
  std::unordered_map<std::string, std::optional<okx::channel>, text_hash, std::equal_to<>>
      channels_;
  std::map<std::string, std::vector<stream>, std::less<>> wanted_;  // by arg
  std::vector<std::vector<std::string>> unanswered_;  // args by request, as far as not answered
};

// ---- subscriptions ----

// {"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT"},..]}: at most 64 KB, which a
// hundred args never reach.
std::vector<std::string> okx_session::requests(std::string_view op,
                                               std::span<const std::string> args) {
  constexpr std::size_t most = 100;
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < args.size(); at += most) {
    const auto piece = args.subspan(at, std::min(most, args.size() - at));
    std::string frame = R"({"op":")" + std::string(op) + R"(","args":[)";
    for (const auto& arg : piece) {
      if (&arg != piece.data()) frame += ',';
      frame += arg;
    }
    frames.push_back(frame += "]}");
    if (op == "subscribe") unanswered_.emplace_back(piece.begin(), piece.end());
  }
  // Answers that never come must not pile up.
  constexpr std::size_t unanswered_max = 1024;
  if (unanswered_.size() > unanswered_max) unanswered_.erase(unanswered_.begin());
  return frames;
}

std::vector<std::string> okx_session::subscribe_frames(std::span<const stream> streams) {
  std::vector<std::string> args;
  for (const auto& what : streams) {
    auto arg = arg_of(what);
    auto& wanted = wanted_[arg];
    if (std::find(wanted.begin(), wanted.end(), what) == wanted.end()) wanted.push_back(what);
    if (std::find(args.begin(), args.end(), arg) == args.end()) args.push_back(std::move(arg));
  }
  return requests("subscribe", args);
}

// A channel that another stream still needs (liquidations of a type) is kept.
std::vector<std::string> okx_session::unsubscribe_frames(std::span<const stream> streams) {
  std::vector<std::string> args;
  for (const auto& what : streams) {
    const auto found = wanted_.find(arg_of(what));
    if (found == wanted_.end()) continue;
    std::erase(found->second, what);
    if (!found->second.empty()) continue;
    args.push_back(found->first);
    wanted_.erase(found);
  }
  return requests("unsubscribe", args);
}

// A new subscription brings a new snapshot.
std::vector<std::string> okx_session::resync_frames(const stream& book) {
  const std::vector<std::string> args{arg_of(book)};
  auto frames = requests("unsubscribe", args);
  auto again = requests("subscribe", args);
  std::move(again.begin(), again.end(), std::back_inserter(frames));
  return frames;
}

void okx_session::report_arg(const std::string& arg, bool accepted, std::string_view reason,
                             frame_report& report) const {
  subscription_answer answer{arg, nullptr, {}, accepted, std::string(reason)};
  const auto found = wanted_.find(arg);
  if (found == wanted_.end() || found->second.empty()) {
    answer.where = table_.find(between(arg, R"("instId":")", "\""));
    report.subscriptions.push_back(std::move(answer));
    return;
  }
  for (const auto& what : found->second) {
    answer.where = what.where;
    answer.kind = what.kind;
    report.subscriptions.push_back(answer);
  }
}

// {"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"a4d3ae55"}
// {"event":"error","code":"60018","msg":"Wrong URL or channel:candle1m,instId:BTC-USDT doesn't
//  exist. Please use the correct URL, channel and parameters ..","connId":"a4d3ae55"}
// {"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade.
//  Please reconnect.","connId":"a4d3ae55"}
void okx_session::take_answer(const answer_fields& answer, frame_report& report) {
  if (answer.event == "subscribe") {
    const bool by_type = answer.arg.inst_id.empty();
    const auto arg = arg_text(answer.arg.channel, by_type ? "instType" : "instId",
                              by_type ? answer.arg.inst_type : answer.arg.inst_id);
    for (auto& args : unanswered_) std::erase(args, arg);
    std::erase_if(unanswered_, [](const auto& args) { return args.empty(); });
    report_arg(arg, true, {}, report);
  } else if (answer.event == "error") {
    refused(answer, report);
  } else if (answer.event == "notice") {
    report.reconnect = true;
  } else {
    return;
  }
  report.outcome = frame_outcome::decoded;
}

// An error that names a channel refuses it; the rest of its request that is not answered yet is
// asked for again, in case the venue dropped the request as a whole. A second subscription to the
// same channel is harmless: a book then begins anew with its snapshot.
void okx_session::refused(const answer_fields& answer, frame_report& report) {
  const std::string reason = std::string(answer.code) + ": " + std::string(answer.message);
  const auto channel = between(answer.message, "channel:", ", ");
  const auto inst_id = between(answer.message, "instId:", ", ");
  const auto inst_type = between(answer.message, "instType:", ", ");
  const auto arg = inst_id.empty() ? arg_text(channel, "instType", inst_type)
                                   : arg_text(channel, "instId", inst_id);
  const auto request = std::find_if(unanswered_.begin(), unanswered_.end(), [&](const auto& args) {
    return std::find(args.begin(), args.end(), arg) != args.end();
  });
  if (channel.empty() || (request == unanswered_.end() && !wanted_.contains(arg))) {
    report.error = reason;
    return;
  }
  report_arg(arg, false, reason, report);
  if (request == unanswered_.end()) return;
  auto others = std::move(*request);
  unanswered_.erase(request);
  std::erase(others, arg);
  report.replies = requests("subscribe", others);
}

// ---- frames ----

const listing* okx_session::find_listing(std::string_view inst_id) {
  if (const auto* const found = table_.find(inst_id)) return found;
  const auto what = okx_instrument(inst_id);
  if (!what) throw decode_error("instId: unknown: " + std::string(inst_id.substr(0, 40)));
  const auto* const made = symbols_.registry().intern(venue_name, *what, inst_id);
  table_.add(inst_id, made);
  return made;
}

okx_session::arg_fields okx_session::read_arg(json::object arg) {
  arg_fields fields;
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

const okx::channel* okx_session::make_channel(const arg_fields& arg, std::string_view text) {
  using okx::channel_kind;
  struct named_kind {
    std::string_view name;
    channel_kind kind;
  };
  static constexpr std::array<named_kind, 8> kinds{{
      {"trades", channel_kind::trades},
      {"books", channel_kind::book},
      {"books5", channel_kind::book_top5},
      {"bbo-tbt", channel_kind::best},
      {"tickers", channel_kind::tickers},
      {"funding-rate", channel_kind::funding},
      {"open-interest", channel_kind::open_interest},
      {"liquidation-orders", channel_kind::liquidations},
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
  auto document = json::read(parser_, frame);
  json::object root = document.get_object();
  context_.from = nullptr;
  context_.snapshot = false;
  context_.receive_ns = frame.receive_ns;
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
    take_answer(fields.answer, report);
    return;
  }
  if (context_.from == nullptr) return;
  if (!fields.has_data) throw decode_error("data: missing");
  if (fields.data_waits) {
    if (!may_read_data(fields)) throw decode_error("action: missing");
    root.reset();
    okx::read_data(root.find_field_unordered("data").value(), context_, find_, out);
  }
  report.outcome = frame_outcome::decoded;
}

// ---- instruments ----

// {"instType":"SWAP","instId":"BTC-USD-SWAP","ctType":"inverse","settleCcy":"BTC","state":"live",..}
// https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments
void okx_session::read_listing(json::object from) {
  std::string_view inst_id;
  std::string_view settle;
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (json::key_is(name, "instId")) {
      inst_id = json::to_text(value, "instId");
    } else if (json::key_is(name, "settleCcy")) {
      settle = json::to_text(value, "settleCcy");
    }
  }
  const auto what = okx_instrument(inst_id, settle);
  if (!what) return;
  table_.add(inst_id, symbols_.registry().intern(venue_name, *what, inst_id));
}

// {"code":"0","data":[..],"msg":""}
void okx_session::read_rest(std::string_view, const raw_frame& body, event_batch&,
                            frame_report& report) {
  auto document = json::read(parser_, body);
  json::object root = document.get_object();
  json::value code = root.find_field_unordered("code").value();
  if (json::token(code) != "0") {
    json::value reason = root.find_field_unordered("msg").value();
    throw decode_error("refused: " + std::string(json::to_text(reason, "msg")));
  }
  for (auto entry : root.find_field_unordered("data").get_array()) {
    read_listing(entry.get_object());
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
  if (what.kind == event_kind::book && !is_known_depth(what.depth)) {
    return "okx has books of depth 5 and 400, not " + std::to_string(what.depth);
  }
  return {};
}

const venue_registration<okx_venue> registered;

}  // namespace
}  // namespace feedtree::venues
