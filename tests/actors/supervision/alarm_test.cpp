#include "actors/supervision/alarm.hpp"

#include <gtest/gtest.h>

#include <set>

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
  std::multiset<std::int64_t> under_way;
  const auto set = [&](std::int64_t at_ns) {
    if (timer.set(at_ns)) under_way.insert(at_ns);
  };
  set(1'000);
  for (int message = 0; message < 10'000; ++message) {
    const auto now = *under_way.begin();
    under_way.erase(under_way.begin());
    if (!timer.rings(now)) continue;
    // What is later is set first, each time.
    set(now + 1'000);
    set(now + 10);
  }
  EXPECT_LE(under_way.size(), 102U);
}

}  // namespace
}  // namespace feedtree::actors
