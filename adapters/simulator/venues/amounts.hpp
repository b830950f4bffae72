// Products and quotients of a market's prices and quantities, for what venues derive of them
// (turnover, value of the open interest).
#pragma once

#include <cstdint>

#include "core/decimal.hpp"

namespace feedtree::simulator {

// a * b and a / b, rounded down to this many digits behind the point (0-18). Both values have
// exponents of zero or less, as a market's values do; the result must fit 64 bits. The quotient of
// nothing by nothing is zero.
decimal product(const decimal& a, const decimal& b, int digits);
decimal quotient(const decimal& a, const decimal& b, int digits);

// (now - before) / before with this many digits.
decimal relative_change(const decimal& now, const decimal& before, int digits);

constexpr std::int64_t to_ms(std::int64_t ns) {
  return ns / 1'000'000;
}

}  // namespace feedtree::simulator
