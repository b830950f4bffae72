#include "adapters/http/login_limiter.hpp"

#include <gtest/gtest.h>

namespace feedtree::http {
namespace {

constexpr login_limits limits{3, 1'000, 10};

TEST(login_limiter, lets_some_tries_through_and_then_one_by_one) {
  login_limiter limiter(limits);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.wait_ms("a", "1", 0), 0) << i;
  EXPECT_EQ(limiter.wait_ms("a", "1", 0), 1'000);
  EXPECT_EQ(limiter.wait_ms("a", "1", 400), 600);
  EXPECT_EQ(limiter.wait_ms("a", "1", 1'000), 0);
  EXPECT_GT(limiter.wait_ms("a", "1", 1'000), 0);
}

TEST(login_limiter, counts_a_name_from_many_addresses_and_an_address_with_many_names) {
  login_limiter by_name(limits);
  for (const auto* peer : {"1", "2", "3"}) EXPECT_EQ(by_name.wait_ms("a", peer, 0), 0);
  EXPECT_GT(by_name.wait_ms("a", "4", 0), 0);
  EXPECT_EQ(by_name.wait_ms("b", "4", 0), 0);
  login_limiter by_peer(limits);
  for (const auto* name : {"a", "b", "c"}) EXPECT_EQ(by_peer.wait_ms(name, "1", 0), 0);
  EXPECT_GT(by_peer.wait_ms("d", "1", 0), 0);
  EXPECT_EQ(by_peer.wait_ms("d", "2", 0), 0);
}

TEST(login_limiter, gives_back_what_a_right_try_took) {
  login_limiter limiter(limits);
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(limiter.wait_ms("a", "1", 0), 0) << i;
    limiter.succeeded("a", "1", 0);
  }
}

TEST(login_limiter, does_not_take_a_name_for_an_address) {
  login_limiter limiter(limits);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.wait_ms("1", "2", 0), 0);
  EXPECT_EQ(limiter.wait_ms("2", "1", 0), 0);
}

TEST(login_limiter, is_bounded_and_survives_a_clock_that_goes_back) {
  login_limiter limiter(limits);
  for (int i = 0; i < 1'000; ++i) {
    limiter.wait_ms("n" + std::to_string(i), "p" + std::to_string(i), i);
    EXPECT_LE(limiter.keys(), limits.keys_max);
  }
  for (int i = 0; i < 3; ++i) limiter.wait_ms("a", "1", 5'000);
  EXPECT_GT(limiter.wait_ms("a", "1", 10), 0);
}

}  // namespace
}  // namespace feedtree::http
