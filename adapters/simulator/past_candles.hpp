// What happened in a market before the simulator began: candles that depend on the instrument and
// the time alone, so that every run and every request tells the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "adapters/simulator/market.hpp"

namespace feedtree::simulator {

// The candle of this interval. Nothing for about one in two hundred, in which nobody traded, and
// for what was before 2020. Candles of different intervals do not add up to each other.
std::optional<market_candle> past_candle(const market& of, std::int64_t interval_ns,
                                         std::int64_t open_ns);

enum class candle_end : std::uint8_t { oldest, newest };

// Those that open in [from_ns, to_ns) and are over at now_ns, oldest first: at most so many, from
// this end.
std::vector<market_candle> past_candles(const market& of, std::int64_t interval_ns,
                                        std::int64_t from_ns, std::int64_t to_ns,
                                        std::int64_t now_ns, std::size_t most, candle_end end);

}  // namespace feedtree::simulator
