// OKX, as the venue plays it: the v5 public and business channels, and the REST list of
// instruments. https://www.okx.com/docs-v5/en/#overview-websocket
#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

#include "adapters/simulator/client_request.hpp"
#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/venues/candle_answers.hpp"
#include "adapters/simulator/venues/okx_frames.hpp"
#include "adapters/simulator/venues/okx_subscription.hpp"

namespace feedtree::simulator {
namespace {

using namespace okx;  // NOLINT(google-build-using-namespace): the venue's own texts

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t silence_max_ns = 30 * second_ns;
constexpr std::string_view public_path = "/ws/v5/public";
constexpr std::string_view business_path = "/ws/v5/business";
constexpr std::array<std::string_view, 4> types{"SPOT", "SWAP", "FUTURES", "OPTION"};

std::vector<argument> read_arguments(const client_request& from) {
  std::vector<argument> all;
  for (std::size_t at = 0; at < from.size("/args"); ++at) {
    const auto text = [&](const char* name) {
      return from.text("/args/" + std::to_string(at) + "/" + name).value_or("");
    };
    all.push_back({text("channel"), text("instId"), text("instType")});
  }
  return all;
}

// True if there is such a thing as funding of this instrument.
bool has(const channel& what, const market& of) {
  const auto type = of.spec().details.type;
  if (what.kind == channel_kind::funding) return type == market_type::perpetual;
  if (what.kind == channel_kind::open_interest) return type != market_type::spot;
  return true;
}

class okx_protocol : public protocol {
 public:
  explicit okx_protocol(const market_set& markets) : markets_(markets) {}

