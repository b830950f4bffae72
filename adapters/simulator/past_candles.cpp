#include "adapters/simulator/past_candles.hpp"

#include <algorithm>
#include <string>

#include "adapters/simulator/random_source.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t listed_ns = 1'577'836'800'000'000'000;  // 2020-01-01
constexpr std::int64_t quiet_one_in = 200;

decimal price_of(const market& of, std::int64_t ticks) {
  return {std::max<std::int64_t>(1, ticks) * of.spec().price_step,
          static_cast<std::int8_t>(-of.spec().price_decimals)};
}

// The price at the end of an interval is that at the beginning of the next one.
std::int64_t ticks_at(const market& of, std::int64_t interval_ns, std::int64_t number) {
  random_source dice(static_cast<std::uint64_t>(number),
                     of.symbol() + std::to_string(interval_ns) + "price");
  const auto swing = std::max<std::int64_t>(1, of.spec().start_ticks / 100);
  return of.spec().start_ticks + dice.between(-swing, swing);
}

}  // namespace

std::optional<market_candle> past_candle(const market& of, std::int64_t interval_ns,
                                         std::int64_t open_ns) {
  const auto number = open_ns / interval_ns;
  random_source dice(static_cast<std::uint64_t>(number), of.symbol() + std::to_string(interval_ns));
  if (open_ns < listed_ns || dice.below(quiet_one_in) == 0) return {};
  const auto open = ticks_at(of, interval_ns, number);
  const auto close = ticks_at(of, interval_ns, number + 1);
  const auto reach = std::max<std::int64_t>(1, of.spec().start_ticks / 1000);
  market_candle made;
  made.interval_ns = interval_ns;
  made.open_ns = open_ns;
  made.open = price_of(of, open);
  made.close = price_of(of, close);
  made.high = price_of(of, std::max(open, close) + dice.below(reach));
  made.low = price_of(of, std::min(open, close) - dice.below(reach));
  made.trades = dice.between(1, 5'000);
  made.volume = {
      made.trades * std::max<std::int64_t>(1, of.spec().typical_lots) * of.spec().quantity_step,
      static_cast<std::int8_t>(-of.spec().quantity_decimals)};
  made.average = made.open;
  return made;
}

std::vector<market_candle> past_candles(const market& of, std::int64_t interval_ns,
                                        std::int64_t from_ns, std::int64_t to_ns,
                                        std::int64_t now_ns, std::size_t most, candle_end end) {
  std::vector<market_candle> result;
  if (interval_ns <= 0) return result;
  const auto first = std::max(from_ns, listed_ns);
  const auto last = (std::min(to_ns, now_ns - interval_ns + 1) + interval_ns - 1) / interval_ns;
  const auto begin = (first + interval_ns - 1) / interval_ns;
  const auto span = last - begin;
  for (std::int64_t at = 0; at < span && result.size() < most; ++at) {
    const auto number = end == candle_end::oldest ? begin + at : last - 1 - at;
    if (auto made = past_candle(of, interval_ns, number * interval_ns)) result.push_back(*made);
  }
  if (end == candle_end::newest) std::reverse(result.begin(), result.end());
  return result;
}

}  // namespace feedtree::simulator
