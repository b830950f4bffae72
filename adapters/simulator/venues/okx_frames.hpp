// The texts that OKX sends: v5 public channel frames and REST bodies.
// https://www.okx.com/docs-v5/en/#overview-websocket
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/simulator/book_view.hpp"
#include "adapters/simulator/market.hpp"

namespace feedtree::simulator::okx {

// "SPOT", "SWAP" or "FUTURES".
std::string_view type_of(const instrument& what);
// "BTC-USD", or "BTC-USD_UM" for contracts in USD that are settled in USD; of spot empty.
std::string family_of(const instrument& what);

// Subscriptions are named by their arg, {"channel":"books","instId":"BTC-USDT"}, in JSON.
// The number of the state that a market's book is in.
std::uint64_t sequence_of(const market& of);

// Books say what they are: "snapshot" or "update".
std::string book_frame(const market& of, std::string_view arg, const char* action,
                       const book_levels& levels, std::int64_t previous, std::int64_t now_ns);
// books5 and bbo-tbt send whole books only.
std::string whole_book_frame(const market& of, std::string_view arg, const book_levels& levels);
std::string trade_frame(const market& of, std::string_view arg,
                        const std::vector<market_trade>& trades);
std::string ticker_frame(const market& of, std::string_view arg);
std::string candle_frame(const market& of, std::string_view arg, const market_candle& candle,
                         bool closed);
std::string funding_frame(const market& of, std::string_view arg);
std::string open_interest_frame(const market& of, std::string_view arg);
// The forced orders among the trades; empty if there is none.
std::string liquidation_frame(const market& of, std::string_view arg,
                              const std::vector<market_trade>& trades);

// What comes a minute before a connection is closed for an upgrade of the service.
// https://www.okx.com/docs-v5/en/#overview-websocket-notification
std::string close_announcement();

// The body of GET /api/v5/public/instruments for one type.
// https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments
std::string instruments(const market_set& markets, std::string_view type);
// A body without data.
std::string rest_error(std::string_view code, std::string_view message);

}  // namespace feedtree::simulator::okx
