#include "core/market_features.hpp"

#include <algorithm>

namespace feedtree {
namespace {

constexpr int quantity_exponent = -18;
constexpr wide_integer part_max =
    wide_integer{1'000'000'000'000'000'000} * 1'000'000'000'000'000'000;
constexpr int imbalance_digits = 12;
constexpr int micro_digits = 8;

struct prices {
  int exponent = 0;
  wide_integer bid = 0;
  wide_integer ask = 0;
};

std::optional<prices> align(const decimal& bid, const decimal& ask) {
  prices result;
  result.exponent = std::min(bid.exponent, ask.exponent);
  const bool good = wide_mantissa(bid, result.exponent, result.bid) &&
                    wide_mantissa(ask, result.exponent, result.ask);
  const auto fits = [](wide_integer value) { return value < part_max && value > -part_max; };
  if (!good || !fits(result.bid) || !fits(result.ask)) return {};
  return result;
}

wide_decimal mid_of(const prices& of) {
  return {(of.bid + of.ask) * 5, of.exponent - 1};
}

// The quantities at one exponent, as small as it may be: a product with the spread has to fit.
std::optional<wide_decimal> micro_price(const prices& of, const decimal& bid_quantity,
                                        const decimal& ask_quantity) {
  const auto quantities = align(bid_quantity, ask_quantity);
  if (!quantities) return {};
  const auto total = quantities->bid + quantities->ask;
  const auto spread = of.ask - of.bid;
  if (total <= 0 || quantities->bid < 0 || quantities->ask < 0) return {};
  wide_integer product = 0;
  if (__builtin_mul_overflow(spread, quantities->bid, &product)) return {};
  const auto above_bid = divide(product, total, micro_digits);
  wide_integer scale = 1;
  for (int at = 0; at < micro_digits; ++at) scale *= 10;
  wide_integer bid = 0;
  if (__builtin_mul_overflow(of.bid, scale, &bid)) return {};
  return wide_decimal{bid + above_bid.mantissa, of.exponent - micro_digits};
}

std::optional<wide_decimal> imbalance(wide_integer bids, wide_integer asks) {
  const auto total = bids + asks;
  if (bids < 0 || asks < 0 || total <= 0 || total > part_max * 10) return {};
  return divide(bids - asks, total, imbalance_digits);
}

// The sums of the best 1, 5 and 20 quantities of a side; the last known sum where it has fewer
// levels; -1 for all that do not fit.
using depth_sums = std::array<wide_integer, market_features::imbalance_levels.size()>;

depth_sums sums_of(const order_book& book, book_part part) {
  depth_sums result{};
  wide_integer sum = 0;
  std::size_t seen = 0;
  bool good = true;
  book.for_top_ranked(
      part, market_features::imbalance_levels.back(), [&](const ranked_level& each) {
        wide_integer quantity = 0;
        good = good && wide_mantissa(each.quantity(), quantity_exponent, quantity) &&
               quantity < part_max;
        sum += good ? quantity : 0;
        ++seen;
        for (std::size_t at = 0; at < result.size(); ++at) {
          if (seen <= market_features::imbalance_levels[at]) {
            result[at] = good ? sum : -1;
          }
        }
      });
  return result;
}

market_features features_of(const decimal& bid, const decimal& bid_quantity, const decimal& ask,
                            const decimal& ask_quantity) {
  market_features result;
  const auto both = align(bid, ask);
  if (!both) return result;
  result.mid = mid_of(*both);
  result.spread = wide_decimal{both->ask - both->bid, both->exponent};
  result.micro_price = micro_price(*both, bid_quantity, ask_quantity);
  return result;
}

}  // namespace

market_features features_of(const order_book& book) {
  market_features result;
  const auto bid = book.best(book_part::bids);
  const auto ask = book.best(book_part::asks);
  if (bid && ask) {
    result = features_of(bid->price(), bid->quantity(), ask->price(), ask->quantity());
  }
  const auto bids = sums_of(book, book_part::bids);
  const auto asks = sums_of(book, book_part::asks);
  for (std::size_t at = 0; at < bids.size(); ++at) {
    result.imbalance[at] = imbalance(bids[at], asks[at]);
  }
  return result;
}

market_features features_of(const quote& best) {
  if (!best.has_both_sides()) return {};
  const auto bid_quantity = best.bid_quantity ? *best.bid_quantity : decimal{};
  const auto ask_quantity = best.ask_quantity ? *best.ask_quantity : decimal{};
  auto result = features_of(*best.bid_price, bid_quantity, *best.ask_price, ask_quantity);
  if (!best.bid_quantity || !best.ask_quantity) {
    result.micro_price.reset();
    return result;
  }
  const auto quantities = align(bid_quantity, ask_quantity);
  if (quantities) result.imbalance[0] = imbalance(quantities->bid, quantities->ask);
  return result;
}

optional_decimal mid_price(const quote& best) {
  return best.has_both_sides() ? mid_price(*best.bid_price, *best.ask_price) : optional_decimal{};
}

optional_decimal mid_price(const decimal& bid, const decimal& ask) {
  const auto both = align(bid, ask);
  return both ? mid_of(*both).narrow() : optional_decimal{};
}

}  // namespace feedtree
