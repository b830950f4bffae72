// Kraken spot, as the venue plays it: WebSocket v2 and what REST it takes to know the symbols.
// https://docs.kraken.com/exchange/api-reference/spot-websocket
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "adapters/simulator/book_view.hpp"
#include "adapters/simulator/client_request.hpp"
#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/venues/candle_answers.hpp"
#include "adapters/simulator/venues/kraken_frames.hpp"

namespace feedtree::simulator {
namespace {

using namespace kraken;  // NOLINT(google-build-using-namespace): the venue's own texts

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::array<std::int64_t, 5> book_depths{10, 25, 100, 500, 1000};

// What a client asks for in params.
struct channel_request {
  std::string channel;
  std::int64_t depth = 10;            // book
  std::int64_t interval_minutes = 1;  // ohlc
  bool snapshot = true;
  bool on_best_change = false;  // ticker: event_trigger is bbo, not trades
};

channel_request read_params(const client_request& from) {
  channel_request what;
  what.channel = from.text("/params/channel").value_or("");
  what.depth = from.number("/params/depth").value_or(10);
  what.interval_minutes = from.number("/params/interval").value_or(1);
  what.snapshot = from.flag("/params/snapshot").value_or(true);
  what.on_best_change = from.text("/params/event_trigger") == "bbo";
  return what;
}

// What the venue calls a subscription twice.
bool is_same(const channel_request& a, const channel_request& b) {
  if (a.channel != b.channel) return false;
  return a.channel != "ohlc" || a.interval_minutes == b.interval_minutes;
}

// Why there is no such channel, in the venue's manner; empty if there is.
std::string refusal_of(const channel_request& what) {
  const auto has = [](const auto& list, std::int64_t value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  if (what.channel == "trade" || what.channel == "ticker") return {};
  if (what.channel == "book") {
    return has(book_depths, what.depth) ? "" : "Subscription depth not supported";
  }
  if (what.channel == "ohlc") {
    const bool known = has(market::candle_intervals_ns(), what.interval_minutes * minute_ns);
    return known ? "" : "Subscription ohlc interval not supported";
  }
  return "Channel not supported";
}

void write_params(frame_writer& out, const channel_request& what) {
  out.field("channel", what.channel);
  if (what.channel == "book") out.field("depth", what.depth);
  if (what.channel == "ohlc") out.field("interval", what.interval_minutes);
  if (what.channel == "ticker") {
    out.field("event_trigger", what.on_best_change ? "bbo" : "trades");
  }
}

class kraken_protocol : public protocol {
 public:
  explicit kraken_protocol(const market_set& markets) : markets_(markets) {}

  // {"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online",..}]}
  void on_connected(std::string_view, std::int64_t now_ns, frames& out) override {
    frame_writer frame;
    frame.begin_object().field("channel", "status").field("type", "update").key("data");
    frame.begin_array().begin_object();
    frame.field("version", "2.0.10").field("system", "online").field("api_version", "v2");
    frame.field("connection_id", random_source(static_cast<std::uint64_t>(now_ns)).next());
    out.push_back(frame.end_object().end_array().end_object().take());
    sent_ns_ = now_ns;
  }

  void on_client_frame(std::string_view text, std::int64_t now_ns, frames& out) override {
    const client_request from(text);
    const auto method = from.text("/method").value_or("");
    if (method == "ping") {
      out.push_back(answer(from, "pong", now_ns));
    } else if (method == "subscribe" || method == "unsubscribe") {
      on_subscription(from, method, now_ns, out);
    } else {
      out.push_back(refusal(from, "error", "", "Malformed request", now_ns));
    }
    sent_ns_ = now_ns;
  }

  void on_step(const market& what, const market_step& step, frames& out) override {
    const auto found = by_market_.find(&what);
    if (found == by_market_.end()) return;
    const auto before = out.size();
    const auto best = best_moved(step, what);
    for (auto& entry : found->second) entry.append_update(what, step, best, out);
    if (out.size() > before) sent_ns_ = step.exchange_ns;
  }

  // {"channel":"heartbeat"}: each second in which there is nothing else, once there is a
  // subscription.
  void on_tick(std::int64_t now_ns, frames& out) override {
    if (!has_subscribed_ || now_ns - sent_ns_ < second_ns) return;
    out.emplace_back(R"({"channel":"heartbeat"})");
    sent_ns_ = now_ns;
  }

 private:
  struct subscription {
    channel_request what;
    std::optional<book_view> view;  // book only

    void append_snapshot(const market& of, frames& out) {
      if (view) {
        const auto& levels = view->snapshot(of);
        if (what.snapshot) {
          out.push_back(book_frame(of, "snapshot", levels, checksum_of(levels)));
        }
      }
      if (!what.snapshot) return;
      if (what.channel == "trade") out.push_back(trade_frame(of, "snapshot", of.recent_trades()));
      if (what.channel == "ticker") out.push_back(ticker_frame(of, "snapshot"));
      if (what.channel == "ohlc") out.push_back(ohlc_frame(of, "snapshot", interval_ns()));
    }

    void append_update(const market& of, const market_step& step, bool best, frames& out) {
      const bool traded = !step.trades.empty();
      if (view) {
        const auto levels = view->update(of, step);
        if (levels.empty()) return;
        out.push_back(book_frame(of, "update", levels, checksum_of(view->present())));
      } else if (what.channel == "ticker" && what.on_best_change) {
        if (best) out.push_back(ticker_frame(of, "update"));
      } else if (what.channel == "ticker" && traded) {
        out.push_back(ticker_frame(of, "update"));
      } else if (what.channel == "trade" && traded) {
        out.push_back(trade_frame(of, "update", step.trades));
      } else if (what.channel == "ohlc" && traded) {
        out.push_back(ohlc_frame(of, "update", interval_ns()));
      }
    }

    std::int64_t interval_ns() const { return what.interval_minutes * minute_ns; }
  };

  // True if the step changed a best level, or what stands before it.
  static bool best_moved(const market_step& step, const market& of) {
    const auto bid = of.best(book_part::bids).price_mantissa;
    const auto ask = of.best(book_part::asks).price_mantissa;
    return (!step.bids.empty() && step.bids.front().price_mantissa >= bid) ||
           (!step.asks.empty() && step.asks.front().price_mantissa <= ask);
  }

  void on_subscription(const client_request& from, const std::string& method, std::int64_t now_ns,
                       frames& out) {
    const auto what = read_params(from);
    if (what.channel == "instrument") {
      on_instrument(from, method, what, now_ns, out);
      return;
    }
    const auto symbols = from.texts("/params/symbol");
    auto problem = refusal_of(what);
    if (problem.empty() && symbols.empty()) problem = "Symbol(s) not found";
    if (!problem.empty()) {
      out.push_back(refusal(from, method, "", problem, now_ns));
      return;
    }
    for (const auto& symbol : symbols) {
      const bool wanted = method == "subscribe";
      wanted ? subscribe(from, what, symbol, now_ns, out)
             : unsubscribe(from, what, symbol, now_ns, out);
    }
  }

  void on_instrument(const client_request& from, const std::string& method,
                     const channel_request& what, std::int64_t now_ns, frames& out) {
    out.push_back(acknowledgement(from, method, what, "", now_ns));
    if (method != "subscribe") return;
    has_subscribed_ = true;
    if (what.snapshot) out.push_back(instrument_frame(markets_));
  }

  void subscribe(const client_request& from, const channel_request& what, const std::string& symbol,
                 std::int64_t now_ns, frames& out) {
    const auto* const of = markets_.find(symbol);
    if (of == nullptr) {
      out.push_back(
          refusal(from, "subscribe", symbol, "Currency pair not supported " + symbol, now_ns));
      return;
    }
    auto& list = by_market_[of];
    if (position(list, what) != list.end()) {
      out.push_back(refusal(from, "subscribe", symbol, "Already subscribed", now_ns));
      return;
    }
    has_subscribed_ = true;
    auto& entry = list.emplace_back(subscription{what, {}});
    if (what.channel == "book") {
      entry.view.emplace(static_cast<std::size_t>(what.depth), fallen_levels::cut_by_client);
    }
    out.push_back(acknowledgement(from, "subscribe", what, symbol, now_ns));
    entry.append_snapshot(*of, out);
  }

  void unsubscribe(const client_request& from, const channel_request& what,
                   const std::string& symbol, std::int64_t now_ns, frames& out) {
    auto& list = by_market_[markets_.find(symbol)];
    const auto found = position(list, what);
    if (found == list.end()) {
      out.push_back(refusal(from, "unsubscribe", symbol, "Subscription Not Found", now_ns));
      return;
    }
    list.erase(found);
    out.push_back(acknowledgement(from, "unsubscribe", what, symbol, now_ns));
  }

  static std::vector<subscription>::iterator position(std::vector<subscription>& list,
                                                      const channel_request& what) {
    return std::find_if(list.begin(), list.end(),
                        [&](const auto& entry) { return is_same(entry.what, what); });
  }

  static void end_answer(const client_request& from, std::int64_t now_ns, frame_writer& out) {
    out.field("time_in", time_text(now_ns)).field("time_out", time_text(now_ns + 50'000));
    if (from.has("/req_id")) out.key("req_id").raw(from.raw("/req_id"));
    out.end_object();
  }

  static std::string answer(const client_request& from, const char* method, std::int64_t now_ns) {
    frame_writer out;
    out.begin_object().field("method", method);
    end_answer(from, now_ns, out);
    return out.take();
  }

  // {"method":"subscribe","result":{"channel":"book","depth":10,"snapshot":true,
  //  "symbol":"BTC/USD"},"success":true,"time_in":"..","time_out":".."}
  static std::string acknowledgement(const client_request& from, const std::string& method,
                                     const channel_request& what, const std::string& symbol,
                                     std::int64_t now_ns) {
    frame_writer out;
    out.begin_object().field("method", method).key("result").begin_object();
    write_params(out, what);
    if (method == "subscribe") out.field("snapshot", what.snapshot);
    if (!symbol.empty()) out.field("symbol", symbol);
    out.end_object().field("success", true);
    end_answer(from, now_ns, out);
    return out.take();
  }

  // {"error":"Currency pair not supported XBT/USD","method":"subscribe","success":false,
  //  "symbol":"XBT/USD","time_in":"..","time_out":".."}
  static std::string refusal(const client_request& from, const std::string& method,
                             const std::string& symbol, const std::string& reason,
                             std::int64_t now_ns) {
    frame_writer out;
    out.begin_object().field("error", reason).field("method", method).field("success", false);
    if (!symbol.empty()) out.field("symbol", symbol);
    end_answer(from, now_ns, out);
    return out.take();
  }

  const market_set& markets_;
  std::unordered_map<const market*, std::vector<subscription>> by_market_;
  bool has_subscribed_ = false;
  std::int64_t sent_ns_ = 0;
};

class kraken_simulator : public venue_simulator {
 public:
  std::string_view name() const override { return "kraken"; }
  std::string websocket_url() const override { return "wss://ws.kraken.com"; }
  std::string rest_url() const override { return "https://api.kraken.com"; }
  std::uint16_t default_port() const override { return 9101; }
  bool has_checksums() const override { return true; }
  bool accepts(std::string_view target) const override { return path_of(target) == "/v2"; }

  market_spec spec_of(const instrument& details) const override {
    if (details.type != market_type::spot) {
      throw std::invalid_argument(details.symbol() + ": kraken has spot markets only");
    }
    auto spec = default_spec(details);
    spec.venue_symbol = details.base + "/" + details.quote;
    return spec;
  }

  std::unique_ptr<protocol> make_protocol(const market_set& markets) const override {
    return std::make_unique<kraken_protocol>(markets);
  }

  rest_answer rest(std::string_view method, std::string_view target, const market_set& markets,
                   std::int64_t now_ns) const override {
    const auto path = path_of(target);
    if (method == "GET" && path == "/0/public/AssetPairs") return {200, asset_pairs(markets)};
    if (method == "GET" && path == "/0/public/Trades") return trades(target, markets);
    if (method == "GET" && path == "/0/public/OHLC") return candles(target, markets, now_ns);
    if (method == "GET" && path == "/0/public/SystemStatus") return {200, system_status(now_ns)};
    return {404, R"({"error":["EGeneral:Unknown method"]})"};
  }

  std::vector<client_script> scripts(const market_set& markets) const override {
    client_script all{{"/0/public/AssetPairs"}, "/v2", {}, {}};
    for (const char* channel : {"book", "trade", "ticker", "ohlc"}) {
      all.subscribe.push_back(subscribe_to(channel, markets));
    }
    return {all};
  }

 private:
  static rest_answer candles(std::string_view target, const market_set& markets,
                             std::int64_t now_ns) {
    const auto pair = query_value(target, "pair").value_or("");
    for (std::size_t at = 0; at < markets.size(); ++at) {
      const auto& of = markets.at(at);
      if (of.is_listed() && rest_pair(of) == pair) return kraken_candles(target, of, pair, now_ns);
    }
    return {200, R"({"error":["EQuery:Unknown asset pair"]})"};
  }

  // The trades behind a time, or the last ones; a thousand at the most.
  static rest_answer trades(std::string_view target, const market_set& markets) {
    constexpr std::size_t most = 1000;
    const auto pair = query_value(target, "pair").value_or("");
    const auto count = to_number(query_value(target, "count").value_or("1000"));
    for (std::size_t at = 0; at < markets.size(); ++at) {
      const auto& of = markets.at(at);
      if (!of.is_listed() || rest_pair(of) != pair) continue;
      const auto since = query_value(target, "since");
      const auto wanted =
          std::min(most, static_cast<std::size_t>(std::max<std::int64_t>(1, count)));
      return {200, recent_trades(of, since ? of.trades_after(to_number(*since), wanted)
                                           : of.trades_until(of.exchange_ns(), wanted))};
    }
    return {200, R"({"error":["EQuery:Unknown asset pair"]})"};
  }

  // 0 if it is no number.
  static std::int64_t to_number(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  static std::string subscribe_to(std::string_view channel, const market_set& markets) {
    frame_writer out;
    out.begin_object().field("method", "subscribe").key("params").begin_object();
    out.field("channel", channel).key("symbol").begin_array();
    for (std::size_t at = 0; at < markets.size(); ++at) out.text(markets.at(at).venue_symbol());
    return out.end_array().end_object().end_object().take();
  }
};

const simulator_registration<kraken_simulator> registered;

}  // namespace
}  // namespace feedtree::simulator
