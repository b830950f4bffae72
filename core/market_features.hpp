// What is derived from one book, or from a quote where there is no book: for models and screens.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/activity_windows.hpp"
#include "core/event.hpp"
#include "core/fixed_point.hpp"
#include "core/order_book.hpp"

namespace feedtree {

// A feature whose parts are missing (an empty side) or do not fit 128 bits is absent.
struct market_features {
  static constexpr std::array<std::size_t, 3> imbalance_levels{1, 5, 20};

  std::optional<wide_decimal> mid;     // (bid + ask) / 2, exact
  std::optional<wide_decimal> spread;  // ask - bid, exact
  // The mid weighted by the other side's quantity: (bid * ask quantity + ask * bid quantity) /
  // (bid quantity + ask quantity). Source: Gatheral and Oomen, "Zero-intelligence realized variance
  // estimation", 2010. Eight digits more than the prices have, the last one rounded.
  std::optional<wide_decimal> micro_price;
  // (B - A) / (B + A) of the summed quantities of the best 1, 5 and 20 levels: 1 is all bids.
  // Twelve digits, the last one rounded.
  std::array<std::optional<wide_decimal>, imbalance_levels.size()> imbalance;
};

market_features features_of(const order_book& book);
// Without imbalances below the first level.
market_features features_of(const quote& best);

// (bid + ask) / 2 where it fits a decimal and, of a quote, where it has both sides.
optional_decimal mid_price(const decimal& bid, const decimal& ask);
optional_decimal mid_price(const quote& best);

}  // namespace feedtree
