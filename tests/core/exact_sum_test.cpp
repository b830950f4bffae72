#include "core/exact_sum.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using tests::number;

TEST(exact_sum, does_not_round_and_says_when_it_does_not_fit) {
  exact_sum sum;
  sum.add(number("0.1"));
  sum.add(number("0.25"));
  sum.add(number("3e2"));
  EXPECT_EQ(sum.value()->to_string(), "300.35");
  exact_sum product;
  product.add_product(number("61234.10"), number("0.00120"));
  EXPECT_EQ(product.value()->to_string(), "73.4809200");
  exact_sum wide;
  wide.add_product(number("9000000000000000000"), number("1.0000000000"));
  EXPECT_EQ(wide.value()->to_string(), "9000000000000000000");
  wide.add(number("0.1"));
  EXPECT_FALSE(wide.value());
  exact_sum overflowing;
  for (int at = 0; at < 3; ++at) {
    overflowing.add_product(number("9e18"), number("9e18"));
    overflowing.add_product(number("9e-18"), number("9e-18"));
  }
  EXPECT_FALSE(overflowing.value());
}

}  // namespace
}  // namespace feedtree
