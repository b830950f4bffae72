#include "core/decimal.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <limits>

namespace feedtree {
namespace {

constexpr std::uint64_t magnitude_max = std::numeric_limits<std::int64_t>::max();

constexpr std::array<std::uint64_t, 19> powers_of_ten = [] {
  std::array<std::uint64_t, 19> powers{};
  std::uint64_t power = 1;
  for (auto& entry : powers) {
    entry = power;
    power *= 10;
  }
  return powers;
}();

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

// The digits of a number while they are read; zeros at the end are kept back until a digit that
// counts follows, so that "1000000000.0000000000000000" is no overflow.
struct digit_reader {
  std::uint64_t value = 0;
  int exponent = 0;  // of value
  int zeros = 0;     // seen after value, not yet in it
  int dropped = 0;   // digits behind value that did not fit, where one of them counts

  bool push(unsigned digit) {
    if (value > (magnitude_max - digit) / 10) return false;
    value = value * 10 + digit;
    return true;
  }

  void add(unsigned digit, bool fraction) {
    if (zeros == 0 && dropped == 0 && push(digit)) {
      exponent -= fraction ? 1 : 0;
      return;
    }
    add_slow(digit, fraction);
  }

  void add_slow(unsigned digit, bool fraction) {
    exponent -= fraction ? 1 : 0;
    if (dropped > 0) {
      ++dropped;
    } else if (digit == 0) {
      ++zeros;
    } else {
      // The zeros before it did not fit, or the digit itself does not.
      dropped = zeros + 1;
      zeros = 0;
    }
  }
};

decimal_error read_exponent(const char*& at, const char* end, int& exponent) {
  ++at;
  bool negative = false;
  if (at != end && (*at == '+' || *at == '-')) negative = *at++ == '-';
  if (at == end || !is_digit(*at)) return decimal_error::syntax;
  int value = 0;
  for (; at != end && is_digit(*at); ++at) {
    if (value < 1'000'000) value = value * 10 + (*at - '0');  // more makes no difference
  }
  exponent += negative ? -value : value;
  return decimal_error::none;
}

// Moves an exponent that is out of bounds into them, if the mantissa has room or zeros for it.
decimal_error fit_exponent(std::int64_t& mantissa, int& exponent) {
  for (; exponent > decimal::exponent_max; --exponent) {
    if (__builtin_mul_overflow(mantissa, 10, &mantissa)) return decimal_error::overflow;
  }
  for (; exponent < decimal::exponent_min; ++exponent) {
    if (mantissa % 10 != 0) return decimal_error::precision;
    mantissa /= 10;
  }
  return decimal_error::none;
}

decimal_error finish(const digit_reader& digits, bool negative, decimal& out) {
  if (digits.dropped > 0) {
    // value is at least a tenth of what fits: one more digit before the point is too much.
    return digits.exponent + digits.dropped > 0 ? decimal_error::overflow
                                                : decimal_error::precision;
  }
  auto mantissa = static_cast<std::int64_t>(digits.value);
  int exponent = digits.exponent + digits.zeros;
  if (mantissa == 0) {
    const bool keeps_digits = exponent <= 0 && exponent >= decimal::exponent_min;
    out = {0, static_cast<std::int8_t>(keeps_digits ? exponent : 0)};
    return decimal_error::none;
  }
  const auto error = fit_exponent(mantissa, exponent);
  if (error != decimal_error::none) return error;
  out = {negative ? -mantissa : mantissa, static_cast<std::int8_t>(exponent)};
  return decimal_error::none;
}

}  // namespace

std::string_view to_string(decimal_error error) {
  switch (error) {
    case decimal_error::none:
      return "none";
    case decimal_error::empty:
      return "empty number";
    case decimal_error::syntax:
      return "not a number";
    case decimal_error::overflow:
      return "number out of range";
    case decimal_error::precision:
      return "number has more digits than 64 bits hold";
  }
  return "unknown";
}

decimal_error parse_decimal(std::string_view text, decimal& out) {
  if (text.empty()) return decimal_error::empty;
  const char* at = text.data();
  const char* const end = at + text.size();
  bool negative = false;
  if (*at == '-' || *at == '+') negative = *at++ == '-';
  digit_reader digits;
  const char* const first = at;
  for (; at != end && is_digit(*at); ++at) digits.add(static_cast<unsigned>(*at - '0'), false);
  if (at == first) return decimal_error::syntax;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    for (; at != end && is_digit(*at); ++at) digits.add(static_cast<unsigned>(*at - '0'), true);
    if (at == fraction) return decimal_error::syntax;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    const auto error = read_exponent(at, end, digits.exponent);
    if (error != decimal_error::none) return error;
  }
  if (at != end) return decimal_error::syntax;
  return finish(digits, negative, out);
}

