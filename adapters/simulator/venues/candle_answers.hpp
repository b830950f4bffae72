// The venues' answers to requests for past candles.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/simulator/protocol.hpp"

namespace feedtree::simulator {

// A parameter of a target as a number, or what stands in for it.
std::int64_t query_number(std::string_view target, std::string_view name, std::int64_t otherwise);

rest_answer kraken_candles(std::string_view target, const market& of, std::string_view name,
                           std::int64_t now_ns);
// GET /api/charts/v1/trade/PF_XBTUSD/1m?from=..&to=..
rest_answer kraken_futures_candles(std::string_view target, const market_set& markets,
                                   std::int64_t now_ns);
// `inverse`: the volume of money is in the base asset.
rest_answer binance_candles(std::string_view target, const market& of, bool inverse,
                            std::int64_t now_ns);
rest_answer coinbase_candles(std::string_view target, const market& of, std::int64_t now_ns);
rest_answer bybit_candles(std::string_view target, const market_set& markets, std::int64_t now_ns);
rest_answer okx_candles(std::string_view target, const market_set& markets, std::int64_t now_ns);

}  // namespace feedtree::simulator
