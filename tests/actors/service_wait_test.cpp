#include "actors/service_wait.hpp"

#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

constexpr std::int64_t began = 1'000'000;
constexpr std::int64_t second = 1'000;

class service_waits : public testing::Test {
 protected:
  service_wait waits{began, 30 * second};
};

TEST_F(service_waits, names_each_service_that_is_missing_once_a_reason) {
  EXPECT_EQ(waits.failed("nats", "refused", began), "is not there yet, up to 30 s: refused");
  EXPECT_EQ(waits.failed("nats", "refused", began + 200), "");
  EXPECT_EQ(waits.failed("timescale", "no such host", began + 200),
            "is not there yet, up to 30 s: no such host");
  EXPECT_EQ(waits.failed("nats", "wrong password", began + 5 * second),
            "is not there yet, up to 25 s: wrong password");
  EXPECT_EQ(waits.missing(), "nats, timescale");
}

TEST_F(service_waits, says_how_long_it_waited_for_one_that_came) {
  waits.failed("nats", "refused", began);
  EXPECT_EQ(waits.arrived("nats", began + 2'100), "is there after 3 s");
  EXPECT_EQ(waits.missing(), "");
}

TEST_F(service_waits, says_nothing_of_one_that_was_there_at_once) {
  EXPECT_EQ(waits.arrived("nats", began + 5), "");
  EXPECT_EQ(waits.reminder(began + 20 * second), "");
}

TEST_F(service_waits, reminds_every_ten_seconds_of_those_that_are_still_missing) {
  waits.failed("nats", "refused", began);
  waits.failed("redis", "refused", began);
  EXPECT_EQ(waits.reminder(began + 10 * second - 1), "");
  EXPECT_EQ(waits.reminder(began + 10 * second), "still waits for nats, redis, for 20 s more");
  EXPECT_EQ(waits.reminder(began + 10 * second + 200), "");
  waits.arrived("nats", began + 15 * second);
  EXPECT_EQ(waits.reminder(began + 20 * second), "still waits for redis, for 10 s more");
}

TEST_F(service_waits, is_over_after_the_time_that_was_given_and_names_every_reason) {
  waits.failed("timescale", "no such host", began);
  waits.failed("nats", "refused", began);
  EXPECT_FALSE(waits.is_over(began + 30 * second - 1));
  EXPECT_TRUE(waits.is_over(began + 30 * second));
  EXPECT_EQ(waits.failure(), "not there within 30 s: nats (refused), timescale (no such host)");
}

TEST_F(service_waits, without_time_is_over_at_once) {
  const service_wait none(began, 0);
  EXPECT_TRUE(none.is_over(began));
}

}  // namespace
}  // namespace feedtree::actors
