// Binance spot. Documentation: https://github.com/binance/binance-spot-api-docs
// Its messages are in binance_messages.cpp, its REST answers in binance_rest.cpp.
#include <array>

#include "adapters/venues/binance_common.hpp"

namespace feedtree::venues::binance {
namespace {

// Endpoints. The WebSocket port 443 works as well.
constexpr std::string_view websocket_url = "wss://stream.binance.com:9443/stream";
constexpr std::string_view rest_url = "https://api.binance.com/api/v3";

// Candle intervals; "1M" is left out, for months have no fixed length.
constexpr std::array<std::string_view, 15> intervals{
    "1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w"};

// Quote assets, for symbols that exchangeInfo did not name.
constexpr std::array<std::string_view, 33> quotes{
    "USDT", "FDUSD", "USDC", "TUSD", "BUSD", "USDP", "USDS", "USD1", "USDE", "PAX", "DAI",
    "BTC",  "ETH",   "BNB",  "TRX",  "XRP",  "DOGE", "SOL",  "EUR",  "EURI", "TRY", "BRL",
    "GBP",  "AUD",   "JPY",  "PLN",  "ARS",  "MXN",  "ZAR",  "UAH",  "RUB",  "NGN", "USD"};

// https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#order-book
std::uint32_t snapshot_weight(std::size_t depth) {
  if (depth <= 100) return 5;
  if (depth <= 500) return 25;
  return depth <= 1000 ? 50 : 250;
}

std::optional<instrument> describe(const symbol_entry& entry) {
  return instrument::spot(std::string(entry.base), std::string(entry.quote));
}

std::optional<instrument> guess(std::string_view symbol) {
  const auto parts = split_at_quote(symbol, quotes);
  if (!parts) return {};
  return instrument::spot(parts->first, parts->second);
}

const market spot{.name = "binance",
                  .rest_url = rest_url,
                  .intervals = intervals,
                  .snapshot_depths = {},
                  .depth_max = 5000,
                  .snapshot_weight = snapshot_weight,
                  .symbols_weight = 20,
                  .trades_weight = 4,
                  .describe = describe,
                  .guess = guess};

class binance_spot final : public market_venue {
 public:
  binance_spot() : market_venue(spot) {}

  // The venue takes 5 messages a second, pings and pongs included, and closes the connection on
  // more; bursts of 4 a second were seen to be too many, so we stay at half of it.
  // https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#websocket-limits
  // https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#limits
  venue_limits limits() const override {
    venue_limits result;
    result.streams_per_connection = 1024;
    result.streams_per_request = names_per_request;
    result.connects = {300, 300 * second_ns};
    result.messages = {1, 400'000'000};
    result.rest = {6000, 60 * second_ns};
    result.connection_lifetime_ns = 86'400 * second_ns;
    result.announces_close = true;
    return result;
  }

  std::vector<connection_plan> plan(std::span<const stream> streams,
                                    const venue_addresses& at) const override {
    return split_streams(streamed(streams), limits(), address_of(websocket_url, at.websocket_url));
  }
};

const venue_registration<binance_spot> registered;

}  // namespace
}  // namespace feedtree::venues::binance
