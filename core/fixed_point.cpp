#include "core/fixed_point.hpp"

#include <algorithm>
#include <limits>

namespace feedtree {
namespace {

constexpr wide_integer unit = 1'000'000'000'000'000'000;  // 1 in the steps of a logarithm
constexpr wide_integer log_of_two = 693'147'180'559'945'309;
constexpr wide_integer wide_max = ~(wide_integer{1} << 127);

std::string digits_of(wide_integer value) {
  std::string text;
  do {
    text += static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

// 2 * atanh(z) by its series, in units of 10^-18; z is at most a third.
wide_integer twice_area_tangent(wide_integer z) {
  const wide_integer square = z * z / unit;
  wide_integer sum = 0;
  wide_integer power = z;
  for (int divisor = 1; power != 0; divisor += 2) {
    sum += power / divisor;
    power = power * square / unit;
  }
  return 2 * sum;
}

}  // namespace

std::string wide_decimal::to_string() const {
  auto value = mantissa;
  int scale = exponent;
  while (value != 0 && scale < 0 && value % 10 == 0) value /= 10, ++scale;
  if (value == 0) return "0";
  auto text = digits_of(value < 0 ? -value : value);
  if (scale >= 0) {
    text.append(static_cast<std::size_t>(scale), '0');
  } else {
    const auto behind = static_cast<std::size_t>(-scale);
    if (text.size() <= behind) text.insert(0, behind + 1 - text.size(), '0');
    text.insert(text.size() - behind, ".");
  }
  return value < 0 ? "-" + text : text;
}

optional_decimal wide_decimal::narrow() const {
  auto value = mantissa;
  int scale = exponent;
  while (value != 0 && scale < 0 && value % 10 == 0) value /= 10, ++scale;
  if (value == 0) return decimal{0, 0};
  const bool fits = value >= std::numeric_limits<std::int64_t>::min() &&
                    value <= std::numeric_limits<std::int64_t>::max();
  if (!fits || scale < decimal::exponent_min || scale > decimal::exponent_max) return {};
  return decimal{static_cast<std::int64_t>(value), static_cast<std::int8_t>(scale)};
}

bool wide_mantissa(const decimal& value, int exponent, wide_integer& out) {
  wide_integer result = value.mantissa;
  int steps = value.exponent - exponent;
  for (; steps > 0 && result != 0; --steps) {
    const wide_integer limit = wide_max / 10;
    if (result > limit || result < -limit) return false;
    result *= 10;
  }
  for (; steps < 0 && result != 0; ++steps) {
    if (result % 10 != 0) return false;
    result /= 10;
  }
  out = result;
  return true;
}

wide_decimal divide(wide_integer numerator, wide_integer denominator, int digits) {
  const bool negative = numerator < 0;
  if (negative) numerator = -numerator;
  wide_integer result = numerator / denominator;
  wide_integer rest = numerator % denominator;
  for (int at = 0; at < digits; ++at) {
    rest *= 10;
    result = result * 10 + rest / denominator;
    rest %= denominator;
  }
  if (rest >= denominator - rest) ++result;
  return {negative ? -result : result, -digits};
}

std::int64_t log_ratio(const decimal& from, const decimal& to) {
  // At one exponent, of 18 or 19 digits at the most: prices of one market are never that far apart.
  const int exponent = std::min(from.exponent, to.exponent);
  wide_integer a = 0;
  wide_integer b = 0;
  constexpr wide_integer most = std::numeric_limits<std::int64_t>::max();
  if (!wide_mantissa(from, exponent, a) || !wide_mantissa(to, exponent, b)) return 0;
  if (a > most || b > most) return 0;
  wide_integer sum = 0;
  for (; b > 2 * a; sum += log_of_two) a *= 2;
  for (; a > 2 * b; sum -= log_of_two) b *= 2;
  sum += twice_area_tangent((b - a) * unit / (b + a));
  constexpr wide_integer step = 1'000;  // from 10^-18 to 10^-15
  return static_cast<std::int64_t>((sum + (sum < 0 ? -step / 2 : step / 2)) / step);
}

std::uint64_t square_root(wide_integer value) {
  std::uint64_t root = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const auto trial = root | (std::uint64_t{1} << bit);
    const auto wide = static_cast<wide_integer>(trial);
    if (wide <= value / wide) root = trial;
  }
  return root;
}

}  // namespace feedtree
