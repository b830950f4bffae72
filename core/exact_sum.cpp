#include "core/exact_sum.hpp"

#include <limits>

namespace feedtree {

void exact_sum::add(const decimal& value) {
  add(value.mantissa, value.exponent);
}

void exact_sum::add_product(const decimal& a, const decimal& b) {
  add(wide{a.mantissa} * b.mantissa, a.exponent + b.exponent);
}

void exact_sum::add(wide mantissa, int exponent) {
  if (!any_) exponent_ = exponent;
  any_ = true;
  for (; exponent_ > exponent && !overflowed_; --exponent_) {
    overflowed_ = __builtin_mul_overflow(mantissa_, wide{10}, &mantissa_);
  }
  for (; exponent > exponent_ && !overflowed_; --exponent) {
    overflowed_ = __builtin_mul_overflow(mantissa, wide{10}, &mantissa);
  }
  overflowed_ = overflowed_ || __builtin_add_overflow(mantissa_, mantissa, &mantissa_);
}

optional_decimal exact_sum::value() const {
  if (overflowed_) return {};
  constexpr wide most = std::numeric_limits<std::int64_t>::max();
  auto mantissa = mantissa_;
  auto exponent = exponent_;
  while (mantissa > most || mantissa < -most || exponent < decimal::exponent_min) {
    if (mantissa % 10 != 0 || exponent >= decimal::exponent_max) return {};
    mantissa /= 10;
    ++exponent;
  }
  if (exponent > decimal::exponent_max) return {};
  return decimal{static_cast<std::int64_t>(mantissa), static_cast<std::int8_t>(exponent)};
}

}  // namespace feedtree
