// How far two decimals are apart, in parts per million: whole numbers, no float.
#pragma once

#include <cstdint>

#include "core/decimal.hpp"

namespace feedtree::rules {

// |value - reference| in parts per million of |reference|, rounded down; the biggest number where
// the reference is zero and the value is not, or where it does not fit. Where the exponents are
// more than nine apart, digits below a thousand-millionth of the greater one are left out.
std::int64_t difference_ppm(const decimal& value, const decimal& reference);

// Half of the sum, exact; where that does not fit: the first.
decimal midpoint(const decimal& a, const decimal& b);

// The mantissa at another exponent; digits below it are cut off, what is too big becomes the
// biggest number.
std::int64_t scaled(const decimal& value, int exponent);

}  // namespace feedtree::rules