char* decimal::to_chars(char* out) const {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), magnitude(mantissa));
  auto count = static_cast<int>(end.ptr - digits.data());
  if (mantissa < 0) *out++ = '-';
  const auto put = [&out](const char* from, int bytes) {
    std::memcpy(out, from, static_cast<std::size_t>(bytes));
    out += bytes;
  };
  const auto zeros = [&out](int bytes) {
    std::memset(out, '0', static_cast<std::size_t>(bytes));
    out += bytes;
  };
  if (exponent >= 0) {
    put(digits.data(), count);
    if (mantissa != 0) zeros(exponent);
    return out;
  }
  const int fraction = -exponent;
  if (count > fraction) {
    put(digits.data(), count - fraction);
    *out++ = '.';
    put(digits.data() + (count - fraction), fraction);
    return out;
  }
  *out++ = '0';
  *out++ = '.';
  zeros(fraction - count);
  put(digits.data(), count);
  return out;
}

std::string decimal::to_string() const {
  std::array<char, text_max> text{};
  return {text.data(), to_chars(text.data())};
}

decimal decimal::normalised() const {
  if (mantissa == 0) return {0, 0};
  decimal result = *this;
  while (result.mantissa % 10 == 0 && result.exponent < exponent_max) {
    result.mantissa /= 10;
    ++result.exponent;
  }
  std::int64_t plain = 0;
  if (result.exponent > 0 && result.mantissa_at(0, plain)) return {plain, 0};
  return result;
}

bool decimal::mantissa_at(int other_exponent, std::int64_t& out) const {
  const int shift = exponent - other_exponent;
  if (shift == 0 || mantissa == 0) {
    out = mantissa;
    return true;
  }
  const auto distance = static_cast<std::size_t>(shift < 0 ? -shift : shift);
  if (distance >= powers_of_ten.size()) return false;
  const auto power = static_cast<std::int64_t>(powers_of_ten[distance]);
  if (shift < 0) {
    if (mantissa % power != 0) return false;
    out = mantissa / power;
    return true;
  }
  return !__builtin_mul_overflow(mantissa, power, &out);
}

std::strong_ordering compare(const decimal& a, const decimal& b) {
  if (a.exponent == b.exponent) return a.mantissa <=> b.mantissa;
  const int sign_a = (a.mantissa > 0) - (a.mantissa < 0);
  const int sign_b = (b.mantissa > 0) - (b.mantissa < 0);
  if (sign_a != sign_b) return sign_a <=> sign_b;
  if (sign_a == 0) return std::strong_ordering::equal;
  if (a.exponent < b.exponent) return 0 <=> compare(b, a);
  const auto shift = static_cast<std::size_t>(a.exponent - b.exponent);
  if (shift >= powers_of_ten.size()) return sign_a <=> 0;
  __extension__ using wide = __int128;
  const wide scaled = static_cast<wide>(a.mantissa) * static_cast<wide>(powers_of_ten[shift]);
  const wide other = b.mantissa;
  return scaled < other   ? std::strong_ordering::less
         : scaled > other ? std::strong_ordering::greater
                          : std::strong_ordering::equal;
}

}  // namespace feedtree
