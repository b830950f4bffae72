// Kraken Futures (derivatives): WebSocket API v1.
// https://docs.kraken.com/exchange/api-reference/futures-websocket
#include <algorithm>
#include <array>

#include "adapters/venues/kraken_futures_session.hpp"

namespace feedtree::venues {
namespace kraken_family {
namespace {

constexpr std::string_view futures_name = "kraken-futures";
constexpr std::string_view futures_websocket_url = "wss://futures.kraken.com/ws/v1";
// https://docs.kraken.com/api-reference/instrument-details/get-instruments
constexpr std::string_view instruments_url =
    "https://futures.kraken.com/derivatives/api/v3/instruments";
constexpr std::int64_t one_second_ns = 1'000'000'000;
// Ours: the venue states no limit, but a frame should not ask for everything at once.
constexpr std::size_t products_per_request = 100;

std::string_view feed_of(event_kind kind) {
  switch (kind) {
    case event_kind::book:
      return "book";
    case event_kind::trade:
    case event_kind::liquidation:
      return "trade";
    default:
      return "ticker";
  }
}

// The kinds that a feed carries.
std::vector<event_kind> kinds_of(std::string_view feed) {
  if (feed == "book") return {event_kind::book};
  if (feed == "trade") return {event_kind::trade, event_kind::liquidation};
  if (feed == "ticker_lite") return {event_kind::ticker};
  if (feed != "ticker") return {};
  return {event_kind::ticker, event_kind::funding, event_kind::open_interest};
}

// 210730 of FI_XBTUSD_210730; nothing if it is no date.
std::uint32_t to_expiry(std::string_view yymmdd) {
  if (yymmdd.size() != 6) return 0;
  std::uint32_t date = 0;
  for (const char c : yymmdd) {
    if (c < '0' || c > '9') return 0;
    date = date * 10 + static_cast<std::uint32_t>(c - '0');
  }
  const auto month = date / 100 % 100;
  const auto day = date % 100;
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 ? 20'000'000 + date : 0;
}

// XBTUSD into XBT and USD: the quote is the last asset known to be one.
bool split_pair(std::string_view pair, std::string& base, std::string& quote) {
  static constexpr std::array<std::string_view, 8> quotes{"USDT", "USDC", "USD", "EUR",
                                                          "GBP",  "XBT",  "BTC", "ETH"};
  for (const auto text : quotes) {
    if (pair.size() <= text.size() || !pair.ends_with(text)) continue;
    base = canonical_asset(pair.substr(0, pair.size() - text.size()));
    quote = canonical_asset(text);
    return true;
  }
  return false;
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

// The instrument of a product, by its name: PI_XBTUSD (inverse perpetual, settled in its base),
// FI_XBTUSD_210730 (inverse future), PF_ETHUSD and FF_XBTUSD_251226 (multi-collateral perpetual and
// future), PV_ and FV_ (settled in the quote). Names are compared in capitals.
// https://support.kraken.com/articles/360022835891-ticker-symbols-derivatives
std::optional<instrument> parse_product(std::string_view product) {
  const auto name = upper_case(product);
  const std::string_view text = name;
  if (text.size() < 6 || text[2] != '_') return {};
  const auto prefix = text.substr(0, 2);
  const bool perpetual = prefix[0] == 'P';
  const bool inverse = prefix[1] == 'I';
  if ((!perpetual && prefix[0] != 'F') || (!inverse && prefix[1] != 'F' && prefix[1] != 'V')) {
    return {};
  }
  const auto pair = text.substr(3, text.find('_', 3) - 3);
  std::string base;
  std::string quote;
  if (!split_pair(pair, base, quote) || !is_plain(base)) return {};
  const auto settle = inverse ? base : quote;
  const bool dated = text.size() > 3 + pair.size();
  if (perpetual) {
    if (dated) return {};
    return instrument::perpetual(base, quote, settle);
  }
  const auto expiry = dated ? to_expiry(text.substr(4 + pair.size())) : 0;
  if (expiry == 0) return {};
  return instrument::future(base, quote, settle, expiry);
}

// {"event":"subscribe","feed":"book","product_ids":["PI_XBTUSD"]}
void append_frames(std::string_view event, std::string_view feed,
                   const std::vector<std::string_view>& products, std::vector<std::string>& out) {
  for (std::size_t at = 0; at < products.size(); at += products_per_request) {
    std::string text = R"({"event":")";
    text.append(event).append(R"(","feed":")").append(feed).append(R"(","product_ids":[)");
    text.append(quoted_list(products, at, products_per_request)).append("]}");
    out.push_back(std::move(text));
  }
}

// One feed after the other, each product once: a feed may serve several kinds.
void append_frames(std::string_view event, std::span<const stream> streams,
                   std::vector<std::string>& out) {
  for (const std::string_view feed : {"book", "trade", "ticker"}) {
    std::vector<std::string_view> products;
    for (const auto& what : streams) {
      const std::string_view product = what.where->venue_symbol;
      if (feed_of(what.kind) != feed) continue;
      if (std::find(products.begin(), products.end(), product) == products.end()) {
        products.push_back(product);
      }
    }
    append_frames(event, feed, products, out);
  }
}

}  // namespace

// Subscriptions. https://docs.kraken.com/exchange/guides/futures/websockets

std::vector<std::string> futures_session::subscribe_frames(std::span<const stream> streams) {
  std::vector<std::string> frames;
  // https://docs.kraken.com/exchange/api-reference/futures-websocket/heartbeat
  if (!std::exchange(heartbeat_asked_, true)) {
    frames.emplace_back(R"({"event":"subscribe","feed":"heartbeat"})");
  }
  for (const auto& what : streams) asked_.add(what.kind, what.where);
  append_frames("subscribe", streams, frames);
  return frames;
}

std::vector<std::string> futures_session::unsubscribe_frames(std::span<const stream> streams) {
  for (const auto& what : streams) asked_.remove(what.kind, what.where);
  std::vector<stream> ended;
  for (const auto& what : streams) {
    const auto sharing = kinds_of(feed_of(what.kind));
    const bool shared = std::any_of(sharing.begin(), sharing.end(), [&](event_kind kind) {
      return asked_.asked(kind, what.where);
    });
    if (!shared) ended.push_back(what);
  }
  std::vector<std::string> frames;
  append_frames("unsubscribe", ended, frames);
  return frames;
}

// "Send a ping at least every 60 seconds": the WebSocket's own; the protocol has none.
// https://docs.kraken.com/exchange/api-reference/futures-websocket
std::optional<keep_alive> futures_session::keeps_alive() const {
  return keep_alive{"", 30 * one_second_ns};
}

void futures_session::on_connected() {
  trade_watch_.on_connected();
  asked_ = {};
  heartbeat_asked_ = false;
}

// {"event":"info","version":1}
// {"event":"subscribed","feed":"book","product_ids":["FI_ETHUSD_211231"]}
// {"event":"error","message":"Json Error"}
// {"event":"challenge","message":"226aee50-..."}: for private feeds; never asked for.
void futures_session::read_event(const futures_fields& fields, frame_report& report) {
  if (fields.event == "subscribed") {
    report_answer(fields, true, report);
  } else if (fields.event == "subscribed_failed") {
    report_answer(fields, false, report);
  } else if (fields.event == "alert") {
    read_alert(fields, report);
  } else if (fields.event == "error" || fields.event == "unsubscribed_failed") {
    report.error = fields.message.empty() ? fields.event : fields.message;
  }
}

void futures_session::report_answer(const futures_fields& fields, bool accepted,
                                    frame_report& report) {
  const auto kinds = kinds_of(fields.feed_text);
  for (const auto& product : fields.products) {
    subscription_answer result;
    result.text.append(fields.feed_text).append(" ").append(product);
    result.where = accepted ? listing_of(product) : table_.find(product);
    result.accepted = accepted;
    if (!accepted) result.reason = fields.message.empty() ? fields.event : fields.message;
    for (const auto kind : kinds) {
      if (result.where == nullptr || !asked_.asked(kind, result.where)) continue;
      result.kind = kind;
      report.subscriptions.push_back(result);
    }
    if (result.kind.has_value()) continue;
    if (!kinds.empty()) result.kind = kinds.front();
    report.subscriptions.push_back(std::move(result));
  }
}

// {"event":"alert","message":"Couldn't subscribe to invalid product `PF_NOTAREALTHING`"}: the only
// refusal that names a product; the feed is not said.
// {"event":"alert","message":"Already subscribed to feed, re-requesting"}: of no interest.
void futures_session::read_alert(const futures_fields& fields, frame_report& report) const {
  const auto message = fields.message;
  if (message.starts_with("Already subscribed")) return;
  const auto begin = message.find('`');
  const auto end = begin == std::string_view::npos ? begin : message.find('`', begin + 1);
  if (end == std::string_view::npos || message.find("subscribe") == std::string_view::npos) {
    report.error = message;
    return;
  }
  subscription_answer result;
  result.text = message.substr(begin + 1, end - begin - 1);
  result.where = table_.find(result.text);
  result.reason = message;
  report.subscriptions.push_back(std::move(result));
}

// Symbols. In frames they are in capitals but for some letters (PF_AAPLxUSD); REST bodies of 2021
// have them in small letters.

const listing* futures_session::add_product(std::string_view product) {
  const auto details = parse_product(product);
  if (!details) return nullptr;
  const auto capitals = upper_case(product);
  const bool small = product.starts_with("p") || product.starts_with("f");
  const auto* const where =
      registry_.intern(futures_name, *details, small ? capitals : std::string(product));
  // Another product of the same instrument is not mixed with it.
  if (upper_case(where->venue_symbol) != capitals) return nullptr;
  table_.add(product, where);
  table_.add(capitals, where);
  return where;
}

// Null if the product was not seen yet.
const listing* futures_session::known_listing(std::string_view product) const {
  return last_listing_ != nullptr && product == last_product_ ? last_listing_
                                                              : table_.find(product);
}

const listing* futures_session::listing_of(std::string_view product) {
  const auto* where = known_listing(product);
  if (where == nullptr) where = add_product(product);
  if (where == nullptr) {
    throw decode_error("product_id: not a product: " + std::string(product.substr(0, 40)));
  }
  last_product_ = product;
  last_listing_ = where;
  return where;
}

// {"symbol":"PI_XBTUSD","type":"futures_inverse",...,"tradeable":true,...}; contracts that open
// later are listed before.
void futures_session::read_product(json::value& from) {
  std::string_view product;
  bool trades = true;
  each_member(from.get_object(), [&](json_key name, json::value& field) {
    if (name == "symbol") product = json::to_text(field, "symbol");
    if (name == "tradeable") trades = json::token(field) != "false";
  });
  const auto details = trades ? std::optional<instrument>() : parse_product(product);
  if (details) {
    symbols_.set_not_trading(details->symbol(), "not tradeable");
  } else {
    add_product(product);
  }
}

namespace {

class kraken_futures final : public venue {
 public:
  std::string_view name() const override { return futures_name; }

