#include "actors/alarm.hpp"

#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

TEST(set_alarm, rings_at_its_time_and_once) {
  alarm timer;
  EXPECT_TRUE(timer.set(100));
  EXPECT_FALSE(timer.set(100));
  EXPECT_FALSE(timer.set(200));
  EXPECT_TRUE(timer.rings(100));
  EXPECT_FALSE(timer.rings(100));
}

TEST(set_alarm, set_earlier_lets_the_later_message_pass_by) {
  alarm timer;
  EXPECT_TRUE(timer.set(100));
  EXPECT_TRUE(timer.set(50));
  EXPECT_TRUE(timer.rings(50));
  EXPECT_TRUE(timer.set(150));
  EXPECT_FALSE(timer.rings(100));
  EXPECT_TRUE(timer.rings(150));
}

TEST(set_alarm, rings_with_the_last_message_even_if_it_is_early) {
  alarm timer;
  EXPECT_TRUE(timer.set(100));
  EXPECT_TRUE(timer.rings(90));
  EXPECT_FALSE(timer.set(0));
}

TEST(set_alarm, messages_do_not_multiply) {
  alarm timer;
  std::uint64_t under_way = timer.set(1'000) ? 1 : 0;
  for (std::int64_t now = 0; now < 10'000; now += 10) {
    // Something earlier is due each time, and what is later is set anew.
    under_way += timer.set(now + 10) ? 1 : 0;
    --under_way;
    if (timer.rings(now + 10)) under_way += timer.set(now + 1'000) ? 1 : 0;
  }
  EXPECT_LE(under_way, 1'000U);
}

}  // namespace
}  // namespace feedtree::actors
