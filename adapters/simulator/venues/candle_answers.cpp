#include "adapters/simulator/venues/candle_answers.hpp"

#include <algorithm>
#include <charconv>

#include "adapters/simulator/client_request.hpp"
#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/past_candles.hpp"
#include "adapters/simulator/venues/amounts.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t millisecond_ns = 1'000'000;
constexpr std::int64_t forever_ms = 9'000'000'000'000;
constexpr auto as_text = digits_as::text;

void prices(const market_candle& what, frame_writer& out) {
  out.digits(what.open, as_text).digits(what.high, as_text);
  out.digits(what.low, as_text).digits(what.close, as_text);
}

decimal money(const market_candle& what) {
  return product(what.average, what.volume, 8);
}

std::size_t limit_of(std::string_view target, std::int64_t otherwise, std::int64_t most) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(query_number(target, "limit", otherwise), 1, most));
}

// "1" is minutes, "D" and "W" are what they are called.
std::int64_t bybit_interval(const std::string& code) {
  if (code == "D") return 1440 * minute_ns;
  if (code == "W") return 7 * 1440 * minute_ns;
  std::int64_t minutes = 0;
  std::from_chars(code.data(), code.data() + code.size(), minutes);
  return minutes * minute_ns;
}

// "1m", "1H", "6Hutc", "1Dutc".
std::int64_t okx_interval(std::string code) {
  if (code.ends_with("utc")) code.resize(code.size() - 3);
  if (!code.empty() && code.back() != 'm') {
    code.back() = static_cast<char>(code.back() - 'A' + 'a');
  }
  return parse_interval(code);
}

std::int64_t coinbase_interval(std::string_view name) {
  constexpr std::pair<std::string_view, std::int64_t> names[] = {
      {"ONE_MINUTE", 1},     {"FIVE_MINUTE", 5}, {"FIFTEEN_MINUTE", 15},
      {"THIRTY_MINUTE", 30}, {"ONE_HOUR", 60},   {"TWO_HOUR", 120},
      {"FOUR_HOUR", 240},    {"SIX_HOUR", 360},  {"ONE_DAY", 1440}};
  for (const auto& [known, minutes] : names) {
    if (known == name) return minutes * minute_ns;
  }
  return 0;
}

}  // namespace

