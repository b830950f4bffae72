// Sources that are polled over REST, as they play it: CoinGecko and Coinalyze. Their past is that
// of past_candles.hpp, in the form of their own answers; nothing can be subscribed to.
// https://docs.coingecko.com/reference/endpoint-overview, https://api.coinalyze.net/v1/doc/
#include <algorithm>
#include <stdexcept>

#include "adapters/simulator/client_request.hpp"
#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/past_candles.hpp"
#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/venues/amounts.hpp"
#include "adapters/simulator/venues/candle_answers.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t day_ns = 24 * 60 * minute_ns;
constexpr auto as_number = digits_as::number;

std::string lower_case(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> result;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    if (comma > at) result.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return result;
}

class silent_protocol final : public protocol {
 public:
  void on_connected(std::string_view, std::int64_t, frames&) override {}
  void on_client_frame(std::string_view, std::int64_t, frames&) override {}
  void on_step(const market&, const market_step&, frames&) override {}
  void on_tick(std::int64_t, frames&) override {}
};

class rest_simulator : public venue_simulator {
 public:
  bool accepts(std::string_view) const override { return false; }
  std::unique_ptr<protocol> make_protocol(const market_set&) const override {
    return std::make_unique<silent_protocol>();
  }
  std::vector<client_script> scripts(const market_set&) const override { return {}; }
};

class coingecko_simulator final : public rest_simulator {
 public:
  std::string_view name() const override { return "coingecko"; }
  std::string websocket_url() const override { return "wss://api.coingecko.com"; }
  std::string rest_url() const override { return "https://api.coingecko.com"; }
  std::uint16_t default_port() const override { return 9109; }

  // The coin's id is the name of the asset, but for a few that everybody knows.
  market_spec spec_of(const instrument& details) const override {
    if (details.type != market_type::spot) {
      throw std::invalid_argument(details.symbol() + ": coingecko has coins in a currency");
    }
    auto spec = default_spec(details);
    spec.venue_symbol = details.base == "BTC"   ? "bitcoin"
                        : details.base == "ETH" ? "ethereum"
                                                : lower_case(details.base);
    spec.channel = lower_case(details.quote);
    return spec;
  }

  rest_answer rest(std::string_view method, std::string_view target, const market_set& markets,
                   std::int64_t now_ns) const override {
    const auto path = std::string(path_of(target));
    constexpr std::string_view coins = "/api/v3/coins/";
    if (method != "GET") return {405, "{}"};
    if (path == "/api/v3/coins/markets") return present(target, markets, now_ns);
    if (path == "/api/v3/simple/price") return simple(target, markets, now_ns);
    if (path.starts_with(coins) && path.ends_with("/ohlc")) {
      return ohlc(target, path.substr(coins.size(), path.size() - coins.size() - 5), markets,
                  now_ns);
    }
    return {404, R"({"error":"coin not found"})"};
  }

 private:
  static rest_answer present(std::string_view target, const market_set& markets,
                             std::int64_t now_ns) {
    const auto currency = query_value(target, "vs_currency").value_or("");
    frame_writer out;
    out.begin_array();
    for (const auto& id : parts_of(query_value(target, "ids").value_or(""))) {
      const auto* const of = markets.find(id, currency);
      if (of == nullptr) continue;
      const auto& day = of->statistics();
      out.begin_object().field("id", id).field("symbol", lower_case(of->spec().details.base));
      out.field("current_price", day.last, as_number);
      out.field("total_volume", product(day.volume, day.average, 4), as_number);
      out.field("high_24h", day.high, as_number).field("low_24h", day.low, as_number);
      out.key("roi").null().field("last_updated", rfc3339_text(now_ns / minute_ns * minute_ns, 3));
      out.end_object();
    }
    return {200, out.end_array().take()};
  }

  static rest_answer simple(std::string_view target, const market_set& markets,
                            std::int64_t now_ns) {
    const auto currency = query_value(target, "vs_currencies").value_or("");
    frame_writer out;
    out.begin_object();
    for (const auto& id : parts_of(query_value(target, "ids").value_or(""))) {
      const auto* const of = markets.find(id, currency);
      if (of == nullptr) continue;
      const auto& day = of->statistics();
      out.key(id).begin_object().field(currency, day.last, as_number);
      out.field(currency + "_24h_vol", product(day.volume, day.average, 4), as_number);
      out.field("last_updated_at", now_ns / minute_ns * 60).end_object();
    }
    return {200, out.end_object().take()};
  }

