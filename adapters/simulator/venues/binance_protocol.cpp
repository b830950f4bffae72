#include "adapters/simulator/venues/binance_protocol.hpp"

#include <algorithm>
#include <utility>

#include "adapters/simulator/frame_writer.hpp"

namespace feedtree::simulator::binance {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::size_t spot_messages_max = 5;
constexpr std::size_t contract_messages_max = 10;
constexpr int invalid_request = 2;
constexpr int invalid_json = 3;

std::string upper(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

// Symbols are written in lower case.
bool is_symbol(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool has_candles(std::int64_t interval_ns) {
  const auto all = market::candle_intervals_ns();
  return std::find(all.begin(), all.end(), interval_ns) != all.end();
}

// {"result":null,"id":1}
std::string result_frame(std::string_view result, std::string_view id) {
  frame_writer out;
  return out.begin_object().key("result").raw(result).key("id").raw(id).end_object().take();
}

// {"error":{"code":2,"msg":"Invalid request: .."},"id":1}
std::string error_frame(int code, std::string_view text, std::string_view id) {
  frame_writer out;
  out.begin_object().key("error").begin_object().field("code", code).field("msg", text);
  out.end_object();
  if (!id.empty()) out.key("id").raw(id);
  return out.end_object().take();
}

// True if the step changed a best level, or what stands before it.
bool best_moved(const market_step& step, const market& of) {
  const auto bid = of.best(book_part::bids).price_mantissa;
  const auto ask = of.best(book_part::asks).price_mantissa;
  return (!step.bids.empty() && step.bids.front().price_mantissa >= bid) ||
         (!step.asks.empty() && step.asks.front().price_mantissa <= ask);
}

std::string list_of(const std::set<std::string>& names) {
  frame_writer out;
  out.begin_array();
  for (const auto& name : names) out.text(name);
  return out.end_array().take();
}

}  // namespace

std::optional<stream_name> parse_stream(dialect how, std::string_view name) {
  const auto at = name.find('@');
  if (at == std::string_view::npos || !is_symbol(name.substr(0, at))) return {};
  const auto type = name.substr(at + 1);
  stream_name result{upper(name.substr(0, at)), feed_kind::agg_trade, 0};
  const auto is = [&](feed_kind kind) {
    result.kind = kind;
    return result;
  };
  if (type == "aggTrade") return result;
  if (type == "depth@100ms") return is(feed_kind::depth);
  if (type == "bookTicker") return is(feed_kind::book_ticker);
  if (type == "ticker") return is(feed_kind::day_ticker);
  if (how != dialect::spot && type == "markPrice@1s") return is(feed_kind::mark_price);
  if (how != dialect::spot && type == "forceOrder") return is(feed_kind::force_order);
  if (!type.starts_with("kline_")) return {};
  result.interval_ns = parse_interval(type.substr(6));
  if (result.interval_ns == 0) return {};
  return is(feed_kind::kline);
}

// "/stream?streams=a/b" is combined, "/ws/a" is raw; USD-M has either below /public and /market.
void stream_protocol::on_connected(std::string_view target, std::int64_t now_ns, frames&) {
  second_ = now_ns / second_ns;
  auto path = path_of(target);
  for (const std::string_view part : {"/public", "/market"}) {
    if (!path.starts_with(part)) continue;
    path_ = part == "/public" ? "/public" : "/market";
    path.remove_prefix(part.size());
  }
  combined_ = !path.starts_with("/ws");
  const auto named = combined_ ? query_value(target, "streams").value_or("")
                               : std::string(path.substr(std::min(path.size(), std::size_t{4})));
  for (const auto& name : split(named, '/')) {
    if (parse_stream(how_, name)) add(name);
  }
}

void stream_protocol::on_client_frame(std::string_view text, std::int64_t now_ns, frames& out) {
  count_message(now_ns);
  const client_request from(text);
  const auto method = from.text("/method").value_or("");
  const auto id = from.raw("/id");
  if (!from.is_object()) {
    out.push_back(error_frame(invalid_json, "Invalid JSON: expected value at line 1 column 1", {}));
  } else if (id.empty() || !from.number("/id")) {
    out.push_back(error_frame(invalid_request,
                              "Invalid request: request ID must be an unsigned integer", {}));
  } else if (method == "SUBSCRIBE") {
    subscribe(from, id, out);
  } else if (method == "UNSUBSCRIBE") {
    for (const auto& name : from.texts("/params")) remove(name);
    out.push_back(result_frame("null", id));
  } else if (method == "LIST_SUBSCRIPTIONS") {
    out.push_back(result_frame(list_of(names_), id));
  } else {
    out.push_back(error_frame(invalid_request, "Invalid request: unknown variant " + method, id));
  }
}

// Streams of symbols that there are not are acknowledged too, and stay silent. A name that can be
// no stream spoils the whole request, and the answer does not say which.
void stream_protocol::subscribe(const client_request& from, std::string_view id, frames& out) {
  const auto names = from.texts("/params");
  const bool valid = !names.empty() && std::all_of(names.begin(), names.end(), [&](const auto& s) {
    return parse_stream(how_, s).has_value();
  });
  if (!valid) {
    out.push_back(error_frame(invalid_request, "Invalid request: invalid stream", id));
    return;
  }
  for (const auto& name : names) add(name);
  out.push_back(result_frame("null", id));
}

void stream_protocol::add(const std::string& name) {
  if (!names_.insert(name).second) return;
  const auto what = parse_stream(how_, name);
  const auto* const of = markets_.find(what->symbol);
  if (of == nullptr || !serves(what->kind)) return;
  if (what->kind == feed_kind::kline && !has_candles(what->interval_ns)) return;
  feeds_[of].push_back({name, *what, {}, 0, {}, -1});
}

void stream_protocol::remove(const std::string& name) {
  if (names_.erase(name) == 0) return;
  for (auto& [of, list] : feeds_) {
    std::erase_if(list, [&](const feed& entry) { return entry.name == name; });
  }
}

// On USD-M books and best prices are on one path and everything else on the other.
bool stream_protocol::serves(feed_kind kind) const {
  if (path_.empty()) return true;
  const bool is_public = kind == feed_kind::depth || kind == feed_kind::book_ticker;
  return is_public == (path_ == "/public");
}

void stream_protocol::count_message(std::int64_t now_ns) {
  messages_ns_.push_back(now_ns);
  while (messages_ns_.front() <= now_ns - second_ns) messages_ns_.pop_front();
  const auto most = how_ == dialect::spot ? spot_messages_max : contract_messages_max;
  if (messages_ns_.size() > most) wants_close_ = true;
}

void stream_protocol::send(const feed& to, std::string payload, frames& out) const {
  out.push_back(combined_ ? combined(to.name, payload) : std::move(payload));
}

void stream_protocol::on_step(const market& what, const market_step& step, frames& out) {
  const auto found = feeds_.find(&what);
  if (found == feeds_.end()) return;
  const bool best = best_moved(step, what);
  for (auto& entry : found->second) follow(entry, what, step, best, out);
}

void stream_protocol::follow(feed& to, const market& what, const market_step& step, bool best,
                             frames& out) {
  switch (to.what.kind) {
    case feed_kind::agg_trade:
      for (const auto& entry : step.trades) send(to, agg_trade(how_, what, entry), out);
      break;
    case feed_kind::depth:
      send(to, depth_update(how_, what, step), out);
      break;
    case feed_kind::book_ticker:
      if (best) send(to, book_ticker(how_, what), out);
      break;
    case feed_kind::kline:
      follow_candle(to, what, step.exchange_ns, out);
      break;
    case feed_kind::force_order:
      for (const auto& entry : step.trades) {
        if (entry.liquidation) to.forced = entry;
      }
      break;
    case feed_kind::day_ticker:
    case feed_kind::mark_price:
      break;  // on the timer
  }
}

// A candle whose time is over is sent once more, as it ended.
void stream_protocol::follow_candle(feed& to, const market& what, std::int64_t now_ns,
                                    frames& out) {
  const auto& present = what.candle(to.what.interval_ns);
  if (to.candle && to.candle->open_ns != present.open_ns) {
    send(to, kline(how_, what, *to.candle, true, to.candle_trade_id, now_ns), out);
    to.traded = -1;
  }
  to.candle = present;
  to.candle_trade_id = what.last_trade_id();
}

void stream_protocol::on_tick(std::int64_t now_ns, frames& out) {
  if (std::exchange(second_, now_ns / second_ns) == now_ns / second_ns) return;
  for (std::size_t at = 0; at < markets_.size(); ++at) {
    const auto found = feeds_.find(&markets_.at(at));
    if (found == feeds_.end()) continue;
    for (auto& entry : found->second) beat(entry, *found->first, now_ns, out);
  }
}

void stream_protocol::beat(feed& to, const market& what, std::int64_t now_ns, frames& out) {
  const auto trades = what.statistics().trades;
  if (to.what.kind == feed_kind::mark_price) {
    send(to, mark_price(how_, what, now_ns - now_ns % second_ns), out);
  } else if (to.what.kind == feed_kind::day_ticker) {
    if (std::exchange(to.traded, trades) != trades) send(to, day_ticker(how_, what, now_ns), out);
  } else if (to.what.kind == feed_kind::kline && to.candle) {
    if (std::exchange(to.traded, trades) == trades) return;
    send(to, kline(how_, what, *to.candle, false, to.candle_trade_id, now_ns), out);
  } else if (to.what.kind == feed_kind::force_order && to.forced) {
    send(to, force_order(how_, what, *std::exchange(to.forced, {})), out);
  }
}

}  // namespace feedtree::simulator::binance
