// The texts that Kraken Futures sends: WebSocket v1 feeds and REST bodies.
// https://docs.kraken.com/exchange/api-reference/futures-websocket
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/simulator/book_view.hpp"
#include "adapters/simulator/market.hpp"

namespace feedtree::simulator::kraken_futures {

// The number of the last message of a product's book: one a level that changed.
std::uint64_t book_sequence_of(const market& of);

std::string book_snapshot(const market& of, const book_levels& levels);
// One frame a level, in an order in which the book is crossed at no time.
std::vector<std::string> book_updates(const market& of, const market_step& step);
std::string trade_snapshot(const market& of);
std::string trade_frame(const market& of, const market_trade& what);
std::string ticker_frame(const market& of);

// The body of GET /derivatives/api/v3/instruments.
// https://docs.kraken.com/api-reference/instrument-details/get-instruments
std::string instruments(const market_set& markets, std::int64_t now_ns);

// {"elements":[{"uid":..,"timestamp":..,"event":{"Execution":{"execution":{..}}}},..],"len":1}
std::string executions(const market& of, const std::vector<market_trade>& trades);

}  // namespace feedtree::simulator::kraken_futures
