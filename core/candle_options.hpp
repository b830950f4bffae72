// Which candles are built from trades, and when they are given.
#pragma once

#include <cstdint>
#include <vector>

namespace feedtree {

struct candle_options {
  std::vector<std::int64_t> intervals_ns;          // each once; none: no candles are built
  std::int64_t lateness_ns = 2'000'000'000;        // above 0: trades may come so late
  std::int64_t revise_for_ns = 3'600'000'000'000;  // behind its end a candle is revised so long
  bool empty = false;                              // also intervals in which nothing was traded

  friend bool operator==(const candle_options&, const candle_options&) = default;
};

// Trades whose time is so much ahead of our clock are in no candle.
inline constexpr std::int64_t candle_ahead_max_ns = 600'000'000'000;

// The begin of the interval in which this time is.
constexpr std::int64_t begin_of_interval(std::int64_t time_ns, std::int64_t interval_ns) {
  const auto rest = time_ns % interval_ns;
  return time_ns - (rest < 0 ? rest + interval_ns : rest);
}

}  // namespace feedtree
