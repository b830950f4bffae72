// Exact decimals: what a venue sent, never a float.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace feedtree {

// Why a text is not a decimal that fits.
enum class decimal_error : std::uint8_t {
  none,
  empty,      // no text
  syntax,     // not a number
  overflow,   // does not fit: the integer part alone needs more than 64 bits
  precision,  // does not fit: digits behind the point need more than 64 bits, or lie beyond 10^-64
};

// The error in words, for a rejection's reason.
std::string_view to_string(decimal_error error);

// mantissa * 10^exponent. The exponent is kept as sent ("1.50" is 150 * 10^-2), so the digits that
// a venue's checksum is made of can be had back; equality and order are by value.
struct decimal {
  static constexpr int exponent_min = -64;
  static constexpr int exponent_max = 18;
  // Longest text of to_chars: sign, "0.", digits.
  static constexpr std::size_t text_max = 88;

  std::int64_t mantissa = 0;
  std::int8_t exponent = 0;

  constexpr bool is_zero() const { return mantissa == 0; }
  constexpr bool is_negative() const { return mantissa < 0; }
  constexpr bool is_positive() const { return mantissa > 0; }

  // Writes plain notation with the digits as sent ("1.50", "0.0000007") and returns the end.
  // The buffer holds at least text_max bytes.
  char* to_chars(char* out) const;
  std::string to_string() const;

  // The same value with no trailing zero in the mantissa and no exponent above zero where it fits.
  decimal normalised() const;

  // The mantissa at another exponent; false if digits would be lost or 64 bits overflow.
  bool mantissa_at(int other_exponent, std::int64_t& out) const;
};

// By value: 1.5 equals 1.50.
std::strong_ordering compare(const decimal& a, const decimal& b);
inline std::strong_ordering operator<=>(const decimal& a, const decimal& b) {
  return compare(a, b);
}
inline bool operator==(const decimal& a, const decimal& b) {
  return compare(a, b) == 0;
}

// Parses [+-]digits[.digits][(e|E)[+-]digits], the whole text. On an error out is untouched.
decimal_error parse_decimal(std::string_view text, decimal& out);

// A decimal that may be absent, in the space of one.
class optional_decimal {
 public:
  constexpr optional_decimal() = default;
  constexpr optional_decimal(decimal value)
      : value_(value) {}  // NOLINT(google-explicit-constructor)
  constexpr bool has_value() const { return value_.exponent != absent; }
  constexpr explicit operator bool() const { return has_value(); }
  constexpr const decimal& operator*() const { return value_; }
  constexpr const decimal* operator->() const { return &value_; }
  constexpr void reset() { value_ = {0, absent}; }

  // By value; two absent ones are equal.
  friend bool operator==(const optional_decimal& a, const optional_decimal& b) {
    if (a.has_value() != b.has_value()) return false;
    return !a.has_value() || *a == *b;
  }

 private:
  static constexpr std::int8_t absent = 127;
  decimal value_{0, absent};
};

}  // namespace feedtree
