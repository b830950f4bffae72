// Coinbase Advanced Trade, as the venue plays it: the public channels of its WebSocket, and the
// REST that lists its products.
// https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-overview
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "adapters/simulator/client_request.hpp"
#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/venues/candle_answers.hpp"
#include "adapters/simulator/venues/coinbase_frames.hpp"

namespace feedtree::simulator {
namespace {

using namespace coinbase;  // NOLINT(google-build-using-namespace): the venue's own texts

constexpr std::int64_t second_ns = 1'000'000'000;
// A connection that asks for nothing is closed after this.
constexpr std::int64_t silence_max_ns = 5 * second_ns;
constexpr std::array<std::string_view, 4> product_channels{"level2", "market_trades", "ticker",
                                                           "candles"};
constexpr std::string_view heartbeats = "heartbeats";
constexpr std::string_view products_path = "/api/v3/brokerage/market/products";

bool is_product_channel(std::string_view name) {
  for (const auto entry : product_channels) {
    if (entry == name) return true;
  }
  return false;
}

// What the client has of one market.
struct product_feeds {
  bool level2 = false;
  bool market_trades = false;
  bool ticker = false;
  bool candles = false;
  bool candle_is_new = false;           // changed since it was last sent
  std::optional<market_candle> candle;  // as it was last seen

  bool& of(std::string_view channel) {
    if (channel == "level2") return level2;
    if (channel == "market_trades") return market_trades;
    return channel == "ticker" ? ticker : candles;
  }
};

class coinbase_protocol : public protocol {
 public:
  explicit coinbase_protocol(const market_set& markets) : markets_(markets) {}

  void on_connected(std::string_view, std::int64_t now_ns, frames&) override {
    connected_ns_ = now_ns;
    beat_ns_ = now_ns;
  }

  void on_client_frame(std::string_view text, std::int64_t now_ns, frames& out) override {
    const client_request from(text);
    const auto type = from.text("/type").value_or("");
    const auto channel = from.text("/channel").value_or("");
    const auto products = from.texts("/product_ids");
    if (type != "subscribe" && type != "unsubscribe") {
      out.push_back(error_frame(from.is_object() ? "unrecognized message type" : "invalid json"));
      return;
    }
    const bool subscribes = type == "subscribe";
    if (channel == heartbeats) {
      set_heartbeats(subscribes, now_ns, out);
    } else if (!is_product_channel(channel)) {
      out.push_back(error_frame("channel " + channel + " is not supported"));
    } else if (const auto unknown = first_unknown(products); !unknown.empty()) {
      out.push_back(error_frame("failed to " + type + ": " + unknown + " is not a valid product"));
    } else {
      set_products(subscribes, channel, products, now_ns, out);
    }
  }

  void on_step(const market& what, const market_step& step, frames& out) override {
    const auto found = feeds_.find(&what);
    if (found == feeds_.end()) return;
    auto& feeds = found->second;
    const auto now_ns = step.exchange_ns;
    if (feeds.market_trades && !step.trades.empty()) {
      send("market_trades", now_ns, trades_event(what, "update", step.trades), out);
    }
    if (feeds.ticker && !step.trades.empty()) {
      send("ticker", now_ns, ticker_event(what, "update"), out);
    }
    if (feeds.level2) {
      send("l2_data", now_ns, book_event(what, "update", {step.bids, step.asks}), out);
    }
    if (feeds.candles) follow_candle(what, step, feeds, out);
  }

  // Heartbeats and changed candles go out each second.
  void on_tick(std::int64_t now_ns, frames& out) override {
    wants_close_ = !has_subscribed_ && now_ns - connected_ns_ >= silence_max_ns;
    if (now_ns - beat_ns_ < second_ns) return;
    beat_ns_ = now_ns;
    if (listed_.contains(std::string(heartbeats))) {
      send(heartbeats, now_ns, heartbeat_event(now_ns, ++beats_), out);
    }
    for (std::size_t at = 0; at < markets_.size(); ++at) {
      const auto found = feeds_.find(&markets_.at(at));
      if (found == feeds_.end() || !std::exchange(found->second.candle_is_new, false)) continue;
      send("candles", now_ns, candle_event(*found->first, "update", *found->second.candle), out);
    }
  }

