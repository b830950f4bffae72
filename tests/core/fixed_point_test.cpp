#include "core/fixed_point.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using tests::number;

TEST(fixed_point, texts_have_no_zeros_at_the_end) {
  EXPECT_EQ((wide_decimal{0, -5}.to_string()), "0");
  EXPECT_EQ((wide_decimal{1'500, -3}.to_string()), "1.5");
  EXPECT_EQ((wide_decimal{-15, -4}.to_string()), "-0.0015");
  EXPECT_EQ((wide_decimal{12, 2}.to_string()), "1200");
  wide_integer big = 1;
  for (int at = 0; at < 38; ++at) big *= 10;
  EXPECT_EQ((wide_decimal{big + 1, -38}.to_string()), "1.00000000000000000000000000000000000001");
}

TEST(fixed_point, narrow_values_are_those_that_fit_a_decimal) {
  EXPECT_EQ((wide_decimal{150'000, -4}.narrow()->to_string()), "15");
  wide_integer big = 1;
  for (int at = 0; at < 30; ++at) big *= 10;
  EXPECT_EQ((wide_decimal{big, -18}.narrow()->to_string()), "1000000000000");
  EXPECT_FALSE((wide_decimal{big + 1, -18}.narrow()));
}

TEST(fixed_point, mantissas_lose_no_digit) {
  wide_integer out = 0;
  EXPECT_TRUE(wide_mantissa(number("1.50"), -1, out));
  EXPECT_TRUE(out == 15);
  EXPECT_FALSE(wide_mantissa(number("1.51"), -1, out));
  EXPECT_TRUE(wide_mantissa(number("9223372036854775807"), -18, out));
  EXPECT_FALSE(wide_mantissa(number("9223372036854775807"), -20, out));
}

TEST(fixed_point, divisions_round_half_away_from_zero) {
  EXPECT_EQ(divide(1, 3, 4).to_string(), "0.3333");
  EXPECT_EQ(divide(2, 3, 4).to_string(), "0.6667");
  EXPECT_EQ(divide(-2, 3, 4).to_string(), "-0.6667");
  EXPECT_EQ(divide(1, 8, 2).to_string(), "0.13");
  EXPECT_EQ(divide(-1, 8, 2).to_string(), "-0.13");
}

TEST(fixed_point, logarithms_are_those_of_the_math_library) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> any(1, 1'000'000'000);
  for (int times = 0; times < 10'000; ++times) {
    const decimal from{any(random), -2};
    const decimal to{any(random), -4};
    const auto expected = std::log(static_cast<long double>(to.mantissa) /
                                   (static_cast<long double>(from.mantissa) * 100));
    const auto found = static_cast<long double>(log_ratio(from, to)) * 1e-15L;
    ASSERT_NEAR(static_cast<double>(found - expected), 0, 2e-15)
        << from.mantissa << " " << to.mantissa;
  }
  EXPECT_EQ(log_ratio(number("100"), number("200")), 693'147'180'559'945);
  EXPECT_EQ(log_ratio(number("200"), number("100")), -693'147'180'559'945);
  EXPECT_EQ(log_ratio(number("5.0"), number("5")), 0);
}

TEST(fixed_point, square_roots_are_rounded_down) {
  EXPECT_EQ(square_root(0), 0U);
  EXPECT_EQ(square_root(15), 3U);
  EXPECT_EQ(square_root(16), 4U);
  const wide_integer big = wide_integer{18'446'744'073'709} * 18'446'744'073'709;
  EXPECT_EQ(square_root(big), 18'446'744'073'709U);
  EXPECT_EQ(square_root(big - 1), 18'446'744'073'708U);
}

}  // namespace
}  // namespace feedtree