std::int64_t query_number(std::string_view target, std::string_view name, std::int64_t otherwise) {
  auto value = otherwise;
  const auto text = query_value(target, name).value_or("");
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The last 720, whatever time was asked for; the one that is open comes last.
rest_answer kraken_candles(std::string_view target, const market& of, std::string_view name,
                           std::int64_t now_ns) {
  constexpr std::size_t most = 720;
  const auto interval_ns = query_number(target, "interval", 1) * minute_ns;
  const auto since_ns = query_number(target, "since", 0) * second_ns;
  frame_writer out;
  out.begin_object().key("error").begin_array().end_array().key("result").begin_object();
  out.key(name).begin_array();
  std::int64_t last_ns = 0;
  for (const auto& what :
       past_candles(of, interval_ns, 0, now_ns, now_ns, most, candle_end::newest)) {
    last_ns = what.open_ns;
    if (what.open_ns <= since_ns) continue;
    out.begin_array().number(what.open_ns / second_ns);
    prices(what, out);
    out.digits(what.average, as_text).digits(what.volume, as_text).number(what.trades).end_array();
  }
  out.end_array().field("last", last_ns / second_ns).end_object();
  return {200, out.end_object().take()};
}

rest_answer kraken_futures_candles(std::string_view target, const market_set& markets,
                                   std::int64_t now_ns) {
  constexpr std::size_t most = 2000;
  constexpr std::string_view prefix = "/api/charts/v1/trade/";
  auto path = target.substr(0, target.find('?')).substr(prefix.size());
  const auto slash = path.find('/');
  const auto* const of = markets.find(path.substr(0, slash));
  const auto interval_ns = slash == path.npos ? 0 : parse_interval(path.substr(slash + 1));
  if (of == nullptr || interval_ns == 0) return {400, R"({"errors":[{"msg":"Invalid value"}]})"};
  const auto from_ns = query_number(target, "from", 0) * second_ns;
  const auto to_ns = query_number(target, "to", now_ns / second_ns) * second_ns + 1;
  const auto found =
      past_candles(*of, interval_ns, from_ns, to_ns, now_ns, most, candle_end::oldest);
  frame_writer out;
  out.begin_object().key("candles").begin_array();
  for (const auto& what : found) {
    out.begin_object().field("time", what.open_ns / millisecond_ns);
    out.field("open", what.open, as_text).field("high", what.high, as_text);
    out.field("low", what.low, as_text).field("close", what.close, as_text);
    out.field("volume", what.volume, as_text).end_object();
  }
  return {200, out.end_array().field("more_candles", found.size() == most).end_object().take()};
}

rest_answer binance_candles(std::string_view target, const market& of, bool inverse,
                            std::int64_t now_ns) {
  const auto interval_ns = parse_interval(query_value(target, "interval").value_or(""));
  if (interval_ns == 0) return {400, R"({"code":-1120,"msg":"Invalid interval."})"};
  const auto start = query_value(target, "startTime");
  const auto from_ns = query_number(target, "startTime", 0) * millisecond_ns;
  const auto to_ns = query_number(target, "endTime", forever_ms) * millisecond_ns + 1;
  const auto found =
      past_candles(of, interval_ns, from_ns, to_ns, now_ns, limit_of(target, 500, 1000),
                   start ? candle_end::oldest : candle_end::newest);
  frame_writer out;
  out.begin_array();
  for (const auto& what : found) {
    const auto in_base = inverse ? quotient(what.volume, what.average, 8) : money(what);
    out.begin_array().number(what.open_ns / millisecond_ns);
    prices(what, out);
    out.digits(what.volume, as_text);
    out.number((what.open_ns + interval_ns) / millisecond_ns - 1).digits(in_base, as_text);
    out.number(what.trades).digits(what.volume, as_text).digits(in_base, as_text).text("0");
    out.end_array();
  }
  return {200, out.end_array().take()};
}

// Newest first.
rest_answer coinbase_candles(std::string_view target, const market& of, std::int64_t now_ns) {
  constexpr std::int64_t most = 350;
  const auto interval_ns = coinbase_interval(query_value(target, "granularity").value_or(""));
  if (interval_ns == 0) {
    return {400, R"({"error":"INVALID_ARGUMENT","message":"granularity is required"})"};
  }
  const auto from_ns = query_number(target, "start", 0) * second_ns;
  const auto to_ns = query_number(target, "end", 0) * second_ns + 1;
  if ((to_ns - from_ns) / interval_ns >= most) {
    return {400, R"({"error":"INVALID_ARGUMENT","message":"number of candles requested"})"};
  }
  auto found = past_candles(of, interval_ns, from_ns, to_ns, now_ns, limit_of(target, most, most),
                            candle_end::newest);
  std::reverse(found.begin(), found.end());
  frame_writer out;
  out.begin_object().key("candles").begin_array();
  for (const auto& what : found) {
    out.begin_object().field("start", std::to_string(what.open_ns / second_ns));
    out.field("low", what.low, as_text).field("high", what.high, as_text);
    out.field("open", what.open, as_text).field("close", what.close, as_text);
    out.field("volume", what.volume, as_text).end_object();
  }
  return {200, out.end_array().end_object().take()};
}

// Newest first.
rest_answer bybit_candles(std::string_view target, const market_set& markets, std::int64_t now_ns) {
  const auto category = query_value(target, "category").value_or("");
  const auto symbol = query_value(target, "symbol").value_or("");
  const auto interval_ns = bybit_interval(query_value(target, "interval").value_or(""));
  const auto* const of = markets.find(symbol, category);
  frame_writer out;
  if (of == nullptr || interval_ns == 0) {
    out.begin_object().field("retCode", 10'001).field("retMsg", "params error");
    out.key("result").begin_object().end_object().field("time", now_ns / millisecond_ns);
    return {200, out.end_object().take()};
  }
  auto found = past_candles(*of, interval_ns, query_number(target, "start", 0) * millisecond_ns,
                            query_number(target, "end", forever_ms) * millisecond_ns + 1, now_ns,
                            limit_of(target, 200, 1000), candle_end::newest);
  std::reverse(found.begin(), found.end());
  out.begin_object().field("retCode", 0).field("retMsg", "OK").key("result").begin_object();
  out.field("symbol", symbol).field("category", category).key("list").begin_array();
  for (const auto& what : found) {
    const auto turnover =
        category == "inverse" ? quotient(what.volume, what.average, 8) : money(what);
    out.begin_array().text(std::to_string(what.open_ns / millisecond_ns));
    prices(what, out);
    out.digits(what.volume, as_text).digits(turnover, as_text).end_array();
  }
  out.end_array().end_object().field("time", now_ns / millisecond_ns);
  return {200, out.end_object().take()};
}

// Newest first; "after" and "before" are left out themselves.
rest_answer okx_candles(std::string_view target, const market_set& markets, std::int64_t now_ns) {
  const auto* const of = markets.find(query_value(target, "instId").value_or(""));
  const auto interval_ns = okx_interval(query_value(target, "bar").value_or("1m"));
  if (of == nullptr || interval_ns == 0) {
    return {200, R"({"code":"51001","msg":"Instrument ID does not exist","data":[]})"};
  }
  const auto from_ns = query_number(target, "before", -1) * millisecond_ns + 1;
  const auto to_ns = query_number(target, "after", forever_ms) * millisecond_ns;
  auto found = past_candles(*of, interval_ns, from_ns, to_ns, now_ns, limit_of(target, 100, 100),
                            candle_end::newest);
  std::reverse(found.begin(), found.end());
  frame_writer out;
  out.begin_object().field("code", "0").field("msg", "").key("data").begin_array();
  for (const auto& what : found) {
    out.begin_array().text(std::to_string(what.open_ns / millisecond_ns));
    prices(what, out);
    out.digits(what.volume, as_text).digits(what.volume, as_text);
    out.digits(money(what), as_text).text("1").end_array();
  }
  return {200, out.end_array().end_object().take()};
}

}  // namespace feedtree::simulator
