#include "core/time_text.hpp"

#include <gtest/gtest.h>

namespace feedtree {
namespace {

constexpr std::int64_t second = 1'000'000'000;

TEST(time_text, reads_rfc_3339_dates_and_nanoseconds) {
  EXPECT_EQ(parse_time("2026-08-09T21:05:00Z"), 1'786'309'500 * second);
  EXPECT_EQ(parse_time("2026-08-09T21:05:00.000000001Z"), 1'786'309'500 * second + 1);
  EXPECT_EQ(parse_time("2026-08-09t23:35:00.5+02:30"), 1'786'309'500 * second + second / 2);
  EXPECT_EQ(parse_time("2026-08-09T19:05:00-02:00"), 1'786'309'500 * second);
  EXPECT_EQ(parse_time("2026-08-09"), 1'786'233'600 * second);
  EXPECT_EQ(parse_time("1786309500000000007"), 1'786'309'500 * second + 7);
  EXPECT_EQ(parse_time("1970-01-01"), 0);
  EXPECT_EQ(parse_time("2024-02-29T00:00:00Z"), 1'709'164'800 * second);
}

TEST(time_text, refuses_what_is_none_of_them) {
  for (const auto* bad :
       {"", "now", "2026-08-09T21:05:00", "2026-08-09T21:05Z", "2026-13-01", "2026-02-30",
        "1786309500", "1786309500000", "99999999999999999999", "2026-08-09T24:00:00Z",
        "2026-08-09T21:05:00.Z", "2026-08-09T21:05:00.1234567890Z", "2026-08-09T21:05:00+25:00",
        "2026-08-09 ", "1969-12-31", "2300-01-01", "2026-08-09T21:05:00Zx", "-1"}) {
    EXPECT_FALSE(parse_time(bad)) << bad;
  }
}

TEST(time_text, leaves_out_what_is_below_a_second) {
  EXPECT_EQ(second_text(1'786'310'700'999'999'999), "2026-08-09T21:25:00Z");
  EXPECT_EQ(second_text(0), "1970-01-01T00:00:00Z");
}

TEST(time_text, gives_back_what_it_wrote) {
  for (const auto ns : {std::int64_t{0}, 1'786'309'500 * second + 123'456'789, second - 1}) {
    EXPECT_EQ(parse_time(time_text(ns)), ns) << time_text(ns);
  }
  EXPECT_EQ(time_text(1'786'309'500 * second), "2026-08-09T21:05:00.000000000Z");
}

}  // namespace
}  // namespace feedtree
