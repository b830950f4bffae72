#include "core/decimal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <random>

namespace feedtree {
namespace {

// A decimal as digits: sign, digits without zeros at either end, and the power of ten of the last.
// Slow, and made of nothing but text.
struct reference {
  bool negative = false;
  std::string digits;  // empty for zero
  long power = 0;

  static reference parse(const std::string& text) {
    reference result;
    std::size_t at = 0;
    if (text[at] == '-' || text[at] == '+') result.negative = text[at++] == '-';
    bool fraction = false;
    for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
      if (text[at] == '.') {
        fraction = true;
        continue;
      }
      result.digits += text[at];
      if (fraction) --result.power;
    }
    if (at < text.size()) result.power += std::stol(text.substr(at + 1));
    return result.trimmed();
  }

  static reference of(const decimal& value) { return parse(value.to_string()); }

  reference trimmed() const {
    auto result = *this;
    result.digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    while (!result.digits.empty() && result.digits.back() == '0') {
      result.digits.pop_back();
      ++result.power;
    }
    if (result.digits.empty()) return {};
    return result;
  }

  // True if a mantissa of 63 bits and an exponent within bounds give this value.
  bool fits() const {
    static const std::string most = std::to_string(std::numeric_limits<std::int64_t>::max());
    if (digits.empty()) return true;
    if (power < decimal::exponent_min || power > 1000) return false;
    auto mantissa = digits;
    if (power > decimal::exponent_max) {
      mantissa.append(static_cast<std::size_t>(power - decimal::exponent_max), '0');
    }
    return mantissa.size() < most.size() || (mantissa.size() == most.size() && mantissa <= most);
  }

  // Order of magnitudes by their digits.
  static int compare_magnitude(const reference& a, const reference& b) {
    const auto top = [](const reference& r) {
      return static_cast<long>(r.digits.size()) + r.power;
    };
    if (a.digits.empty() || b.digits.empty()) {
      return static_cast<int>(!a.digits.empty()) - static_cast<int>(!b.digits.empty());
    }
    if (top(a) != top(b)) return top(a) < top(b) ? -1 : 1;
    const auto size = std::max(a.digits.size(), b.digits.size());
    const auto left = a.digits + std::string(size - a.digits.size(), '0');
    const auto right = b.digits + std::string(size - b.digits.size(), '0');
    return left < right ? -1 : left > right ? 1 : 0;
  }

  // What stands before the decimal point.
  reference whole_part() const {
    auto result = *this;
    result.negative = false;
    if (power < 0) {
      const auto cut = std::min(digits.size(), static_cast<std::size_t>(-power));
      result.digits.resize(digits.size() - cut);
      result.power = 0;
    }
    return result.trimmed();
  }

  static int compare(const reference& a, const reference& b) {
    if (a.negative != b.negative) return a.negative ? -1 : 1;
    return a.negative ? compare_magnitude(b, a) : compare_magnitude(a, b);
  }

