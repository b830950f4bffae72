#include "core/rules/ratio.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace feedtree::rules {
namespace {

__extension__ using wide = __int128;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr int digits_kept = 9;
constexpr std::int64_t million = 1'000'000;

constexpr auto powers = [] {
  std::array<std::int64_t, 19> result{};
  std::int64_t power = 1;
  for (auto& each : result) {
    each = power;
    if (power <= most / 10) power *= 10;
  }
  return result;
}();

wide magnitude(wide value) {
  return value < 0 ? -value : value;
}

// Two mantissas at one exponent.
struct aligned {
  wide a;
  wide b;
};

wide without_digits(std::int64_t mantissa, int digits) {
  if (digits >= static_cast<int>(powers.size())) return 0;
  return mantissa / powers[static_cast<std::size_t>(digits)];
}

aligned align(const decimal& a, const decimal& b) {
  if (a.exponent < b.exponent) {
    const auto [second, first] = align(b, a);
    return {first, second};
  }
  const int apart = a.exponent - b.exponent;
  const int kept = std::min(apart, digits_kept);
  return {wide{a.mantissa} * powers[static_cast<std::size_t>(kept)],
          without_digits(b.mantissa, apart - kept)};
}

}  // namespace

std::int64_t difference_ppm(const decimal& value, const decimal& reference) {
  const auto [a, b] = align(value, reference);
  const auto apart = magnitude(a - b);
  if (apart == 0) return 0;
  if (b == 0) return most;
  const auto ppm = apart * million / magnitude(b);
  return ppm > most ? most : static_cast<std::int64_t>(ppm);
}

decimal midpoint(const decimal& a, const decimal& b) {
  const auto exponent = std::min(a.exponent, b.exponent);
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::int64_t sum = 0;
  std::int64_t half = 0;
  const bool fits = exponent > decimal::exponent_min && a.mantissa_at(exponent, first) &&
                    b.mantissa_at(exponent, second) &&
                    !__builtin_add_overflow(first, second, &sum) &&
                    !__builtin_mul_overflow(sum, 5, &half);
  if (!fits) return a;
  if (sum % 2 == 0) return {sum / 2, exponent};
  return {half, static_cast<std::int8_t>(exponent - 1)};
}

std::int64_t scaled(const decimal& value, int exponent) {
  const int up = value.exponent - exponent;
  if (up <= 0) return static_cast<std::int64_t>(without_digits(value.mantissa, -up));
  std::int64_t result = 0;
  const bool too_big =
      up >= static_cast<int>(powers.size()) ||
      __builtin_mul_overflow(value.mantissa, powers[static_cast<std::size_t>(up)], &result);
  if (!too_big) return result;
  return value.is_zero() ? 0 : value.is_negative() ? -most : most;
}

}  // namespace feedtree::rules
