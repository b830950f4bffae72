// What the simulated Binance markets write: the payloads of their streams and their REST answers.
// Spot, USD-M and COIN-M differ in a few fields.
// https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md
// https://developers.binance.com/en/docs/products/derivatives-trading-usds-futures/websocket-market-streams/Connect
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/simulator/market.hpp"

namespace feedtree::simulator::binance {

enum class dialect : std::uint8_t { spot, usdm, coinm };

// Number of the book after so many changes. Spot counts without holes; futures do not, so that only
// the number of the update before tells whether one is missing.
std::uint64_t update_id(dialect of, std::uint64_t changes);
// How many dollars one contract is worth: COIN-M only.
std::int64_t contract_dollars(const instrument& details);

// Payloads of streams.
std::string agg_trade(dialect how, const market& of, const market_trade& what);
std::string depth_update(dialect how, const market& of, const market_step& step);
std::string book_ticker(dialect how, const market& of);
std::string day_ticker(dialect how, const market& of, std::int64_t now_ns);
std::string kline(dialect how, const market& of, const market_candle& what, bool closed,
                  std::uint64_t last_trade_id, std::int64_t now_ns);
std::string mark_price(dialect how, const market& of, std::int64_t now_ns);
std::string force_order(dialect how, const market& of, const market_trade& what);

// {"stream":"btcusdt@depth@100ms","data":{..}}
std::string combined(std::string_view stream, std::string_view payload);

// {"e":"serverShutdown","E":1770123456789}: the server will close its connections.
std::string server_shutdown(std::int64_t now_ns);

// Bodies of GET /exchangeInfo, /depth, /openInterest and /time.
std::string exchange_info(dialect how, const market_set& markets, std::int64_t now_ns);
std::string depth_snapshot(dialect how, const market& of, std::size_t limit, std::int64_t now_ns);
std::string open_interest(dialect how, const market& of, std::int64_t now_ns);
// [{"a":26129,"p":"0.01633102",..},..], of GET /aggTrades.
std::string agg_trades(dialect how, const std::vector<market_trade>& trades);
std::string server_time(std::int64_t now_ns);
// {"code":-1121,"msg":"Invalid symbol."}
std::string rest_error(int code, std::string_view text);

}  // namespace feedtree::simulator::binance
