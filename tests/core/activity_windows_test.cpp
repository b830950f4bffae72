#include "core/activity_windows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using tests::number;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'700'000'000 * second;

double volatility(const activity_windows& of, std::size_t window) {
  return std::stod(of.sums(window).volatility().to_string());
}

TEST(activity_windows, a_second_counts_when_it_is_over) {
  activity_windows windows;
  windows.add_trade(number("1.5"), start);
  EXPECT_EQ(windows.sums(0).trades, 0U);
  EXPECT_EQ(windows.sums(0).seconds, 0);
  windows.add_trade(number("0.25"), start + second);
  EXPECT_EQ(windows.sums(0).trades, 1U);
  EXPECT_EQ(windows.sums(0).volume_sum().to_string(), "1.5");
  EXPECT_EQ(windows.sums(0).seconds, 1);
}

TEST(activity_windows, trades_leave_the_windows_one_after_the_other) {
  activity_windows windows;
  windows.add_trade(number("1"), start);
  const auto counts_at = [&](std::int64_t seconds) {
    windows.set_price(number("1"), start + seconds * second);
    return std::vector<std::uint64_t>{windows.sums(0).trades, windows.sums(1).trades,
                                      windows.sums(2).trades};
  };
  using counts = std::vector<std::uint64_t>;
  EXPECT_EQ(counts_at(60), (counts{1, 1, 1}));
  EXPECT_EQ(counts_at(61), (counts{0, 1, 1}));
  EXPECT_EQ(counts_at(300), (counts{0, 1, 1}));
  EXPECT_EQ(counts_at(301), (counts{0, 0, 1}));
  EXPECT_EQ(counts_at(3'600), (counts{0, 0, 1}));
  EXPECT_EQ(counts_at(3'601), (counts{0, 0, 0}));
  EXPECT_TRUE(windows.sums(2).volume == 0);
  EXPECT_EQ(windows.sums(2).seconds, 3'600);
}

// ln(110/100)^2 + ln(99/110)^2, by hand: 0.0953101798^2 + 0.1053605157^2 = 0.0201848686; its root
// 0.1420734621.
TEST(activity_windows, volatility_is_the_root_of_the_squared_returns_of_seconds) {
  activity_windows windows;
  windows.set_price(number("90"), start);  // not the last of its second
  windows.set_price(number("100"), start + second / 2);
  windows.set_price(number("110"), start + second);
  windows.set_price(number("99"), start + 5 * second);
  windows.set_price(number("99"), start + 6 * second);
  EXPECT_NEAR(volatility(windows, 0), 0.1420734621, 1e-10);
  EXPECT_EQ(windows.sums(0).volatility().to_string(), windows.sums(2).volatility().to_string());
}

TEST(activity_windows, volume_beyond_eighteen_digits_is_left_out_and_counted) {
  activity_windows windows;
  windows.add_trade(number("0.0000000000000000001"), start);
  windows.add_trade(number("1"), start + second);
  windows.add_trade(number("1"), start - 3'601 * second);
  EXPECT_EQ(windows.left_out(), 2U);
}

// The same by another way: every price and trade kept, and all of it added up anew in floating
// point.
TEST(activity_windows, random_markets_have_the_sums_of_an_independent_calculation) {
  std::mt19937_64 random(11);
  const auto up_to = [&](std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random);
  };
  activity_windows windows;
  std::map<std::int64_t, double> last_price;                        // of a second
  std::map<std::int64_t, std::pair<std::uint64_t, double>> traded;  // in a second
  std::int64_t price = 1'000'000;
  auto now = start;
  for (int step = 0; step < 60'000; ++step) {
    now += up_to(up_to(400) == 0 ? 90 * second : second / 4);
    if (up_to(2) != 0) {
      price += up_to(200) - 100;
      windows.set_price({price, -2}, now);
      last_price[now / second] = static_cast<double>(price) / 100;
    } else {
      const auto at = up_to(3) == 0 ? now - up_to(400 * second) : now;  // some come late
      if (at < start) continue;
      const auto quantity = up_to(1'000'000);
      windows.add_trade({quantity, -6}, at);
      auto& [count, volume] = traded[at / second];
      ++count;
      volume += static_cast<double>(quantity) / 1e6;
    }
    if (step % 97 != 0) continue;
    windows.set_price({price, -2}, now);  // time is that of the events
    last_price[now / second] = static_cast<double>(price) / 100;
    for (std::size_t window = 0; window < activity_windows::lengths_s.size(); ++window) {
      const auto end = now / second;
      const auto begin = end - activity_windows::lengths_s[window];
      double squares = 0;
      double before = 0;
      for (const auto& [at, value] : last_price) {
        if (at >= end) break;
        if (before != 0 && at >= begin) squares += std::pow(std::log(value / before), 2);
        before = value;
      }
      std::uint64_t count = 0;
      double volume = 0;
      for (auto at = traded.lower_bound(begin); at != traded.end() && at->first < end; ++at) {
        count += at->second.first;
        volume += at->second.second;
      }
      ASSERT_EQ(windows.sums(window).trades, count) << step;
      ASSERT_NEAR(std::stod(windows.sums(window).volume_sum().to_string()), volume, 1e-6) << step;
      ASSERT_NEAR(volatility(windows, window), std::sqrt(squares), 1e-12) << step;
    }
  }
  EXPECT_EQ(windows.left_out(), 0U);
}

}  // namespace
}  // namespace feedtree
