#include "actors/supervision/restart_policy.hpp"

#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

constexpr std::uint32_t highest = 0xffff'ffff;

random_source always(std::uint32_t number) {
  return [number] { return number; };
}

TEST(backoff, doubles_its_bound_up_to_the_cap) {
  backoff delays({100, 1'000}, always(highest));
  for (const std::int64_t bound : {100, 200, 400, 800, 1'000, 1'000}) {
    EXPECT_EQ(delays.next_ms(), bound - 1);
  }
}

TEST(backoff, draws_from_zero_to_the_bound) {
  backoff lowest({100, 1'000}, always(0));
  EXPECT_EQ(lowest.next_ms(), 0);
  EXPECT_EQ(lowest.next_ms(), 0);
  backoff middle({100, 1'000}, always(0x8000'0000));
  EXPECT_EQ(middle.next_ms(), 50);
  EXPECT_EQ(middle.next_ms(), 100);
}

TEST(backoff, begins_anew_after_a_reset) {
  backoff delays({100, 1'000}, always(highest));
  delays.next_ms();
  delays.next_ms();
  delays.reset();
  EXPECT_EQ(delays.next_ms(), 99);
}

TEST(backoff, keeps_its_cap_where_the_first_delay_is_above_it) {
  backoff delays({5'000, 1'000}, always(highest));
  EXPECT_EQ(delays.next_ms(), 999);
}

TEST(backoff, does_not_overflow_with_delays_of_weeks) {
  constexpr std::int64_t weeks_ms = std::int64_t{1} << 32;
  backoff delays({weeks_ms - 1, weeks_ms - 1}, always(highest));
  EXPECT_EQ(delays.next_ms(), weeks_ms - 2);
}

TEST(restart_policy, allows_as_many_restarts_as_its_intensity) {
  restart_policy policy({2, 1'000, {100, 1'000}}, always(highest));
  EXPECT_EQ(policy.on_failure(0), 99);
  EXPECT_EQ(policy.on_failure(10), 199);
  EXPECT_FALSE(policy.on_failure(20).has_value());
}

TEST(restart_policy, forgets_failures_that_are_out_of_its_window) {
  restart_policy policy({2, 1'000, {100, 1'000}}, always(highest));
  policy.on_failure(0);
  policy.on_failure(999);
  EXPECT_FALSE(policy.on_failure(999).has_value());
  EXPECT_TRUE(policy.on_failure(1'000).has_value());
  EXPECT_FALSE(policy.on_failure(1'001).has_value());
}

TEST(restart_policy, begins_with_the_first_delay_after_a_quiet_window) {
  restart_policy policy({5, 1'000, {100, 1'000}}, always(highest));
  policy.on_failure(0);
  EXPECT_EQ(policy.on_failure(500), 199);
  EXPECT_EQ(policy.on_failure(1'400), 399);  // the one at 500 still counts
  EXPECT_EQ(policy.on_failure(2'400), 99);
}

TEST(restart_policy, with_intensity_zero_restarts_nothing) {
  restart_policy policy({0, 1'000, {100, 1'000}}, always(0));
  EXPECT_FALSE(policy.on_failure(0).has_value());
}

}  // namespace
}  // namespace feedtree::actors
