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

void exact_sum::add(const exact_sum& other) {
  if (!other.any_) return;
  add(other.mantissa_, other.exponent_);
  overflowed_ = overflowed_ || other.overflowed_;
}

void exact_sum::write(byte_writer& to) const {
  __extension__ using bits = unsigned __int128;
  to(any_), to(overflowed_), to(std::int64_t{exponent_});
  to(static_cast<std::uint64_t>(static_cast<bits>(mantissa_) >> 64));
  to(static_cast<std::uint64_t>(static_cast<bits>(mantissa_)));
}

void exact_sum::read(byte_reader& from) {
  __extension__ using bits = unsigned __int128;
  std::int64_t exponent = 0;
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  from(any_), from(overflowed_), from(exponent), from(high), from(low);
  const std::int64_t most = 4 * std::int64_t{decimal::exponent_max - decimal::exponent_min};
  if (exponent < -most || exponent > most) return from.fail();
  exponent_ = static_cast<int>(exponent);
  mantissa_ = static_cast<wide>((static_cast<bits>(high) << 64) | low);
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
