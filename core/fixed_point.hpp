// Whole numbers of 128 bits for what is derived from decimals: sums, ratios, logarithms and roots
// without floating point, so that every machine gives the same digits.
#pragma once

#include <cstdint>
#include <string>

#include "core/decimal.hpp"

namespace feedtree {

__extension__ using wide_integer = __int128;

// mantissa * 10^exponent.
struct wide_decimal {
  wide_integer mantissa = 0;
  int exponent = 0;

  // Plain notation without zeros at the end behind the point: "0.5", "-12", "1200".
  std::string to_string() const;
  // The same as a decimal of 64 bits; absent if it does not fit.
  optional_decimal narrow() const;
};

// The mantissa at another exponent; false if digits would be lost or 128 bits overflow.
bool wide_mantissa(const decimal& value, int exponent, wide_integer& out);

// numerator / denominator with so many digits behind the point, the last one rounded half away from
// zero. denominator is above 0 and below 10^37, and the result fits.
wide_decimal divide(wide_integer numerator, wide_integer denominator, int digits);

// ln(to / from) in units of 10^-15, both above 0; exact to the last unit but one.
std::int64_t log_ratio(const decimal& from, const decimal& to);
inline constexpr int log_ratio_exponent = -15;

// The square root, rounded down; the value is not negative.
std::uint64_t square_root(wide_integer value);

}  // namespace feedtree