  // 100 connections at a time and 100 requests a second; /derivatives may cost 500 in ten seconds.
  // https://docs.kraken.com/exchange/guides/futures/ratelimits
  venue_limits limits() const override {
    venue_limits result;
    result.streams_per_request = products_per_request;
    result.heartbeat_ns = 1'000'000'000;
    result.messages = {100, one_second_ns};
    result.rest = {500, 10 * one_second_ns};
    return result;
  }

  std::vector<event_kind> kinds() const override {
    return {event_kind::trade,   event_kind::book,          event_kind::ticker,
            event_kind::funding, event_kind::open_interest, event_kind::liquidation};
  }

  bool offers(const instrument& what) const override {
    return what.type == market_type::perpetual || what.type == market_type::future;
  }

  std::vector<rest_request> symbol_requests(const venue_addresses& at) const override {
    return {{rest_purpose::symbols, address_of(instruments_url, at.rest_url), nullptr, 1}};
  }

  std::vector<connection_plan> plan(std::span<const stream> streams,
                                    const venue_addresses& at) const override {
    std::vector<stream> given;
    std::copy_if(streams.begin(), streams.end(), std::back_inserter(given),
                 [this](const stream& what) { return refuses(what).empty(); });
    return split_streams(given, limits(), address_of(futures_websocket_url, at.websocket_url));
  }

  // Books are whole, so a depth asks for no more than is given.
  std::string refuses(const stream& what) const override {
    const bool perpetual =
        what.where == nullptr || what.where->details.type == market_type::perpetual;
    if (what.kind == event_kind::funding && !perpetual) {
      return "kraken-futures has funding for perpetuals only";
    }
    return venue::refuses(what);
  }

  std::unique_ptr<session> make_session(venue_symbols& symbols, std::string_view,
                                        const venue_addresses& at) const override {
    return std::make_unique<futures_session>(symbols, at);
  }

  bool gives_trades_by_time() const override { return true; }

  // "seq" counts the messages of a product's book, from its snapshot on, one by one.
  guard_ptr make_guard(const stream&) const override { return make_contiguous_guard(); }

  keeper_options book_options(const stream&) const override { return {}; }
};

const venue_registration<kraken_futures> registered;

}  // namespace
}  // namespace kraken_family
}  // namespace feedtree::venues
