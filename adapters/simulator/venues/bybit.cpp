// Bybit, as the venue plays it: the v5 public streams of spot, linear and inverse markets, and the
// REST list of instruments. https://bybit-exchange.github.io/docs/v5/ws/connect
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
#include "adapters/simulator/venues/bybit_frames.hpp"
#include "adapters/simulator/venues/candle_answers.hpp"

namespace feedtree::simulator {
namespace {

using namespace bybit;  // NOLINT(google-build-using-namespace): the venue's own texts

constexpr std::int64_t minute_ns = 60'000'000'000;
constexpr std::string_view path_start = "/v5/public/";
constexpr std::array<std::string_view, 3> channels{"spot", "linear", "inverse"};
constexpr std::array<std::size_t, 4> book_depths{1, 50, 200, 1000};
// https://bybit-exchange.github.io/docs/v5/enum#interval
constexpr std::array<std::pair<std::string_view, std::int64_t>, 12> intervals{
    {{"1", minute_ns},
     {"3", 3 * minute_ns},
     {"5", 5 * minute_ns},
     {"15", 15 * minute_ns},
     {"30", 30 * minute_ns},
     {"60", 60 * minute_ns},
     {"120", 120 * minute_ns},
     {"240", 240 * minute_ns},
     {"360", 360 * minute_ns},
     {"720", 720 * minute_ns},
     {"D", 1'440 * minute_ns},
     {"W", 10'080 * minute_ns}}};

enum class topic_kind : std::uint8_t { book, trades, ticker, candles, liquidations };

// "orderbook.50.BTCUSDT", "publicTrade.BTCUSDT".
struct topic {
  std::string text;
  topic_kind kind = topic_kind::trades;
  std::size_t depth = 0;
  std::string_view interval;
  std::int64_t interval_ns = 0;
  const market* of = nullptr;
  std::string refusal;  // why there is no such topic; empty if there is
};

bool read_depth(std::string_view text, std::size_t& out) {
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out);
  return read.ptr == end &&
         std::find(book_depths.begin(), book_depths.end(), out) != book_depths.end();
}

bool read_interval(std::string_view text, topic& into) {
  for (const auto& [code, interval_ns] : intervals) {
    if (code != text) continue;
    into.interval = code;
    into.interval_ns = interval_ns;
    return true;
  }
  return false;
}

// The kind, and the argument where it has one; false if there is none like that.
bool read_kind(const std::vector<std::string>& words, std::string_view channel, topic& into) {
  const auto& name = words.front();
  if (words.size() == 3 && name == "orderbook") {
    into.kind = topic_kind::book;
    return read_depth(words[1], into.depth);
  }
  if (words.size() == 3 && name == "kline") {
    into.kind = topic_kind::candles;
    return read_interval(words[1], into);
  }
  if (words.size() != 2) return false;
  if (name == "allLiquidation") into.kind = topic_kind::liquidations;
  if (name == "tickers") into.kind = topic_kind::ticker;
  return name == "publicTrade" || name == "tickers" ||
         (name == "allLiquidation" && channel != "spot");
}

topic read_topic(const std::string& text, const market_set& markets, std::string_view channel) {
  topic what;
  what.text = text;
  const auto words = split(text, '.');
  if (!read_kind(words, channel, what)) {
    what.refusal = "error:handler not found,topic:" + text;
    return what;
  }
  what.of = markets.find(words.back(), channel);
  if (what.of == nullptr) what.refusal = "Invalid symbol :[" + text + "]";
  return what;
}

// A topic that a client has, and what it knows of it.
class subscription {
 public:
  explicit subscription(topic what) : what_(std::move(what)) {
    if (what_.kind == topic_kind::book) view_.emplace(what_.depth, fallen_levels::deleted);
  }

  const std::string& text() const { return what_.text; }

  void append_snapshot(frames& out) {
    const auto& of = *what_.of;
    if (view_) out.push_back(book_frame(of, what_.text, "snapshot", view_->snapshot(of)));
    if (what_.kind == topic_kind::ticker) {
      told_ = ticker_of(of);
      out.push_back(ticker_frame(of, what_.text, "snapshot", told_));
    }
    if (what_.kind == topic_kind::candles) candle_ = of.candle(what_.interval_ns);
  }

  void append_update(const market_step& step, frames& out) {
    switch (what_.kind) {
      case topic_kind::book:
        append_book(step, out);
        break;
      case topic_kind::trades:
        if (!step.trades.empty()) out.push_back(trade_frame(*what_.of, what_.text, step.trades));
        break;
      case topic_kind::ticker:
        append_ticker(out);
        break;
      case topic_kind::candles:
        append_candle(!step.trades.empty(), out);
        break;
      case topic_kind::liquidations:
        auto frame = liquidation_frame(*what_.of, what_.text, step.trades);
        if (!frame.empty()) out.push_back(std::move(frame));
        break;
    }
  }

 private:
  // Each step has the next update id, so that it is the same on every connection: a step that moves
  // nothing in this depth is a delta without levels. The top of the book comes as snapshots.
  void append_book(const market_step& step, frames& out) {
    const auto changes = view_->update(*what_.of, step);
    if (what_.depth != 1) {
      out.push_back(book_frame(*what_.of, what_.text, "delta", changes));
    } else if (!changes.empty()) {
      out.push_back(book_frame(*what_.of, what_.text, "snapshot", view_->present()));
    }
  }

  // Spot sends all fields, contracts those that changed.
  void append_ticker(frames& out) {
    auto now = ticker_of(*what_.of);
    ticker_fields changed;
    for (std::size_t at = 0; at < now.size(); ++at) {
      if (now[at] != told_[at]) changed.push_back(now[at]);
    }
    if (changed.empty()) return;
    const bool spot = what_.of->channel() == "spot";
    out.push_back(
        ticker_frame(*what_.of, what_.text, spot ? "snapshot" : "delta", spot ? now : changed));
    told_ = std::move(now);
  }

  // A candle that is over comes once more, confirmed.
  void append_candle(bool traded, frames& out) {
    const auto& now = what_.of->candle(what_.interval_ns);
    const bool over = now.open_ns != candle_.open_ns;
    if (over) out.push_back(candle_frame(*what_.of, what_.text, what_.interval, candle_, true));
    if (over || traded) {
      out.push_back(candle_frame(*what_.of, what_.text, what_.interval, now, false));
    }
    candle_ = now;
  }

  topic what_;
  std::optional<book_view> view_;
  ticker_fields told_;
  market_candle candle_;
};

class bybit_protocol : public protocol {
 public:
  explicit bybit_protocol(const market_set& markets) : markets_(markets) {}

  void on_connected(std::string_view target, std::int64_t now_ns, frames&) override {
    channel_ = path_of(target).substr(path_start.size());
    id_ = std::to_string(random_source(static_cast<std::uint64_t>(now_ns)).next());
  }

  void on_client_frame(std::string_view text, std::int64_t, frames& out) override {
    const client_request from(text);
    const auto op = from.text("/op").value_or("");
    if (op == "ping") {
      out.push_back(answer(from, op, true, "pong"));
    } else if (op == "subscribe") {
      subscribe(from, out);
    } else if (op == "unsubscribe") {
      unsubscribe(from, out);
    } else {
      out.push_back(answer(from, op, false, "error:unknown op"));
    }
  }

  void on_step(const market& what, const market_step& step, frames& out) override {
    const auto found = by_market_.find(&what);
    if (found == by_market_.end()) return;
    for (auto& entry : found->second) entry.append_update(step, out);
  }

  void on_tick(std::int64_t, frames&) override {}

 private:
  // All topics or none.
  void subscribe(const client_request& from, frames& out) {
    std::vector<topic> topics;
    for (const auto& text : from.texts("/args")) {
      topics.push_back(read_topic(text, markets_, channel_));
    }
    const auto problem = problem_with(topics);
    out.push_back(answer(from, "subscribe", problem.empty(), problem));
    if (!problem.empty()) return;
    for (auto& what : topics) {
      auto& list = by_market_[what.of];
      list.emplace_back(std::move(what)).append_snapshot(out);
    }
  }

  std::string problem_with(const std::vector<topic>& topics) const {
    constexpr std::size_t spot_args_max = 10;
    if (topics.empty()) return "error:args is empty";
    if (channel_ == "spot" && topics.size() > spot_args_max) return "args size >10";
    for (const auto& what : topics) {
      if (!what.refusal.empty()) return what.refusal;
      if (has(what)) return "error:already subscribed,topic:" + what.text;
    }
    return {};
  }

  bool has(const topic& what) const {
    const auto found = by_market_.find(what.of);
    return found != by_market_.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](const auto& entry) { return entry.text() == what.text; });
  }

  // What there is not to end is passed over.
  void unsubscribe(const client_request& from, frames& out) {
    for (const auto& text : from.texts("/args")) {
      for (auto& [of, list] : by_market_) {
        std::erase_if(list, [&](const auto& entry) { return entry.text() == text; });
      }
    }
    out.push_back(answer(from, "unsubscribe", true, ""));
  }

  // {"success":true,"ret_msg":"","conn_id":"d8bu1olkndm7crnfs1e0-j6akw","req_id":"1",
  //  "op":"subscribe"}
  std::string answer(const client_request& from, std::string_view op, bool success,
                     std::string_view message) const {
    frame_writer out;
    out.begin_object().field("success", success).field("ret_msg", message);
    out.field("conn_id", id_).field("req_id", from.text("/req_id").value_or(""));
    return out.field("op", op).end_object().take();
  }

  const market_set& markets_;
  std::string channel_ = "linear";
  std::string id_;
  std::unordered_map<const market*, std::vector<subscription>> by_market_;
};

bool is_quote(const instrument& what, std::initializer_list<std::string_view> quotes) {
  return std::find(quotes.begin(), quotes.end(), what.quote) != quotes.end();
}

std::string channel_of(const instrument& what) {
  if (what.type == market_type::spot) return "spot";
  if (what.type == market_type::option) return {};
  if (what.settle == what.quote && is_quote(what, {"USDT", "USDC"})) return "linear";
  return what.quote == "USD" && what.settle == what.base ? "inverse" : "";
}

std::string two_digits(std::uint32_t number) {
  return {static_cast<char>('0' + number / 10 % 10), static_cast<char>('0' + number % 10)};
}

// BTCUSDT-25SEP26, BTC-25SEP26 (USDC), BTCUSDU26 (inverse).
std::string dated_symbol(const instrument& what) {
  constexpr std::array<std::string_view, 12> months{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                    "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  constexpr std::string_view letters = "FGHJKMNQUVXZ";
  const auto month = what.expiry_yyyymmdd / 100 % 100 - 1;
  const auto year = two_digits(what.expiry_yyyymmdd / 10'000);
  if (what.settle == what.base) return what.base + "USD" + letters[month] + year;
  const auto day = std::to_string(what.expiry_yyyymmdd % 100);
  const auto pair = what.quote == "USDT" ? what.base + "USDT" : what.base;
  return pair + "-" + day + std::string(months.at(month)) + year;
}

std::string venue_symbol_of(const instrument& what) {
  if (what.type == market_type::future) return dated_symbol(what);
  if (what.type == market_type::perpetual && what.quote == "USDC") return what.base + "PERP";
  return what.base + what.quote;
}

class bybit_simulator : public venue_simulator {
 public:
  std::string_view name() const override { return "bybit"; }
  std::string websocket_url() const override { return "wss://stream.bybit.com"; }
  std::string rest_url() const override { return "https://api.bybit.com"; }
  std::uint16_t default_port() const override { return 9131; }
  bool accepts(std::string_view target) const override {
    const auto path = path_of(target);
    return path.starts_with(path_start) && is_channel(path.substr(path_start.size()));
  }

  market_spec spec_of(const instrument& details) const override {
    auto spec = default_spec(details);
    spec.channel = channel_of(details);
    if (spec.channel.empty()) {
      throw std::invalid_argument(details.symbol() + ": bybit has no such contract");
    }
    spec.venue_symbol = venue_symbol_of(details);
    if (spec.channel == "spot") set_quantity_digits(spec, 6);
    return spec;
  }

  std::unique_ptr<protocol> make_protocol(const market_set& markets) const override {
    return std::make_unique<bybit_protocol>(markets);
  }

  rest_answer rest(std::string_view method, std::string_view target, const market_set& markets,
                   std::int64_t now_ns) const override {
    if (method == "GET" && path_of(target) == "/v5/market/kline") {
      return bybit_candles(target, markets, now_ns);
    }
    if (method != "GET" || path_of(target) != "/v5/market/instruments-info") {
      return {404, rest_error(404, "Not Found", now_ns)};
    }
    const auto category = query_value(target, "category").value_or("");
    if (!is_channel(category)) return {200, rest_error(10'001, "Illegal category", now_ns)};
    const auto symbol = query_value(target, "symbol").value_or("");
    return {200, instruments_info(markets, category, symbol, now_ns)};
  }

  std::vector<client_script> scripts(const market_set& markets) const override {
    std::vector<client_script> all;
    for (const auto channel : channels) {
      client_script made{{instruments_target(channel)}, {}, {}, {}};
      made.target = std::string(path_start) + std::string(channel);
      for (std::size_t at = 0; at < markets.size(); ++at) {
        if (markets.at(at).channel() == channel)
          made.subscribe.push_back(everything(markets.at(at)));
      }
      if (!made.subscribe.empty()) all.push_back(std::move(made));
    }
    return all;
  }

 private:
  static bool is_channel(std::string_view text) {
    return std::find(channels.begin(), channels.end(), text) != channels.end();
  }

  static std::string instruments_target(std::string_view category) {
    return "/v5/market/instruments-info?category=" + std::string(category) + "&limit=1000";
  }

  static std::string everything(const market& of) {
    frame_writer out;
    out.begin_object().field("req_id", of.venue_symbol()).field("op", "subscribe").key("args");
    out.begin_array();
    for (const char* topic :
         {"orderbook.200.", "orderbook.1.", "publicTrade.", "tickers.", "kline.1."}) {
      out.text(topic + of.venue_symbol());
    }
    if (of.channel() != "spot") out.text("allLiquidation." + of.venue_symbol());
    return out.end_array().end_object().take();
  }
};

const simulator_registration<bybit_simulator> registered;

}  // namespace
}  // namespace feedtree::simulator
