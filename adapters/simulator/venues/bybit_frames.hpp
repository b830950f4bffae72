// The texts that Bybit sends: v5 public stream frames and REST bodies.
// https://bybit-exchange.github.io/docs/v5/ws/connect
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/simulator/book_view.hpp"
#include "adapters/simulator/market.hpp"

namespace feedtree::simulator::bybit {

// The update id of a market's book, and the sequence that all topics share. An update id of 1
// would mean that the service was restarted, so they begin higher.
std::uint64_t update_id_of(const market& of);
std::uint64_t cross_sequence_of(const market& of);

// "orderbook.50.BTCUSDT"; the type is "snapshot" or "delta".
std::string book_frame(const market& of, std::string_view topic, const char* type,
                       const book_levels& levels);
std::string trade_frame(const market& of, std::string_view topic,
                        const std::vector<market_trade>& trades);
// The forced orders among the trades; empty if there is none.
std::string liquidation_frame(const market& of, std::string_view topic,
                              const std::vector<market_trade>& trades);
std::string candle_frame(const market& of, std::string_view topic, std::string_view interval,
                         const market_candle& candle, bool closed);

// Names and texts of a ticker's fields.
using ticker_fields = std::vector<std::pair<std::string_view, std::string>>;
ticker_fields ticker_of(const market& of);
std::string ticker_frame(const market& of, std::string_view topic, const char* type,
                         const ticker_fields& fields);

// The body of GET /v5/market/instruments-info; an empty symbol stands for all.
// https://bybit-exchange.github.io/docs/v5/market/instrument
std::string instruments_info(const market_set& markets, std::string_view category,
                             std::string_view symbol, std::int64_t now_ns);
// A body without a result.
std::string rest_error(int code, std::string_view message, std::int64_t now_ns);

}  // namespace feedtree::simulator::bybit