  // The time of a row is the end of its candle.
  static rest_answer ohlc(std::string_view target, const std::string& id, const market_set& markets,
                          std::int64_t now_ns) {
    const auto* const of = markets.find(id, query_value(target, "vs_currency").value_or(""));
    if (of == nullptr) return {404, R"({"error":"coin not found"})"};
    const auto days = std::clamp<std::int64_t>(query_number(target, "days", 1), 1, 365);
    const auto interval_ns = (days <= 2 ? 30 : days <= 30 ? 240 : 5760) * minute_ns;
    frame_writer out;
    out.begin_array();
    for (const auto& what : past_candles(*of, interval_ns, now_ns - days * day_ns, now_ns, now_ns,
                                         1000, candle_end::newest)) {
      out.begin_array().number((what.open_ns + interval_ns) / 1'000'000);
      out.digits(what.open, as_number).digits(what.high, as_number);
      out.digits(what.low, as_number).digits(what.close, as_number).end_array();
    }
    return {200, out.end_array().take()};
  }
};

class coinalyze_simulator final : public rest_simulator {
 public:
  std::string_view name() const override { return "coinalyze"; }
  std::string websocket_url() const override { return "wss://api.coinalyze.net"; }
  std::string rest_url() const override { return "https://api.coinalyze.net"; }
  std::uint16_t default_port() const override { return 9110; }

  // Perpetuals of the exchange whose code is A.
  market_spec spec_of(const instrument& details) const override {
    if (details.type != market_type::perpetual) {
      throw std::invalid_argument(details.symbol() + ": only perpetuals are played");
    }
    auto spec = default_spec(details);
    spec.venue_symbol = details.base + details.quote + "_PERP.A";
    return spec;
  }

  rest_answer rest(std::string_view method, std::string_view target, const market_set& markets,
                   std::int64_t now_ns) const override {
    const auto path = std::string(path_of(target));
    const auto interval_ns = interval_of(query_value(target, "interval").value_or(""));
    const bool known = path == "/v1/ohlcv-history" || path == "/v1/open-interest-history" ||
                       path == "/v1/funding-rate-history" || path == "/v1/liquidation-history";
    if (method != "GET" || !known) return {404, R"({"message":"Not found"})"};
    if (interval_ns == 0) return {400, R"({"message":"Invalid interval"})"};
    const auto from_ns = query_number(target, "from", 0) * second_ns;
    const auto to_ns = query_number(target, "to", 0) * second_ns + 1;
    frame_writer out;
    out.begin_array();
    for (const auto& symbol : parts_of(query_value(target, "symbols").value_or(""))) {
      const auto* const of = markets.find(symbol);
      if (of == nullptr) continue;
      out.begin_object().field("symbol", symbol).key("history").begin_array();
      for (const auto& what :
           past_candles(*of, interval_ns, from_ns, to_ns, now_ns, 2000, candle_end::newest)) {
        write_point(path, what, out);
      }
      out.end_array().end_object();
    }
    return {200, out.end_array().take()};
  }

 private:
  static std::int64_t interval_of(const std::string& name) {
    if (name == "daily") return day_ns;
    if (name.ends_with("min")) return parse_interval(name.substr(0, name.size() - 2));
    return name.ends_with("hour") ? parse_interval(name.substr(0, name.size() - 3)) : 0;
  }

  static void write_point(const std::string& path, const market_candle& what, frame_writer& out) {
    const decimal rate{what.trades, -6};
    out.begin_object().field("t", what.open_ns / second_ns);
    if (path == "/v1/ohlcv-history") {
      out.field("o", what.open, as_number).field("h", what.high, as_number);
      out.field("l", what.low, as_number).field("c", what.close, as_number);
      out.field("v", what.volume, as_number).field("tx", what.trades);
    } else if (path == "/v1/liquidation-history") {
      out.field("l", what.volume, as_number).field("s", rate, as_number);
    } else {
      const auto& value = path == "/v1/funding-rate-history" ? rate : what.volume;
      for (const char* name : {"o", "h", "l", "c"}) out.field(name, value, as_number);
    }
    out.end_object();
  }
};

const simulator_registration<coingecko_simulator> registered_coingecko;
const simulator_registration<coinalyze_simulator> registered_coinalyze;

}  // namespace
}  // namespace feedtree::simulator
