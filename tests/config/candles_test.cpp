// Candles that are built from trades, as a configuration asks for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/difference.hpp"
#include "tests/config/reading.hpp"

namespace feedtree::config {
namespace {

using namespace tests;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t minute_ns = 60'000'000'000;

TEST(config_candles, are_none_without_the_key) {
  EXPECT_THAT(read(good).config.candles.intervals_ns, IsEmpty());
}

TEST(config_candles, take_intervals_and_times) {
  const auto result = read(
      good + "candles: {intervals: [1m, 4h, 1d], lateness: 500ms, revise_for: 2h, empty: true}\n");
  ASSERT_TRUE(result.ok());
  const auto& candles = result.config.candles;
  EXPECT_THAT(candles.intervals_ns, ElementsAre(minute_ns, 240 * minute_ns, 1'440 * minute_ns));
  EXPECT_EQ(candles.lateness_ms, 500);
  EXPECT_EQ(candles.revise_for_ms, 7'200'000);
  EXPECT_TRUE(candles.empty);
}

TEST(config_candles, refuse_intervals_of_which_no_day_is_made) {
  for (const auto* bad : {"7m", "1w", "5h", "minute", "0m"}) {
    EXPECT_THAT(problems(good + "candles: {intervals: [" + bad + "]}\n"),
                ElementsAre(HasSubstr("candles.intervals: expected an interval")))
        << bad;
  }
  EXPECT_THAT(problems(good + "candles: {intervals: [1m, 60s]}\n"),
              ElementsAre(HasSubstr("'60s' is listed already")));
}

TEST(config_candles, need_intervals) {
  EXPECT_THAT(problems(good + "candles: {empty: true}\n"), ElementsAre(HasSubstr("intervals")));
}

TEST(config_candles, need_a_start_to_change) {
  const auto now = read(good + "candles: {intervals: [1m]}\n").config;
  const auto wanted = read(good + "candles: {intervals: [1m, 5m]}\n").config;
  EXPECT_THAT(difference_of(now, wanted).fixed_keys, ElementsAre("candles"));
}

}  // namespace
}  // namespace feedtree::config
