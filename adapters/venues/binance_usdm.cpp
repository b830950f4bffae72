// Binance USD-M futures: settled in their quote asset.
// Documentation:
// https://developers.binance.com/en/docs/products/derivatives-trading-usds-futures/Introduction
// Its messages are in binance_messages.cpp, its REST answers in binance_rest.cpp.
#include <algorithm>
#include <array>

#include "adapters/venues/binance_common.hpp"

namespace feedtree::venues::binance {
namespace {

// Endpoints. Since April 2026 each stream is served on one of two paths only: books and best bid
// and offer on /public, everything else on /market.
// https://developers.binance.com/en/docs/products/derivatives-trading-usds-futures/websocket-market-streams/Important-WebSocket-Change-Notice
constexpr std::string_view public_url = "wss://fstream.binance.com/public/stream";
constexpr std::string_view market_url = "wss://fstream.binance.com/market/stream";
constexpr std::string_view rest_url = "https://fapi.binance.com/fapi/v1";

bool is_public(const stream& what) {
  return what.kind == event_kind::book || what.kind == event_kind::quote;
}

// Candle intervals; "1M" is left out, for months have no fixed length.
constexpr std::array<std::string_view, 14> intervals{"1m", "3m", "5m", "15m", "30m", "1h", "2h",
                                                     "4h", "6h", "8h", "12h", "1d",  "3d", "1w"};

// Quote assets, for symbols that exchangeInfo did not name.
constexpr std::array<std::string_view, 5> quotes{"USDT", "USDC", "BUSD", "BTC", "USD1"};

// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-usd-s-m-futures/api/rest-api/market-data#order-book
constexpr std::array<std::size_t, 7> snapshot_depths{5, 10, 20, 50, 100, 500, 1000};

std::uint32_t snapshot_weight(std::size_t depth) {
  if (depth <= 50) return 2;
  if (depth <= 100) return 5;
  return depth <= 500 ? 10 : 20;
}

// "BTCUSDT" is a perpetual, "BTCUSDT_260925" is delivered on that day.
std::optional<instrument> make(std::string_view symbol, std::string base, std::string quote,
                               std::string margin) {
  if (symbol.find('_') == std::string_view::npos) {
    return instrument::perpetual(std::move(base), std::move(quote), std::move(margin));
  }
  const auto date = delivery_date(symbol);
  if (date == 0) return {};
  return instrument::future(std::move(base), std::move(quote), std::move(margin), date);
}

std::optional<instrument> describe(const symbol_entry& entry) {
  return make(entry.symbol, std::string(entry.base), std::string(entry.quote),
              std::string(entry.margin));
}

std::optional<instrument> guess(std::string_view symbol) {
  const auto parts = split_at_quote(symbol.substr(0, symbol.find('_')), quotes);
  if (!parts) return {};
  return make(symbol, parts->first, parts->second, parts->second);
}

const market usdm{.name = "binance-usdm",
                  .rest_url = rest_url,
                  .derivative = true,
                  .intervals = intervals,
                  .snapshot_depths = snapshot_depths,
                  .depth_max = 1000,
                  .snapshot_weight = snapshot_weight,
                  .symbols_weight = 1,
                  .trades_weight = 20,
                  .describe = describe,
                  .guess = guess};

class binance_usdm final : public market_venue {
 public:
  binance_usdm() : market_venue(usdm) {}

  // The venue takes 10 messages a second and closes the connection on more; we stay at half of it.
  // It states no limit of connects here, so spot's counts.
  // https://developers.binance.com/en/docs/products/derivatives-trading-usds-futures/websocket-market-streams/Connect
  venue_limits limits() const override {
    venue_limits result;
    result.streams_per_connection = 1024;
    result.streams_per_request = names_per_request;
    result.connects = {300, 300 * second_ns};
    result.messages = {1, 200'000'000};
    result.rest = {2400, 60 * second_ns};
    result.rest_pool = futures_pool;
    result.connection_lifetime_ns = 86'400 * second_ns;
    result.announces_close = true;
    return result;
  }

  std::vector<connection_plan> plan(std::span<const stream> streams,
                                    const venue_addresses& at) const override {
    auto others = streamed(streams);
    const auto books = std::stable_partition(others.begin(), others.end(),
                                             [](const stream& what) { return !is_public(what); });
    auto plans =
        split_streams({books, others.end()}, limits(), address_of(public_url, at.websocket_url));
    auto rest =
        split_streams({others.begin(), books}, limits(), address_of(market_url, at.websocket_url));
    std::move(rest.begin(), rest.end(), std::back_inserter(plans));
    return plans;
  }
};

const venue_registration<binance_usdm> registered;

}  // namespace
}  // namespace feedtree::venues::binance
