// The texts that Kraken sends: WebSocket v2 frames and REST bodies.
// https://docs.kraken.com/exchange/api-reference/spot-websocket
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/simulator/book_view.hpp"
#include "adapters/simulator/market.hpp"

namespace feedtree::simulator::kraken {

// Nanoseconds since 1970 as the venue writes them, with six digits of the second.
std::string time_text(std::int64_t ns);

// CRC-32 over the best ten asks, then bids, of the book that a client has.
// https://docs.kraken.com/exchange/guides/websockets/book-checksum-v2
std::uint32_t checksum_of(const book_levels& book);

// Frames of the channels; the type is "snapshot" or "update".
std::string book_frame(const market& of, const char* type, const book_levels& levels,
                       std::uint32_t checksum);
std::string trade_frame(const market& of, const char* type,
                        const std::vector<market_trade>& trades);
std::string ticker_frame(const market& of, const char* type);
std::string ohlc_frame(const market& of, const char* type, std::int64_t interval_ns);
std::string instrument_frame(const market_set& markets);

// The body of GET /0/public/AssetPairs.
// https://docs.kraken.com/api-reference/market-data/get-tradable-asset-pairs
std::string asset_pairs(const market_set& markets);
// "XBTUSD": a market as requests over REST name it.
std::string rest_pair(const market& of);
// The body of GET /0/public/Trades.
// https://docs.kraken.com/api-reference/market-data/get-recent-trades
std::string recent_trades(const market& of, const std::vector<market_trade>& trades);
// The body of GET /0/public/SystemStatus.
std::string system_status(std::int64_t now_ns);

}  // namespace feedtree::simulator::kraken
