#include "core/schedule.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

namespace feedtree {
namespace {

// Nanoseconds since 1970 of a moment in UTC.
std::int64_t at(int year, unsigned month, unsigned day, int hour = 0, int minute = 0,
                int second = 0) {
  using namespace std::chrono;
  const sys_days date{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}};
  const auto time = date + hours{hour} + minutes{minute} + seconds{second};
  return duration_cast<nanoseconds>(time.time_since_epoch()).count();
}

TEST(schedule, every_interval_falls_on_whole_intervals) {
  const auto when = schedule::every("15m");
  EXPECT_EQ(when.next(at(2026, 3, 1, 10, 7, 3)), at(2026, 3, 1, 10, 15));
  EXPECT_EQ(when.next(at(2026, 3, 1, 10, 15)), at(2026, 3, 1, 10, 30));
  EXPECT_EQ(schedule::every("1d").next(at(2026, 12, 31, 23, 59)), at(2027, 1, 1));
}

TEST(schedule, cron_runs_each_night) {
  const auto when = schedule::cron("30 2 * * *");
  EXPECT_EQ(when.next(at(2026, 3, 1, 2, 29, 59)), at(2026, 3, 1, 2, 30));
  EXPECT_EQ(when.next(at(2026, 3, 1, 2, 30)), at(2026, 3, 2, 2, 30));
}

TEST(schedule, cron_knows_ranges_lists_and_steps) {
  EXPECT_EQ(schedule::cron("*/20 8-18/5 * * *").next(at(2026, 3, 1, 8, 41)), at(2026, 3, 1, 13, 0));
  EXPECT_EQ(schedule::cron("0 0 1,15 * *").next(at(2026, 3, 2)), at(2026, 3, 15));
  EXPECT_EQ(schedule::cron("50/5 0 * * *").next(at(2026, 3, 2, 0, 51)), at(2026, 3, 2, 0, 55));
}

TEST(schedule, cron_has_sunday_as_0_and_as_7) {
  // 1 March 2026 is a Sunday.
  EXPECT_EQ(schedule::cron("0 6 * * 0").next(at(2026, 2, 25)), at(2026, 3, 1, 6));
  EXPECT_EQ(schedule::cron("0 6 * * 7").next(at(2026, 2, 25)), at(2026, 3, 1, 6));
}

TEST(schedule, cron_takes_either_day_where_both_are_restricted) {
  const auto when = schedule::cron("0 0 13 * 5");  // Friday, or the 13th
  EXPECT_EQ(when.next(at(2026, 3, 1)), at(2026, 3, 6));
  EXPECT_EQ(when.next(at(2026, 4, 11)), at(2026, 4, 13));
}

TEST(schedule, cron_finds_the_leap_day) {
  const auto when = schedule::cron("0 12 29 2 *");
  EXPECT_EQ(when.next(at(2026, 1, 1)), at(2028, 2, 29, 12));
  EXPECT_EQ(when.next(at(2096, 3, 1)), at(2104, 2, 29, 12));  // 2100 has none
  EXPECT_EQ(schedule::cron("0 0 * * *").next(at(2028, 2, 28, 1)), at(2028, 2, 29));
}

TEST(schedule, a_day_that_never_comes_is_no_time) {
  EXPECT_FALSE(schedule::cron("0 0 30 2 *").next(at(2026, 1, 1)).has_value());
}

TEST(schedule, what_cannot_be_read_says_which_field) {
  const auto message = [](std::string_view text) {
    try {
      schedule::cron(text);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("taken");
  };
  EXPECT_EQ(message("61 * * * *"), "'61' is no minute: give *, 0 to 59, a range, a list or a step");
  EXPECT_EQ(message("* * *"), "'* * *' has not the five fields minute, hour, day, month, weekday");
  for (const char* text :
       {"", "* * * * * *", "5-1 * * * *", "*/0 * * * *", "a * * * *", "1, * * * *"}) {
    EXPECT_NE(message(text), "taken") << text;
  }
  EXPECT_THROW(schedule::every("soon"), std::invalid_argument);
  EXPECT_THROW(schedule::every("0m"), std::invalid_argument);
}

TEST(schedule, runs_that_were_missed_are_caught_up_once) {
  const auto when = schedule::every("15m");
  const auto now = at(2026, 3, 1, 12, 7);
  EXPECT_EQ(due_ns(when, 0, now), now);
  EXPECT_EQ(due_ns(when, at(2026, 2, 20), now), now);
  EXPECT_EQ(due_ns(when, now, now), at(2026, 3, 1, 12, 15));
}

}  // namespace
}  // namespace feedtree
