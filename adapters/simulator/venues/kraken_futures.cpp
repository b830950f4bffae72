// Kraken Futures, as the venue plays it: WebSocket v1 and the REST list of instruments.
// https://docs.kraken.com/exchange/api-reference/futures-websocket
#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "adapters/simulator/client_request.hpp"
#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/venues/amounts.hpp"
#include "adapters/simulator/venues/candle_answers.hpp"
#include "adapters/simulator/venues/kraken_futures_frames.hpp"

namespace feedtree::simulator {
namespace {

using namespace kraken_futures;  // NOLINT(google-build-using-namespace): the venue's own texts

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::array<std::string_view, 3> feeds{"book", "trade", "ticker"};

class kraken_futures_protocol : public protocol {
 public:
  explicit kraken_futures_protocol(const market_set& markets) : markets_(markets) {}

  void on_connected(std::string_view, std::int64_t, frames& out) override {
    out.emplace_back(R"({"event":"info","version":1})");
  }

  void on_client_frame(std::string_view text, std::int64_t now_ns, frames& out) override {
    const client_request from(text);
    const auto event = from.text("/event").value_or("");
    const auto feed = from.text("/feed").value_or("");
    const bool wanted = event == "subscribe";
    if (!wanted && event != "unsubscribe") {
      out.push_back(message("error", "Json Error"));
    } else if (feed == "heartbeat") {
      heartbeat_ns_ = wanted ? now_ns : never;
      out.push_back(answer(event + "d", feed, ""));
    } else if (std::find(feeds.begin(), feeds.end(), feed) == feeds.end()) {
      out.push_back(message("error", "Invalid feed"));
    } else {
      on_products(from, wanted, feed, out);
    }
  }

  void on_step(const market& what, const market_step& step, frames& out) override {
    for (auto& entry : subscriptions_) {
      if (entry.of == &what) append_update(entry, step, out);
    }
  }

  // {"feed":"heartbeat","time":1534262350627}: each second, to whom it subscribed.
  void on_tick(std::int64_t now_ns, frames& out) override {
    if (heartbeat_ns_ == never || now_ns - heartbeat_ns_ < second_ns) return;
    heartbeat_ns_ = now_ns;
    frame_writer frame;
    frame.begin_object().field("feed", "heartbeat").field("time", to_ms(now_ns));
    out.push_back(frame.end_object().take());
  }

 private:
  static constexpr std::int64_t never = -1;

  struct subscription {
    std::string feed;
    const market* of;
    std::int64_t sent_ns = 0;  // ticker
  };

  void on_products(const client_request& from, bool wanted, const std::string& feed, frames& out) {
    const auto products = from.texts("/product_ids");
    if (products.empty()) out.push_back(message("error", "Invalid product id"));
    for (const auto& product : products) {
      wanted ? subscribe(feed, product, out) : unsubscribe(feed, product, out);
    }
  }

  // What is subscribed to twice begins anew.
  void subscribe(const std::string& feed, const std::string& product, frames& out) {
    const auto* const of = markets_.find(product);
    if (of == nullptr) {
      out.push_back(message("alert", "Couldn't subscribe to invalid product `" + product + "`"));
      return;
    }
    if (end(feed, of)) {
      out.push_back(message("alert", "Already subscribed to feed, re-requesting"));
    }
    out.push_back(answer("subscribed", feed, product));
    subscriptions_.push_back({feed, of});
    append_snapshot(subscriptions_.back(), out);
  }

  void unsubscribe(const std::string& feed, const std::string& product, frames& out) {
    const bool ended = end(feed, markets_.find(product));
    out.push_back(answer(ended ? "unsubscribed" : "unsubscribed_failed", feed, product));
  }

  // True if there was one.
  bool end(const std::string& feed, const market* of) {
    return std::erase_if(subscriptions_, [&](const auto& entry) {
             return entry.of == of && entry.feed == feed;
           }) != 0;
  }

  static void append_snapshot(subscription& entry, frames& out) {
    const auto& of = *entry.of;
    entry.sent_ns = of.exchange_ns();
    if (entry.feed == "book") {
      out.push_back(book_snapshot(of, {of.top(book_part::bids, 0), of.top(book_part::asks, 0)}));
    } else {
      out.push_back(entry.feed == "trade" ? trade_snapshot(of) : ticker_frame(of));
    }
  }

  // Tickers come once a second at most.
  static void append_update(subscription& entry, const market_step& step, frames& out) {
    if (entry.feed == "book") {
      auto updates = book_updates(*entry.of, step);
      std::move(updates.begin(), updates.end(), std::back_inserter(out));
    } else if (entry.feed == "trade") {
      for (const auto& what : step.trades) out.push_back(trade_frame(*entry.of, what));
    } else if (step.exchange_ns - entry.sent_ns >= second_ns) {
      entry.sent_ns = step.exchange_ns;
      out.push_back(ticker_frame(*entry.of));
    }
  }

