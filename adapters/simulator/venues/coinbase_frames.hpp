// What a simulated Coinbase writes: the events of its channels and its REST answers.
// https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/simulator/book_view.hpp"
#include "adapters/simulator/market.hpp"

namespace feedtree::simulator::coinbase {

// The channel "candles" has this interval only.
inline constexpr std::int64_t candle_interval_ns = 300'000'000'000;

// Products by channel.
using subscription_list = std::map<std::string, std::set<std::string>>;

// A frame of a channel around one event: {"channel":..,"timestamp":..,"sequence_num":..,
// "events":[event]}.
std::string frame(std::string_view channel, std::int64_t now_ns, std::uint64_t sequence,
                  std::string_view event);

// Events; type is "snapshot" or "update".
std::string book_event(const market& of, const char* type, const book_levels& levels);
std::string trades_event(const market& of, const char* type,
                         const std::vector<market_trade>& trades);
std::string ticker_event(const market& of, const char* type);
std::string candle_event(const market& of, const char* type, const market_candle& candle);
std::string heartbeat_event(std::int64_t now_ns, std::uint64_t counter);
std::string subscriptions_event(const subscription_list& all);

// {"type":"error","message":".."}: the only frame without a number.
std::string error_frame(std::string_view message);

// The body of GET /api/v3/brokerage/market/products, or of one product's page below it.
// https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/list-public-products
std::string products(const market_set& markets);
std::string product(const market& of);
// The body of GET /api/v3/brokerage/market/products/BTC-USD/ticker.
// https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/get-public-market-trades
std::string market_trades(const market& of, const std::vector<market_trade>& trades);

}  // namespace feedtree::simulator::coinbase