  bool wants_close() const override { return wants_close_; }

 private:
  // Every frame of the connection has the next number.
  void send(std::string_view channel, std::int64_t now_ns, std::string_view event, frames& out) {
    out.push_back(frame(channel, now_ns, sequence_++, event));
  }

  // An unknown product spoils its request, and no other. Not to name one is wrong too.
  std::string first_unknown(const std::vector<std::string>& products) const {
    for (const auto& name : products) {
      if (markets_.find(name) == nullptr) return name.empty() ? "an empty name" : name;
    }
    return products.empty() ? "an empty list" : "";
  }

  void set_heartbeats(bool subscribes, std::int64_t now_ns, frames& out) {
    const std::string name(heartbeats);
    if (subscribes) {
      listed_[name].insert(name);
    } else {
      listed_.erase(name);
    }
    has_subscribed_ = has_subscribed_ || subscribes;
    send("subscriptions", now_ns, subscriptions_event(listed_), out);
  }

  // Snapshots come before the list that answers the request.
  void set_products(bool subscribes, const std::string& channel,
                    const std::vector<std::string>& products, std::int64_t now_ns, frames& out) {
    for (const auto& name : products) {
      const auto& of = *markets_.find(name);
      auto& feeds = feeds_[&of];
      const bool had = std::exchange(feeds.of(channel), subscribes);
      if (subscribes) {
        listed_[channel].insert(name);
        if (!had) send_snapshot(channel, of, feeds, now_ns, out);
      } else {
        listed_[channel].erase(name);
        if (channel == "candles") feeds.candle_is_new = false;
      }
    }
    has_subscribed_ = has_subscribed_ || subscribes;
    send("subscriptions", now_ns, subscriptions_event(listed_), out);
  }

  void send_snapshot(const std::string& channel, const market& of, product_feeds& feeds,
                     std::int64_t now_ns, frames& out) {
    constexpr const char* type = "snapshot";
    if (channel == "level2") {
      const book_levels all{of.top(book_part::bids, 0), of.top(book_part::asks, 0)};
      send("l2_data", now_ns, book_event(of, type, all), out);
    } else if (channel == "market_trades") {
      send(channel, now_ns, trades_event(of, type, of.recent_trades()), out);
    } else if (channel == "ticker") {
      send(channel, now_ns, ticker_event(of, type), out);
    } else {
      feeds.candle = of.candle(candle_interval_ns);
      feeds.candle_is_new = false;
      send(channel, now_ns, candle_event(of, type, *feeds.candle), out);
    }
  }

  // A candle whose time is over is sent once more, as it ended.
  void follow_candle(const market& of, const market_step& step, product_feeds& feeds, frames& out) {
    const auto& present = of.candle(candle_interval_ns);
    if (feeds.candle->open_ns != present.open_ns) {
      send("candles", step.exchange_ns, candle_event(of, "update", *feeds.candle), out);
      feeds.candle_is_new = true;
    }
    feeds.candle_is_new = feeds.candle_is_new || !step.trades.empty();
    feeds.candle = present;
  }

  const market_set& markets_;
  std::unordered_map<const market*, product_feeds> feeds_;
  subscription_list listed_;
  std::uint64_t sequence_ = 0;
  std::uint64_t beats_ = 0;
  std::int64_t connected_ns_ = 0;
  std::int64_t beat_ns_ = 0;
  bool has_subscribed_ = false;
  bool wants_close_ = false;
};

class coinbase_simulator : public venue_simulator {
 public:
  std::string_view name() const override { return "coinbase"; }
  std::string websocket_url() const override { return "wss://advanced-trade-ws.coinbase.com"; }
  std::string rest_url() const override { return "https://api.coinbase.com"; }
  std::uint16_t default_port() const override { return 9111; }
  bool accepts(std::string_view target) const override {
    return path_of(target).empty() || path_of(target) == "/";
  }

