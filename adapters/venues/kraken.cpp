// Kraken, spot market: WebSocket API v2.
// https://docs.kraken.com/exchange/api-reference/spot-websocket
#include <algorithm>
#include <array>

#include "adapters/venues/kraken_guard.hpp"
#include "adapters/venues/kraken_session.hpp"

namespace feedtree::venues {
namespace kraken_family {
namespace {

constexpr std::string_view venue_name = "kraken";
constexpr std::string_view websocket_url = "wss://ws.kraken.com/v2";
// https://docs.kraken.com/api-reference/market-data/get-tradable-asset-pairs
constexpr std::string_view asset_pairs_url = "https://api.kraken.com/0/public/AssetPairs";
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::array<std::size_t, 5> depths{10, 25, 100, 500, 1000};
constexpr std::size_t default_depth = 10;
constexpr std::array<std::int64_t, 9> candle_minutes{1, 5, 15, 30, 60, 240, 1440, 10080, 21600};
// Ours: the venue states no limit, but a frame should not ask for everything at once.
constexpr std::size_t symbols_per_request = 100;

std::size_t depth_of(const stream& book) {
  return book.depth == 0 ? default_depth : book.depth;
}

// The smallest depth that the venue offers and that holds this many levels.
std::size_t depth_holding(std::size_t levels) {
  for (const auto depth : depths) {
    if (levels <= depth) return depth;
  }
  return depths.back();
}

std::string_view channel_of(event_kind kind) {
  switch (kind) {
    case event_kind::book:
      return "book";
    case event_kind::trade:
      return "trade";
    case event_kind::candle:
      return "ohlc";
    default:
      return "ticker";
  }
}

std::optional<event_kind> kind_of(std::string_view channel) {
  if (channel == "book") return event_kind::book;
  if (channel == "trade") return event_kind::trade;
  if (channel == "ohlc") return event_kind::candle;
  if (channel == "ticker") return event_kind::ticker;
  return {};
}

bool is_asset(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

// {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10,"snapshot":true}}
void append_frames(std::string_view method, const request& what, std::string_view tail,
                   std::vector<std::string>& out) {
  for (std::size_t at = 0; at < what.symbols.size(); at += symbols_per_request) {
    std::string text = R"({"method":")";
    text.append(method).append(R"(","params":{"channel":")").append(what.channel);
    text.append(R"(","symbol":[)").append(quoted_list(what.symbols, at, symbols_per_request));
    text.append("]").append(what.options).append(tail).append("}}");
    out.push_back(std::move(text));
  }
}

}  // namespace

// Subscriptions. https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/book

// The ticker channel serves two kinds: it is sent on each trade, or on each change of the best bid
// or offer where quotes are wanted too.
std::string kraken_session::options_of(const stream& what) const {
  switch (what.kind) {
    case event_kind::book:
      return ",\"depth\":" + std::to_string(depth_of(what));
    case event_kind::trade:
      return {};
    case event_kind::candle:
      return ",\"interval\":" + std::to_string(what.interval_ns / minute_ns);
    default:
      return asked_.asked(event_kind::quote, what.where) ? R"(,"event_trigger":"bbo")"
                                                         : R"(,"event_trigger":"trades")";
  }
}

std::vector<request> kraken_session::requests(std::span<const stream> streams) const {
  std::vector<request> result;
  for (const auto& what : streams) {
    const auto channel = channel_of(what.kind);
    const auto options = options_of(what);
    auto found = std::find_if(result.begin(), result.end(), [&](const request& entry) {
      return entry.channel == channel && entry.options == options;
    });
    if (found == result.end()) found = result.insert(found, {channel, options, {}});
    const std::string_view symbol = what.where->venue_symbol;
    if (std::find(found->symbols.begin(), found->symbols.end(), symbol) == found->symbols.end()) {
      found->symbols.push_back(symbol);
    }
  }
  return result;
}

std::vector<std::string> kraken_session::subscribe_frames(std::span<const stream> streams) {
  std::vector<std::string> frames;
  // A ticker that is sent on trades has to end before it can be sent on quotes.
  std::vector<stream> replaced;
  for (const auto& what : streams) {
    if (what.kind == event_kind::quote && asked_.asked(event_kind::ticker, what.where) &&
        !asked_.asked(event_kind::quote, what.where)) {
      replaced.push_back(what);
    }
  }
  for (const auto& what : requests(replaced)) append_frames("unsubscribe", what, "", frames);
  for (const auto& what : streams) {
    asked_.add(what.kind, what.where);
    if (what.kind == event_kind::book) remember_depth(what.where, depth_of(what));
  }
  for (const auto& what : requests(streams)) {
    append_frames("subscribe", what, R"(,"snapshot":true)", frames);
  }
  return frames;
}

std::vector<std::string> kraken_session::unsubscribe_frames(std::span<const stream> streams) {
  auto left = asked_;
  for (const auto& what : streams) left.remove(what.kind, what.where);
  std::vector<stream> ended;
  for (const auto& what : streams) {
    const bool shared =
        channel_of(what.kind) == "ticker" &&
        (left.asked(event_kind::ticker, what.where) || left.asked(event_kind::quote, what.where));
    if (!shared) ended.push_back(what);
  }
  std::vector<std::string> frames;
  for (const auto& what : requests(ended)) append_frames("unsubscribe", what, "", frames);
  asked_ = std::move(left);
  return frames;
}

// https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/ping
std::optional<keep_alive> kraken_session::keeps_alive() const {
  return keep_alive{R"({"method":"ping"})", 30 * second_ns};
}

void kraken_session::on_connected() {
  asked_ = {};
  subscribed_depths_.clear();
}

void kraken_session::remember_depth(const listing* where, std::size_t depth) {
  if (where->index >= subscribed_depths_.size()) subscribed_depths_.resize(where->index + 1);
  subscribed_depths_[where->index] = static_cast<std::uint32_t>(depth);
}

// As subscribed; where that is not known (bare frames without the acknowledgement), the smallest
// depth that holds the snapshot.
std::uint32_t kraken_session::snapshot_depth(const listing* where,
                                             const book_change& snapshot) const {
  const auto known =
      where->index < subscribed_depths_.size() ? subscribed_depths_[where->index] : 0;
  if (known != 0) return known;
  return static_cast<std::uint32_t>(depth_holding(std::max(snapshot.bids, snapshot.asks)));
}

// Symbols: BASE/QUOTE with the common names of assets. AssetPairs still has the older names
// (XBT/USD), in "wsname".

void kraken_session::add_symbol(std::string_view symbol, std::string_view base,
                                std::string_view quote) {
  const auto base_asset = upper_case(base);
  const auto quote_asset = upper_case(quote);
  if (!is_asset(base_asset) || !is_asset(quote_asset)) return;
  const auto details = instrument::spot(std::string(canonical_asset(base_asset)),
                                        std::string(canonical_asset(quote_asset)));
  const auto* const where = registry_.intern(venue_name, details, symbol);
  // Another symbol of the same instrument (a token that differs in case only) is not mixed with it.
  if (where->venue_symbol == symbol) table_.add(symbol, where);
}

// Most frames are of the instrument before. Null if the symbol was not seen yet.
const listing* kraken_session::known_listing(std::string_view symbol) const {
  return last_listing_ != nullptr && symbol == last_symbol_ ? last_listing_ : table_.find(symbol);
}

const listing* kraken_session::listing_of(json::value& symbol) {
  if (last_listing_ != nullptr && json::token(symbol) == last_symbol_) return last_listing_;
  return listing_of(json::to_text(symbol, "symbol"));
}

const listing* kraken_session::listing_of(std::string_view symbol) {
  auto* where = table_.find(symbol);
  if (where == nullptr) {
    const auto slash = symbol.find('/');
    if (slash != std::string_view::npos) {
      add_symbol(symbol, symbol.substr(0, slash), symbol.substr(slash + 1));
    }
    where = table_.find(symbol);
  }
  if (where == nullptr) {
    const bool is_pair = symbol.find('/') != std::string_view::npos;
    throw decode_error(
        (is_pair ? "symbol: no instrument can have this name: " : "symbol: not BASE/QUOTE: ") +
        std::string(symbol.substr(0, 40)));
  }
  last_symbol_ = symbol;
  last_listing_ = where;
  return where;
}

// Answers.

// {"method":"subscribe","result":{"channel":"book","depth":10,"snapshot":true,"symbol":"BTC/USD"},
//  "success":true,"time_in":"...","time_out":"..."}, one for each symbol
// {"error":"Currency pair not supported XBT/EUR","method":"subscribe","success":false,
//  "symbol":"XBT/EUR"}
// {"Error":"Exceeded msg rate"}
void kraken_session::read_answer(const answer& reply, frame_report& report) {
  if (reply.method == "subscribe") {
    read_subscribed(reply, report);
  } else if (!reply.error.empty()) {
    report.error = reply.error;
  }
}

void kraken_session::read_subscribed(const answer& reply, frame_report& report) {
  if (reply.success && reply.symbol.empty()) return;  // a channel without symbols
  subscription_answer result;
  result.text.append(reply.channel).append(reply.channel.empty() ? "" : " ").append(reply.symbol);
  result.kind = kind_of(reply.channel);
  result.accepted = reply.success;
  result.reason = reply.error;
  result.where = reply.success ? listing_of(reply.symbol) : table_.find(reply.symbol);
  if (reply.success && result.kind == event_kind::book && reply.depth != 0) {
    remember_depth(result.where, reply.depth);
  }
  const bool quotes = result.kind == event_kind::ticker && result.where != nullptr &&
                      asked_.asked(event_kind::quote, result.where);
  if (!quotes || asked_.asked(event_kind::ticker, result.where)) {
    report.subscriptions.push_back(result);
  }
  if (!quotes) return;
  result.kind = event_kind::quote;
  report.subscriptions.push_back(std::move(result));
}

namespace {

class kraken final : public venue {
 public:
  std::string_view name() const override { return venue_name; }

  // Connects: about 150 in ten minutes an address, says the FAQ; the REST limit is one call a
  // second for public calls. The rate of messages that we may send is not stated ("Exceeded msg
  // rate" is the answer to too many): ten a second is ours.
  venue_limits limits() const override {
    venue_limits result;
    result.streams_per_request = symbols_per_request;
    result.heartbeat_ns = 1'000'000'000;
    result.connects = {150, 600 * second_ns};
    result.messages = {10, second_ns};
    result.rest = {1, second_ns};
    return result;
  }

  std::vector<event_kind> kinds() const override {
    return {event_kind::trade, event_kind::book, event_kind::quote, event_kind::ticker,
            event_kind::candle};
  }

  bool offers(const instrument& what) const override { return what.type == market_type::spot; }

  std::vector<rest_request> symbol_requests(const venue_addresses& at) const override {
    return {{rest_purpose::symbols, address_of(asset_pairs_url, at.rest_url), nullptr, 1}};
  }

  std::vector<connection_plan> plan(std::span<const stream> streams,
                                    const venue_addresses& at) const override {
    std::vector<stream> given;
    std::copy_if(streams.begin(), streams.end(), std::back_inserter(given),
                 [this](const stream& what) { return refuses(what).empty(); });
    return split_streams(given, limits(), address_of(websocket_url, at.websocket_url));
  }

  std::string refuses(const stream& what) const override {
    if (what.kind == event_kind::book && !offers(depths, depth_of(what))) {
      return "kraken has books of 10, 25, 100, 500 or 1000 levels, not " +
             std::to_string(what.depth);
    }
    if (what.kind == event_kind::candle &&
        (what.interval_ns % minute_ns != 0 ||
         !offers(candle_minutes, what.interval_ns / minute_ns))) {
      return "kraken has candles of 1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w or 15d, not " +
             interval_text(what.interval_ns);
    }
    return venue::refuses(what);
  }

  std::unique_ptr<session> make_session(venue_symbols& symbols, std::string_view,
                                        const venue_addresses& at) const override {
    return std::make_unique<kraken_session>(symbols, at);
  }

  // "trade_id" counts a symbol's trades one by one.
  bool numbers_trades() const override { return true; }

  guard_ptr make_guard(const stream&) const override { return make_book_guard(); }

  // The snapshot says the depth that was subscribed; this holds until it comes.
  keeper_options book_options(const stream& book) const override {
    keeper_options result;
    result.depth = depth_of(book);
    return result;
  }

 private:
  template <class Offered, class Value>
  static bool offers(const Offered& offered, Value value) {
    return std::find(offered.begin(), offered.end(), value) != offered.end();
  }
};

const venue_registration<kraken> registered;

}  // namespace
}  // namespace kraken_family
}  // namespace feedtree::venues