  // {"event":"subscribed","feed":"book","product_ids":["PI_XBTUSD"]}
  static std::string answer(const std::string& event, const std::string& feed,
                            const std::string& product) {
    frame_writer out;
    out.begin_object().field("event", event).field("feed", feed);
    if (!product.empty()) out.key("product_ids").begin_array().text(product).end_array();
    return out.end_object().take();
  }

  static std::string message(const char* event, const std::string& text) {
    frame_writer out;
    return out.begin_object().field("event", event).field("message", text).end_object().take();
  }

  const market_set& markets_;
  std::vector<subscription> subscriptions_;
  std::int64_t heartbeat_ns_ = never;
};

// PF_XBTUSD, FF_XBTUSD_260925 (settled in dollars), PI_XBTUSD, FI_XBTUSD_260925 (in the base
// asset); empty for what the venue does not have.
// https://support.kraken.com/articles/360022835891-ticker-symbols-derivatives
std::string product_of(const instrument& what) {
  if (what.type != market_type::perpetual && what.type != market_type::future) return {};
  const bool linear = what.settle == what.quote;
  if (what.quote != "USD" || (!linear && what.settle != what.base)) return {};
  const bool dated = what.type == market_type::future;
  const std::string prefix = std::string(dated ? "F" : "P") + (linear ? "F_" : "I_");
  const auto pair = (what.base == "BTC" ? "XBT" : what.base) + what.quote;
  return prefix + pair +
         (dated ? "_" + std::to_string(what.expiry_yyyymmdd).substr(2) : std::string());
}

class kraken_futures_simulator : public venue_simulator {
 public:
  std::string_view name() const override { return "kraken-futures"; }
  std::string websocket_url() const override { return "wss://futures.kraken.com"; }
  std::string rest_url() const override { return "https://futures.kraken.com"; }
  std::uint16_t default_port() const override { return 9102; }
  bool accepts(std::string_view target) const override { return path_of(target) == "/ws/v1"; }

  market_spec spec_of(const instrument& details) const override {
    auto spec = default_spec(details);
    spec.venue_symbol = product_of(details);
    if (spec.venue_symbol.empty()) {
      throw std::invalid_argument(details.symbol() + ": kraken-futures has no such contract");
    }
    return spec;
  }

  std::unique_ptr<protocol> make_protocol(const market_set& markets) const override {
    return std::make_unique<kraken_futures_protocol>(markets);
  }

  rest_answer rest(std::string_view method, std::string_view target, const market_set& markets,
                   std::int64_t now_ns) const override {
    if (method == "GET" && path_of(target) == "/derivatives/api/v3/instruments") {
      return {200, instruments(markets, now_ns)};
    }
    if (method == "GET" && path_of(target).starts_with("/api/charts/v1/trade/")) {
      return kraken_futures_candles(target, markets, now_ns);
    }
    if (method == "GET" && path_of(target).starts_with(executions_prefix)) {
      return past_executions(target, markets);
    }
    return {404, R"({"result":"error","error":"notFound"})"};
  }

  std::vector<client_script> scripts(const market_set& markets) const override {
    client_script all{{"/derivatives/api/v3/instruments"}, "/ws/v1", {}, {}};
    all.subscribe.emplace_back(R"({"event":"subscribe","feed":"heartbeat"})");
    for (const auto feed : feeds) all.subscribe.push_back(subscribe_to(feed, markets));
    return {all};
  }

 private:
  static constexpr std::string_view executions_prefix = "/api/history/v3/market/";

  // GET /api/history/v3/market/PF_XBTUSD/executions?sort=asc&since=..&before=..&count=..
  static rest_answer past_executions(std::string_view target, const market_set& markets) {
    constexpr std::int64_t most = 1000;
    constexpr std::int64_t ms = 1'000'000;
    const auto path = path_of(target).substr(executions_prefix.size());
    const auto* const of = markets.find(path.substr(0, path.find('/')));
    if (of == nullptr || !path.ends_with("/executions")) {
      return {404, R"({"result":"error","error":"notFound"})"};
    }
    const auto count = std::clamp<std::int64_t>(query_number(target, "count", most), 1, most);
    const auto since_ns = query_number(target, "since", 0) * ms;
    const auto before_ns = query_number(target, "before", of->exchange_ns() / ms + 1) * ms;
    auto found = of->trades_after(since_ns - 1, static_cast<std::size_t>(count));
    std::erase_if(found, [&](const market_trade& what) { return what.exchange_ns >= before_ns; });
    return {200, executions(*of, found)};
  }

  static std::string subscribe_to(std::string_view feed, const market_set& markets) {
    frame_writer out;
    out.begin_object().field("event", "subscribe").field("feed", feed);
    out.key("product_ids").begin_array();
    for (std::size_t at = 0; at < markets.size(); ++at) out.text(markets.at(at).venue_symbol());
    return out.end_array().end_object().take();
  }
};

const simulator_registration<kraken_futures_simulator> registered;

}  // namespace
}  // namespace feedtree::simulator