  market_spec spec_of(const instrument& details) const override {
    if (details.type != market_type::spot) {
      throw std::invalid_argument(details.symbol() + ": coinbase is simulated for spot only");
    }
    auto spec = default_spec(details);
    spec.venue_symbol = details.base + "-" + details.quote;
    return spec;
  }

  std::unique_ptr<protocol> make_protocol(const market_set& markets) const override {
    return std::make_unique<coinbase_protocol>(markets);
  }

  rest_answer rest(std::string_view method, std::string_view target, const market_set& markets,
                   std::int64_t now_ns) const override {
    auto path = path_of(target);
    if (method != "GET" || !path.starts_with(products_path)) {
      return {404, R"({"error":"NOT_FOUND","message":"route not found"})"};
    }
    path.remove_prefix(products_path.size());
    if (path.empty()) return {200, products(markets)};
    constexpr std::string_view candles_path = "/candles";
    if (path.ends_with(candles_path) && path.size() > candles_path.size()) {
      path.remove_suffix(candles_path.size());
      const auto* const of = markets.find(path.substr(1));
      if (of != nullptr) return coinbase_candles(target, *of, now_ns);
      return {404, R"({"error":"NOT_FOUND","message":"valid product_id is required"})"};
    }
    constexpr std::string_view trades_path = "/ticker";
    if (path.ends_with(trades_path)) {
      path.remove_suffix(trades_path.size());
      const auto* const of = path.empty() ? nullptr : markets.find(path.substr(1));
      if (of != nullptr) return trades(target, *of);
      return {404, R"({"error":"NOT_FOUND","message":"valid product_id is required"})"};
    }
    const auto* const one = path.front() == '/' ? markets.find(path.substr(1)) : nullptr;
    if (one != nullptr) return {200, product(*one)};
    return {404, R"({"error":"NOT_FOUND","message":"valid product_id is required"})"};
  }

  // As the client does it: one product on a connection, for a hole in the numbers then hurts one
  // book.
  std::vector<client_script> scripts(const market_set& markets) const override {
    std::vector<client_script> all;
    for (std::size_t at = 0; at < markets.size(); ++at) {
      client_script one{{}, "", {R"({"type":"subscribe","channel":"heartbeats"})"}, {}};
      if (at == 0) one.rest_before.emplace_back(products_path);
      for (const auto channel : product_channels) {
        one.subscribe.push_back(subscribe_to(channel, markets.at(at)));
      }
      all.push_back(std::move(one));
    }
    return all;
  }

 private:
  // The last trades between two seconds.
  static rest_answer trades(std::string_view target, const market& of) {
    const auto number = [target](std::string_view name, std::int64_t unless_said) {
      std::int64_t value = unless_said;
      const auto text = query_value(target, name).value_or("");
      std::from_chars(text.data(), text.data() + text.size(), value);
      return value;
    };
    const auto limit = number("limit", 0);
    if (limit <= 0) return {400, R"({"error":"INVALID_ARGUMENT","message":"limit is required"})"};
    const auto end_ns = number("end", of.exchange_ns() / second_ns + 1) * second_ns;
    auto found = of.trades_until(end_ns, static_cast<std::size_t>(limit));
    const auto start_ns = number("start", 0) * second_ns;
    std::erase_if(found, [&](const market_trade& what) { return what.exchange_ns < start_ns; });
    return {200, market_trades(of, found)};
  }

  static std::string subscribe_to(std::string_view channel, const market& of) {
    frame_writer out;
    out.begin_object().field("type", "subscribe").key("product_ids").begin_array();
    out.text(of.venue_symbol()).end_array().field("channel", channel);
    return out.end_object().take();
  }
};

const simulator_registration<coinbase_simulator> registered;

}  // namespace
}  // namespace feedtree::simulator
