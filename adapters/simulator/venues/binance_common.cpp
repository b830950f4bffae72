#include "adapters/simulator/venues/binance_common.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "adapters/simulator/client_request.hpp"
#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/venues/binance_protocol.hpp"
#include "adapters/simulator/venues/candle_answers.hpp"

namespace feedtree::simulator::binance {
namespace {

constexpr int status_bad_request = 400;
constexpr int status_not_found = 404;
constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t hour_ms = 3'600'000;

rest_answer too_old() {
  return {status_bad_request,
          rest_error(-4166, "Search window is restricted to recent 2 days only.")};
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

// Nothing if the query has no such number.
std::optional<std::int64_t> number_of(std::string_view target, std::string_view name) {
  const auto text = query_value(target, name);
  if (!text) return {};
  std::int64_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [last, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc{} || last != end) return -1;
  return value;
}

using stream_types = std::vector<std::string_view>;

// One request for all streams, for the venue takes few messages a second.
client_script script_of(std::string target, const stream_types& types, const market_set& markets) {
  frame_writer out;
  out.begin_object().field("method", "SUBSCRIBE").key("params").begin_array();
  for (std::size_t at = 0; at < markets.size(); ++at) {
    for (const auto type : types) {
      out.text(lower(markets.at(at).venue_symbol()) + "@" + std::string(type));
    }
  }
  out.end_array().field("id", 1).end_object();
  return {{}, std::move(target), {out.take()}, {}};
}

}  // namespace

std::string date_suffix(const instrument& details) {
  return details.type == market_type::future
             ? "_" + std::to_string(details.expiry_yyyymmdd).substr(2)
             : std::string();
}

void market_simulator::lacks(const instrument& details, std::string_view reason) const {
  throw std::invalid_argument(details.symbol() + ": " + std::string(at_.name) + " " +
                              std::string(reason));
}

// USD-M is split over two paths; the others have one.
bool market_simulator::accepts(std::string_view target) const {
  auto path = path_of(target);
  if (at_.how == dialect::usdm) {
    if (!path.starts_with("/public/") && !path.starts_with("/market/")) return false;
    path.remove_prefix(7);
  }
  return path == "/stream" || path == "/ws" || path.starts_with("/ws/");
}

bool market_simulator::streams_in_target(std::string_view target) const {
  return query_value(target, "streams").has_value() ||
         path_of(target).find("/ws/") != std::string_view::npos;
}

std::unique_ptr<protocol> market_simulator::make_protocol(const market_set& markets) const {
  return std::make_unique<stream_protocol>(at_.how, markets);
}

rest_answer market_simulator::rest(std::string_view method, std::string_view target,
                                   const market_set& markets, std::int64_t now_ns) const {
  auto path = path_of(target);
  if (method != "GET" || !path.starts_with(at_.rest_prefix)) {
    return {status_not_found, rest_error(-5000, "Path " + std::string(path) + " is invalid")};
  }
  path.remove_prefix(at_.rest_prefix.size());
  if (path == "/ping") return {200, "{}"};
  if (path == "/time") return {200, server_time(now_ns)};
  if (path == "/exchangeInfo") return {200, exchange_info(at_.how, markets, now_ns)};
  return answer_of_symbol(path, target, markets, now_ns);
}

// https://github.com/binance/binance-spot-api-docs/blob/master/errors.md
rest_answer market_simulator::answer_of_symbol(std::string_view path, std::string_view target,
                                               const market_set& markets,
                                               std::int64_t now_ns) const {
  const bool is_depth = path == "/depth";
  const bool is_interest = at_.how != dialect::spot && path == "/openInterest";
  const bool is_trades = path == "/aggTrades";
  const bool is_candles = path == "/klines";
  if (!is_depth && !is_interest && !is_trades && !is_candles) {
    return {status_not_found, rest_error(-5000, "Path " + std::string(path) + " is invalid")};
  }
  const auto symbol = query_value(target, "symbol").value_or("");
  if (symbol.empty()) {
    return {status_bad_request, rest_error(-1102,
                                           "Mandatory parameter 'symbol' was not sent, was "
                                           "empty/null, or malformed.")};
  }
  const auto* const of = markets.find(symbol);
  if (of == nullptr) return {status_bad_request, rest_error(-1121, "Invalid symbol.")};
  if (is_trades) return trades(target, *of, now_ns);
  if (is_candles) return binance_candles(target, *of, at_.how == dialect::coinm, now_ns);
  return is_depth ? depth(target, *of, now_ns)
                  : rest_answer{200, open_interest(at_.how, *of, now_ns)};
}

rest_answer market_simulator::depth(std::string_view target, const market& of,
                                    std::int64_t now_ns) const {
  const std::int64_t unless_said = at_.how == dialect::spot ? 100 : 500;
  const auto limit = number_of(target, "limit").value_or(unless_said);
  if (!is_limit(limit)) {
    return {status_bad_request, rest_error(-1130, "Data sent for parameter 'limit' is not valid.")};
  }
  return {200, depth_snapshot(at_.how, of, static_cast<std::size_t>(limit), now_ns)};
}

// Aggregate trades from an id on; without one the last ones.
rest_answer market_simulator::trades(std::string_view target, const market& of,
                                     std::int64_t now_ns) const {
  constexpr std::int64_t most = 1000;
  const auto limit = number_of(target, "limit").value_or(500);
  if (limit <= 0 || limit > most) {
    return {status_bad_request, rest_error(-1130, "Data sent for parameter 'limit' is not valid.")};
  }
  const auto last = static_cast<std::int64_t>(of.last_trade_id());
  const auto from =
      number_of(target, "fromId").value_or(std::max<std::int64_t>(1, last - limit + 1));
  if (const auto start = number_of(target, "startTime")) {
    if (is_too_old(*start * ms, now_ns)) return too_old();
    return trades_of(target, of, *start, limit);
  }
  if (from < 0) {
    return {status_bad_request,
            rest_error(-1130, "Data sent for parameter 'fromId' is not valid.")};
  }
  const auto found =
      of.trades_from(static_cast<std::uint64_t>(from), static_cast<std::size_t>(limit));
  if (!found.empty() && is_too_old(found.front().exchange_ns, now_ns)) return too_old();
  return {200, agg_trades(at_.how, found)};
}

// USD-M gives trades of the last two days, whether they are asked for by time or by number.
bool market_simulator::is_too_old(std::int64_t trade_ns, std::int64_t now_ns) const {
  return at_.how == dialect::usdm && trade_ns < now_ns - 48 * hour_ms * ms;
}

// Aggregate trades of a time of at most an hour.
rest_answer market_simulator::trades_of(std::string_view target, const market& of,
                                        std::int64_t start_ms, std::int64_t limit) const {
  const auto end_ms = number_of(target, "endTime").value_or(start_ms + hour_ms - 1);
  if (end_ms - start_ms > hour_ms) {
    return {status_bad_request,
            rest_error(-1127, "More than 1 hours between startTime and endTime.")};
  }
  auto found = of.trades_after(start_ms * ms - 1, static_cast<std::size_t>(limit));
  std::erase_if(found, [&](const market_trade& what) { return what.exchange_ns / ms > end_ms; });
  return {200, agg_trades(at_.how, found)};
}

// Spot gives any depth up to 5000, futures only these.
bool market_simulator::is_limit(std::int64_t limit) const {
  constexpr std::array<std::int64_t, 7> contract_limits{5, 10, 20, 50, 100, 500, 1000};
  if (at_.how == dialect::spot) return limit > 0 && limit <= 5000;
  return std::find(contract_limits.begin(), contract_limits.end(), limit) != contract_limits.end();
}

std::string market_simulator::close_announcement(std::int64_t now_ns) const {
  return server_shutdown(now_ns);
}

std::vector<client_script> market_simulator::scripts(const market_set& markets) const {
  const stream_types books{"depth@100ms", "bookTicker"};
  stream_types others{"aggTrade", "ticker", "kline_1m"};
  if (at_.how != dialect::spot) {
    others.emplace_back("markPrice@1s");
    others.emplace_back("forceOrder");
  }
  std::vector<client_script> all;
  if (at_.how == dialect::usdm) {
    all.push_back(script_of("/public/stream", books, markets));
    all.push_back(script_of("/market/stream", others, markets));
  } else {
    others.insert(others.begin(), books.begin(), books.end());
    all.push_back(script_of("/stream", others, markets));
  }
  const std::string prefix(at_.rest_prefix);
  all.front().rest_before.push_back(prefix + "/exchangeInfo");
  for (std::size_t at = 0; at < markets.size(); ++at) {
    const auto query = "?symbol=" + markets.at(at).venue_symbol();
    all.front().rest_after.push_back(prefix + "/depth" + query + "&limit=1000");
    if (at_.how != dialect::spot)
      all.front().rest_after.push_back(prefix + "/openInterest" + query);
  }
  return all;
}

}  // namespace feedtree::simulator::binance