  friend bool operator>(const reference& a, const reference& b) { return compare(a, b) > 0; }
  friend bool operator==(const reference& a, const reference& b) {
    return a.negative == b.negative && a.digits == b.digits && a.power == b.power;
  }
};

decimal parsed(std::string_view text) {
  decimal result;
  EXPECT_EQ(parse_decimal(text, result), decimal_error::none) << text;
  return result;
}

decimal_error error_of(std::string_view text) {
  decimal result{17, 3};
  const auto error = parse_decimal(text, result);
  if (error != decimal_error::none) {
    EXPECT_EQ(result.mantissa, 17) << "touched by " << text;
    EXPECT_EQ(result.exponent, 3) << "touched by " << text;
  }
  return error;
}

class random_numbers {
 public:
  explicit random_numbers(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

  std::string digits(std::size_t count) {
    std::string text;
    // Runs of zeros are where an implementation goes wrong.
    while (text.size() < count) {
      if (chance(4)) {
        text.append(1 + below(12), '0');
      } else {
        text += static_cast<char>('0' + below(10));
      }
    }
    return text.substr(0, count);
  }

  std::string number() {
    std::string text = chance(3) ? "-" : "";
    text += digits(1 + below(chance(3) ? 30 : 8));
    if (!chance(3)) text += "." + digits(1 + below(chance(3) ? 70 : 8));
    if (chance(4)) {
      text += chance(2) ? "e" : "E";
      if (chance(2)) text += chance(2) ? "-" : "+";
      text += std::to_string(below(chance(5) ? 120 : 25));
    }
    return text;
  }

  decimal value() {
    const auto bits = static_cast<std::int64_t>(random_()) >> below(63);
    const auto span = decimal::exponent_max - decimal::exponent_min + 1;
    const auto exponent =
        decimal::exponent_min + static_cast<int>(below(static_cast<std::size_t>(span)));
    const auto mantissa = bits == std::numeric_limits<std::int64_t>::min() ? 0 : bits;
    return {mantissa, static_cast<std::int8_t>(chance(3) ? exponent : exponent % 9)};
  }

 private:
  std::mt19937_64 random_;
};

TEST(decimal, keeps_the_digits_as_sent) {
  for (const auto* text : {"0", "1", "-1", "1.50", "0.0000007", "61234.10", "0.00", "100", "-0.5",
                           "9223372036854775807", "-9223372036854775807", "0.9223372036854775807",
                           "922337203685477580.7"}) {
    EXPECT_EQ(parsed(text).to_string(), text);
  }
}

TEST(decimal, reads_exponents) {
  EXPECT_EQ(parsed("7e-7").to_string(), "0.0000007");
  EXPECT_EQ(parsed("1.5E3").to_string(), "1500");
  EXPECT_EQ(parsed("12e+2").to_string(), "1200");
  EXPECT_EQ(parsed("0e5").to_string(), "0");
  EXPECT_EQ(parsed("0e99999999999999999999").to_string(), "0");
  EXPECT_EQ(parsed("1e18").to_string(), "1000000000000000000");
  EXPECT_EQ(parsed("1e20"), parsed("100000000000000000000"));
}

TEST(decimal, has_no_minus_zero) {
  EXPECT_EQ(parsed("-0").to_string(), "0");
}

TEST(decimal, tells_what_is_wrong_and_leaves_the_result_alone) {
  EXPECT_EQ(error_of(""), decimal_error::empty);
  for (const auto* text : {".", "-", "+", "1.", ".5", "1e", "1e+", "e5", "1.2.3", " 1", "1 ", "0x1",
                           "nan", "inf", "1,5", "--1", "1e5.5", "1e99999x"}) {
    EXPECT_EQ(error_of(text), decimal_error::syntax) << text;
  }
  for (const auto* text : {"99999999999999999999", "9223372036854775808", "-9223372036854775808",
                           "99999999999999999999.5", "1e38", "9e9999"}) {
    EXPECT_EQ(error_of(text), decimal_error::overflow) << text;
  }
  for (const auto* text : {"1.2345678901234567890123", "0.99999999999999999999", "1e-65",
                           "99999999999999999999e-30", "1e-9999"}) {
    EXPECT_EQ(error_of(text), decimal_error::precision) << text;
  }
}

TEST(decimal, does_not_take_zeros_at_the_end_for_digits_that_do_not_fit) {
  EXPECT_EQ(parsed("1000000000.00000000000000000000"), parsed("1000000000"));
  EXPECT_EQ(parsed("9223372036854775807.000"), parsed("9223372036854775807"));
  EXPECT_EQ(parsed("92233720368547758070"), parsed("9223372036854775807e1"));
}

TEST(decimal, parses_what_fits_and_only_that_by_an_independent_reading) {
  random_numbers random(1);
  int fitting = 0;
  for (int round = 0; round < 200'000; ++round) {
    const auto text = random.number();
    const auto expected = reference::parse(text);
    decimal given;
    const auto error = parse_decimal(text, given);
    ASSERT_EQ(error == decimal_error::none, expected.fits()) << text << ": " << to_string(error);
    if (error != decimal_error::none) continue;
    ++fitting;
    ASSERT_TRUE(reference::of(given) == expected) << text << " became " << given.to_string();
  }
  EXPECT_GT(fitting, 80'000);
  EXPECT_LT(fitting, 195'000);
}

TEST(decimal, says_precision_for_digits_and_overflow_for_size) {
  random_numbers random(2);
  for (int round = 0; round < 100'000; ++round) {
    const auto text = random.number();
    const auto expected = reference::parse(text);
    if (expected.fits()) continue;
    const bool too_large = expected.whole_part() > reference::parse("9223372036854775807");
    ASSERT_EQ(error_of(text), too_large ? decimal_error::overflow : decimal_error::precision)
        << text;
  }
}

TEST(decimal, prints_what_parses_to_the_same_mantissa_and_exponent) {
  random_numbers random(3);
  for (int round = 0; round < 100'000; ++round) {
    const auto value = random.value();
    const auto text = value.to_string();
    ASSERT_LE(text.size(), decimal::text_max);
    const auto again = parsed(text);
    ASSERT_EQ(again, value) << text;
    if (value.exponent <= 0 && value.mantissa != 0) {
      ASSERT_EQ(again.mantissa, value.mantissa) << text;
      ASSERT_EQ(again.exponent, value.exponent) << text;
    }
  }
}

TEST(decimal, prints_no_more_than_text_max) {
  const auto most = std::numeric_limits<std::int64_t>::max();
  for (int exponent = decimal::exponent_min; exponent <= decimal::exponent_max; ++exponent) {
    for (const auto mantissa : {most, -most, std::int64_t{1}, std::int64_t{-1}, std::int64_t{0}}) {
      const decimal value{mantissa, static_cast<std::int8_t>(exponent)};
      EXPECT_LE(value.to_string().size(), decimal::text_max);
      EXPECT_EQ(parsed(value.to_string()), value);
    }
  }
}

TEST(decimal, orders_as_an_independent_reading_does) {
  random_numbers random(4);
  for (int round = 0; round < 100'000; ++round) {
    const auto a = random.value();
    auto b = random.value();
    if (random.chance(3)) b = a.normalised();
    const auto expected = reference::compare(reference::of(a), reference::of(b));
    const auto given = compare(a, b);
    ASSERT_EQ(given < 0   ? -1
              : given > 0 ? 1
                          : 0,
              expected)
        << a.to_string() << " " << b.to_string();
    ASSERT_EQ(a == b, expected == 0);
    ASSERT_EQ(compare(b, a) < 0, expected > 0);
  }
}

TEST(decimal, normalises_equal_values_to_equal_members) {
  random_numbers random(5);
  for (int round = 0; round < 100'000; ++round) {
    const auto value = random.value();
    const auto plain = value.normalised();
    ASSERT_EQ(plain, value);
    // Written another way, with more or fewer zeros.
    std::int64_t mantissa = 0;
    const auto exponent = static_cast<int>(value.exponent) - 3 + static_cast<int>(random.below(7));
    if (exponent < decimal::exponent_min || exponent > decimal::exponent_max) continue;
    if (!value.mantissa_at(exponent, mantissa)) continue;
    const auto other = decimal{mantissa, static_cast<std::int8_t>(exponent)}.normalised();
    ASSERT_EQ(other.mantissa, plain.mantissa) << value.to_string();
    ASSERT_EQ(other.exponent, plain.exponent) << value.to_string();
  }
}

TEST(decimal, gives_the_mantissa_at_another_exponent_or_refuses) {
  random_numbers random(6);
  for (int round = 0; round < 100'000; ++round) {
    const auto value = random.value();
    const auto exponent =
        static_cast<int>(value.exponent) - 20 + static_cast<int>(random.below(41));
    if (exponent < -100 || exponent > 100) continue;
    std::int64_t mantissa = 42;
    const bool given = value.mantissa_at(exponent, mantissa);
    const auto exact = reference::of(value);
    const auto zeros = static_cast<long>(exact.power) - exponent;
    bool possible = exact.digits.empty();
    if (!possible && zeros >= 0) {
      const auto digits = exact.digits + std::string(static_cast<std::size_t>(zeros), '0');
      possible = digits.size() < 19 || (digits.size() == 19 && digits <= "9223372036854775807");
    }
    ASSERT_EQ(given, possible) << value.to_string() << " at " << exponent;
    if (given && exponent >= decimal::exponent_min && exponent <= decimal::exponent_max) {
      ASSERT_EQ((decimal{mantissa, static_cast<std::int8_t>(exponent)}), value);
    }
  }
}

TEST(decimal, never_reads_beyond_the_text) {
  random_numbers random(7);
  for (int round = 0; round < 20'000; ++round) {
    const auto text = random.number();
    const auto size = 1 + random.below(text.size());
    // A copy of the exact size, so that a sanitizer sees a read behind it.
    const std::vector<char> cut(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    decimal value;
    static_cast<void>(parse_decimal({cut.data(), cut.size()}, value));
  }
}

TEST(optional_decimal, is_absent_until_it_is_set) {
  optional_decimal value;
  EXPECT_FALSE(value.has_value());
  value = decimal{0, 0};
  EXPECT_TRUE(value.has_value());
  EXPECT_TRUE(value->is_zero());
  value.reset();
  EXPECT_FALSE(value);
}

}  // namespace
}  // namespace feedtree
