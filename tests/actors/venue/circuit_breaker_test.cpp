#include "actors/venue/circuit_breaker.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace feedtree::actors {
namespace {

constexpr std::int64_t s = 1'000'000'000;
constexpr breaker_options three_failures{3, 10'000, 30'000};

class breaker : public testing::Test {
 protected:
  void fail(int times, std::int64_t now_ns) {
    for (int time = 0; time < times; ++time) one.failed(now_ns);
  }
  circuit_breaker one{three_failures};
};

TEST_F(breaker, is_closed_and_lets_everything_be_tried) {
  EXPECT_EQ(one.state(), breaker_state::closed);
  EXPECT_EQ(one.try_or_when(1 * s), 0);
  EXPECT_EQ(one.try_or_when(1 * s), 0);
}

TEST_F(breaker, opens_after_so_many_failures_in_a_row) {
  fail(2, 1 * s);
  EXPECT_EQ(one.state(), breaker_state::closed);
  fail(1, 2 * s);
  EXPECT_EQ(one.state(), breaker_state::open);
  EXPECT_EQ(one.since_ns(), 2 * s);
  EXPECT_EQ(one.failures(), 3u);
  EXPECT_EQ(one.times_opened(), 1u);
}

TEST_F(breaker, starts_to_count_anew_after_a_success) {
  fail(2, 1 * s);
  one.succeeded(1 * s);
  fail(2, 2 * s);
  EXPECT_EQ(one.state(), breaker_state::closed);
}

TEST_F(breaker, lets_nothing_be_tried_while_it_is_open) {
  fail(3, 2 * s);
  EXPECT_EQ(one.try_or_when(2 * s), 12 * s);
  EXPECT_EQ(one.try_or_when(12 * s - 1), 12 * s);
  EXPECT_EQ(one.state(), breaker_state::open);
}

TEST_F(breaker, lets_one_try_when_its_time_is_over) {
  fail(3, 2 * s);
  EXPECT_EQ(one.try_or_when(12 * s), 0);
  EXPECT_EQ(one.state(), breaker_state::half_open);
  EXPECT_EQ(one.try_or_when(12 * s), 13 * s);  // the others look again
  EXPECT_EQ(one.try_or_when(41 * s + 1), 42 * s);
  EXPECT_EQ(one.state(), breaker_state::half_open);
}

TEST_F(breaker, closes_when_the_trial_succeeds) {
  fail(3, 2 * s);
  one.try_or_when(12 * s);
  one.succeeded(13 * s);
  EXPECT_EQ(one.state(), breaker_state::closed);
  EXPECT_EQ(one.since_ns(), 13 * s);
  EXPECT_EQ(one.try_or_when(13 * s), 0);
  EXPECT_EQ(one.failures(), 0u);
}

TEST_F(breaker, opens_again_when_the_trial_fails) {
  fail(3, 2 * s);
  one.try_or_when(12 * s);
  fail(1, 13 * s);
  EXPECT_EQ(one.state(), breaker_state::open);
  EXPECT_EQ(one.try_or_when(13 * s), 23 * s);
  EXPECT_EQ(one.times_opened(), 2u);
}

TEST_F(breaker, takes_a_trial_that_tells_nothing_as_failed) {
  fail(3, 2 * s);
  one.try_or_when(12 * s);
  EXPECT_EQ(one.try_or_when(42 * s), 0);
  EXPECT_EQ(one.state(), breaker_state::half_open);
}

// What was begun before it opened and ends now.
TEST_F(breaker, stays_open_for_its_time_when_more_fails) {
  fail(3, 2 * s);
  fail(5, 7 * s);
  EXPECT_EQ(one.try_or_when(7 * s), 12 * s);
  EXPECT_EQ(one.times_opened(), 1u);
}

TEST_F(breaker, closes_when_something_that_was_begun_before_succeeds) {
  fail(3, 2 * s);
  one.succeeded(3 * s);
  EXPECT_EQ(one.try_or_when(3 * s), 0);
}

TEST_F(breaker, never_opens_where_no_number_of_failures_is_given) {
  circuit_breaker never({0, 10'000, 30'000});
  for (int time = 0; time < 1'000; ++time) never.failed(1 * s);
  EXPECT_EQ(never.try_or_when(1 * s), 0);
}

TEST(shared_breaker, tells_of_each_change_once) {
  std::vector<std::string> told;
  shared_breaker shared(
      three_failures, [] { return 0U; },
      [&](const breaker_view& view) {
        told.push_back(std::string(to_string(view.state)) + " after " +
                       std::to_string(view.failures));
      });
  for (int time = 0; time < 4; ++time) shared.failed(2 * s);
  EXPECT_EQ(shared.try_or_when(3 * s), 12 * s);
  EXPECT_EQ(shared.try_or_when(12 * s), 0);
  shared.succeeded(12 * s);
  EXPECT_EQ(told,
            (std::vector<std::string>{"open after 3", "half_open after 4", "closed after 0"}));
  EXPECT_EQ(shared.view().state, breaker_state::closed);
  EXPECT_EQ(shared.view().times_opened, 1u);
}

TEST(shared_breaker, spreads_those_that_must_wait) {
  std::uint32_t random = 0;
  shared_breaker shared(three_failures, [&] { return random; }, {});
  for (int time = 0; time < 3; ++time) shared.failed(2 * s);
  EXPECT_EQ(shared.try_or_when(2 * s), 12 * s);
  random = 0x8000'0000;
  EXPECT_EQ(shared.try_or_when(2 * s), 12 * s + 1'250'000'000);
  random = 0xffff'ffff;
  EXPECT_LT(shared.try_or_when(2 * s), 14 * s + s / 2);
}

}  // namespace
}  // namespace feedtree::actors