  void on_connected(std::string_view target, std::int64_t now_ns, frames&) override {
    is_business_ = path_of(target) == business_path;
    id_ = std::to_string(random_source(static_cast<std::uint64_t>(now_ns)).below(1'000'000'000));
    active_ns_ = now_ns;
  }

  void on_client_frame(std::string_view text, std::int64_t now_ns, frames& out) override {
    active_ns_ = now_ns;
    if (text == "ping") {
      out.emplace_back("pong");
      return;
    }
    const client_request from(text);
    const auto op = from.text("/op").value_or("");
    const auto arguments = read_arguments(from);
    if ((op != "subscribe" && op != "unsubscribe") || arguments.empty()) {
      out.push_back(error("60012", "Invalid request: " + std::string(text)));
      return;
    }
    for (const auto& arg : arguments) {
      op == "subscribe" ? subscribe(arg, now_ns, out) : unsubscribe(arg, out);
    }
  }

  void on_step(const market& what, const market_step& step, frames& out) override {
    const auto before = out.size();
    for (auto& entry : subscriptions_) {
      if (entry.is_about(what)) entry.append_update(what, step, out);
    }
    if (out.size() > before) active_ns_ = step.exchange_ns;
  }

  void on_tick(std::int64_t now_ns, frames& out) override {
    const auto before = out.size();
    for (auto& entry : subscriptions_) entry.append_sign_of_life(now_ns, out);
    if (out.size() > before) active_ns_ = now_ns;
    closes_ = closes_ || now_ns - active_ns_ > silence_max_ns;
  }

  // "If there's no data for 30 seconds, the connection breaks automatically."
  bool wants_close() const override { return closes_; }

 private:
  // What is subscribed to twice begins anew.
  void subscribe(const argument& arg, std::int64_t now_ns, frames& out) {
    auto made = make(arg);
    if (!made) {
      out.push_back(no_such_channel(arg));
      return;
    }
    end(made->arg());
    out.push_back(answer("subscribe", arg));
    subscriptions_.push_back(std::move(*made));
    subscriptions_.back().append_snapshot(now_ns, out);
  }

  void unsubscribe(const argument& arg, frames& out) {
    const auto made = make(arg);
    if (!made) {
      out.push_back(no_such_channel(arg));
      return;
    }
    end(made->arg());
    out.push_back(answer("unsubscribe", arg));
  }

  void end(const std::string& arg) {
    std::erase_if(subscriptions_, [&](const auto& entry) { return entry.arg() == arg; });
  }

  std::optional<subscription> make(const argument& arg) const {
    const auto* const what = find_channel(arg.channel);
    if (what == nullptr || (what->kind == channel_kind::candles) != is_business_) return {};
    if (what->kind == channel_kind::liquidations) {
      if (arg.inst_type != "SWAP" && arg.inst_type != "FUTURES") return {};
      return subscription(*what, arg, nullptr);
    }
    const auto* const of = markets_.find(arg.inst_id);
    if (of == nullptr || !has(*what, *of)) return {};
    return subscription(*what, arg, of);
  }

  // {"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"a4d3ae55"}
  std::string answer(const char* event, const argument& arg) const {
    frame_writer out;
    out.begin_object().field("event", event).key("arg").raw(arg.to_json());
    return out.field("connId", id_).end_object().take();
  }

  // {"event":"error","code":"60018","msg":"Wrong URL or channel:books,instId:NO-PE doesn't exist.
  //  ..","connId":"a4d3ae55"}
  std::string no_such_channel(const argument& arg) const {
    const auto name = arg.inst_id.empty() ? ",instType:" + arg.inst_type : ",instId:" + arg.inst_id;
    return error("60018", "Wrong URL or channel:" + arg.channel + name +
                              " doesn't exist. Please use the correct URL, channel and parameters "
                              "referring to API document.");
  }

  std::string error(const char* code, const std::string& message) const {
    frame_writer out;
    out.begin_object().field("event", "error").field("code", code).field("msg", message);
    return out.field("connId", id_).end_object().take();
  }

  const market_set& markets_;
  std::vector<subscription> subscriptions_;
  std::string id_;
  bool is_business_ = false;
  bool closes_ = false;
  std::int64_t active_ns_ = 0;
};

// BTC-USDT, BTC-USDT-SWAP, BTC-USD-260925 (settled in BTC), BTC-USD_UM-SWAP (settled in USD); empty
// for what the venue does not have.
std::string venue_symbol_of(const instrument& what) {
  if (what.type == market_type::spot) return what.base + "-" + what.quote;
  const auto pair = family_of(what);
  const bool linear = what.settle == what.quote &&
                      (what.quote == "USDT" || what.quote == "USDC" || what.quote == "USD");
  const bool inverse = what.settle == what.base && what.quote == "USD";
  if (what.type == market_type::option || (!linear && !inverse)) return {};
  if (what.type == market_type::perpetual) return pair + "-SWAP";
  return pair + "-" + std::to_string(what.expiry_yyyymmdd).substr(2);
}

class okx_simulator : public venue_simulator {
 public:
  std::string_view name() const override { return "okx"; }
  std::string websocket_url() const override { return "wss://ws.okx.com"; }
  std::string rest_url() const override { return "https://www.okx.com"; }
  std::uint16_t default_port() const override { return 9141; }
  bool accepts(std::string_view target) const override {
    return path_of(target) == public_path || path_of(target) == business_path;
  }

  std::string close_announcement(std::int64_t) const override { return okx::close_announcement(); }

  // Books are 400 deep: markets have fewer levels, so that clients have them whole.
  market_spec spec_of(const instrument& details) const override {
    constexpr std::size_t levels = 300;
    auto spec = default_spec(details);
    spec.venue_symbol = venue_symbol_of(details);
    if (spec.venue_symbol.empty()) {
      throw std::invalid_argument(details.symbol() + ": okx has no such contract");
    }
    spec.levels = levels;
    return spec;
  }

  std::unique_ptr<protocol> make_protocol(const market_set& markets) const override {
    return std::make_unique<okx_protocol>(markets);
  }

  rest_answer rest(std::string_view method, std::string_view target, const market_set& markets,
                   std::int64_t now_ns) const override {
    if (method == "GET" && path_of(target) == "/api/v5/market/history-candles") {
      return okx_candles(target, markets, now_ns);
    }
    if (method != "GET" || path_of(target) != "/api/v5/public/instruments") {
      return {404, rest_error("404", "Not Found")};
    }
    const auto type = query_value(target, "instType").value_or("");
    if (std::find(types.begin(), types.end(), type) == types.end()) {
      return {400, rest_error("51000", "Parameter instType error")};
    }
    if (type == "OPTION" && !query_value(target, "instFamily")) {
      return {400, rest_error("50015", "Either parameter uly or instFamily is required")};
    }
    return {200, instruments(markets, type)};
  }

  std::vector<client_script> scripts(const market_set& markets) const override {
    client_script prices{{}, std::string(public_path), {}, {}};
    for (const char* type : {"SPOT", "SWAP", "FUTURES"}) {
      prices.rest_before.push_back("/api/v5/public/instruments?instType=" + std::string(type));
    }
    client_script candles{{}, std::string(business_path), {}, {}};
    prices.subscribe.push_back(subscribe_to(markets, false));
    candles.subscribe.push_back(subscribe_to(markets, true));
    return {prices, candles};
  }

 private:
  static std::string subscribe_to(const market_set& markets, bool candles) {
    frame_writer out;
    out.begin_object().field("op", "subscribe").key("args").begin_array();
    for (std::size_t at = 0; at < markets.size(); ++at) {
      for (const char* name :
           {"books", "bbo-tbt", "trades", "tickers", "funding-rate", "open-interest", "candle1m"}) {
        const auto& what = *find_channel(name);
        if (!has(what, markets.at(at)) || (what.kind == channel_kind::candles) != candles) continue;
        out.raw(argument{name, markets.at(at).venue_symbol(), {}}.to_json());
      }
    }
    for (const char* type : {"SWAP", "FUTURES"}) {
      if (!candles) out.raw(argument{"liquidation-orders", {}, type}.to_json());
    }
    return out.end_array().end_object().take();
  }
};

const simulator_registration<okx_simulator> registered;

}  // namespace
}  // namespace feedtree::simulator
