#include <algorithm>
#include <array>
#include <utility>

#include "adapters/simulator/market.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t micro = 1'000'000;
constexpr std::int64_t start_ticks_min = 300'000;
constexpr std::int64_t typical_value_usd = 5'000;

// About what one unit of an asset is worth, in millionths of a dollar.
std::int64_t micro_usd(std::string_view asset) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 14> worth{{
      {"BTC", 60'000 * micro},
      {"ETH", 3'000 * micro},
      {"SOL", 150 * micro},
      {"BNB", 600 * micro},
      {"LTC", 80 * micro},
      {"BCH", 400 * micro},
      {"LINK", 15 * micro},
      {"XRP", micro / 2},
      {"ADA", micro * 4 / 10},
      {"DOGE", micro / 10},
      {"USD", micro},
      {"USDT", micro},
      {"USDC", micro},
      {"EUR", micro * 11 / 10},
  }};
  const auto* const found = std::find_if(worth.begin(), worth.end(),
                                         [&](const auto& entry) { return entry.first == asset; });
  return found == worth.end() ? 10 * micro : found->second;
}

std::int64_t power_of_ten(int exponent) {
  std::int64_t power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

// value * 10^by, rounded down.
std::int64_t scaled(std::int64_t value, int by) {
  return by >= 0 ? value * power_of_ten(by) : value / power_of_ten(-by);
}

// The fewest digits that give a price of six figures.
void choose_price(market_spec& spec) {
  const auto base = micro_usd(spec.details.base);
  const auto quote = micro_usd(spec.details.quote);
  spec.price_decimals = 0;
  while (spec.price_decimals < 8 &&
         base * power_of_ten(spec.price_decimals) / quote < start_ticks_min) {
    ++spec.price_decimals;
  }
  spec.start_ticks =
      std::max<std::int64_t>(base * power_of_ten(spec.price_decimals) / quote, start_ticks_min);
}

// Spot and linear contracts count in base units, inverse contracts in dollars.
void choose_quantity(market_spec& spec) {
  const bool contract = spec.details.type != market_type::spot;
  const bool inverse = contract && spec.details.settle != spec.details.quote;
  spec.quantity_decimals = inverse ? 0 : (contract ? 3 : 8);
  spec.typical_lots = typical_value_usd;
  if (!inverse) {
    spec.typical_lots = typical_value_usd * micro * power_of_ten(spec.quantity_decimals) /
                        micro_usd(spec.details.base);
  }
}

}  // namespace

market_spec default_spec(const instrument& details) {
  market_spec spec;
  spec.details = details;
  choose_price(spec);
  choose_quantity(spec);
  return spec;
}

void set_price_digits(market_spec& spec, int decimals, std::int64_t step) {
  const auto last_digits = spec.start_ticks * spec.price_step;
  spec.start_ticks = scaled(last_digits, decimals - spec.price_decimals) / step;
  spec.price_decimals = decimals;
  spec.price_step = step;
}

void set_quantity_digits(market_spec& spec, int decimals, std::int64_t step) {
  const auto last_digits = spec.typical_lots * spec.quantity_step;
  spec.typical_lots =
      std::max<std::int64_t>(scaled(last_digits, decimals - spec.quantity_decimals) / step, 20);
  spec.quantity_decimals = decimals;
  spec.quantity_step = step;
}

std::string market_spec::check() const {
  const auto name = details.symbol();
  if (venue_symbol.empty()) return name + ": no venue symbol";
  if (price_decimals < 0 || price_decimals > 12) return name + ": 0 to 12 price decimals";
  if (quantity_decimals < 0 || quantity_decimals > 12) return name + ": 0 to 12 quantity decimals";
  if (price_step < 1 || quantity_step < 1) return name + ": steps are above zero";
  if (levels < 20 || levels > 10'000) return name + ": 20 to 10000 levels a side";
  if (typical_lots < 10) return name + ": the typical size is ten lots or more";
  if (start_ticks < static_cast<std::int64_t>(levels) * 10) {
    return name + ": the start price has too few ticks for its levels";
  }
  return {};
}

}  // namespace feedtree::simulator
