#include "adapters/simulator/venues/amounts.hpp"

namespace feedtree::simulator {
namespace {

__extension__ typedef __int128 wide;  // NOLINT(modernize-use-using): no pedantic warning this way

wide scaled(wide value, int by) {
  for (; by > 0; --by) value *= 10;
  for (; by < 0; ++by) value /= 10;
  return value;
}

decimal made(wide mantissa, int digits) {
  return {static_cast<std::int64_t>(mantissa), static_cast<std::int8_t>(-digits)};
}

}  // namespace

decimal product(const decimal& a, const decimal& b, int digits) {
  const wide exact = static_cast<wide>(a.mantissa) * b.mantissa;
  return made(scaled(exact, a.exponent + b.exponent + digits), digits);
}

decimal quotient(const decimal& a, const decimal& b, int digits) {
  if (b.is_zero()) return made(0, digits);
  const int by = digits + a.exponent - b.exponent;
  if (by < 0) return made(scaled(a.mantissa / b.mantissa, by), digits);
  return made(scaled(a.mantissa, by) / b.mantissa, digits);
}

decimal relative_change(const decimal& now, const decimal& before, int digits) {
  const decimal change{now.mantissa - before.mantissa, now.exponent};
  return quotient(change, before, digits);
}

}  // namespace feedtree::simulator
