#include "core/trade_continuity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace feedtree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(trade_continuity, the_first_trade_and_those_that_follow_are_next) {
  trade_continuity numbers;
  EXPECT_EQ(numbers.take(7, 7), trade_verdict::next);
  EXPECT_EQ(numbers.take(8, 8), trade_verdict::next);
  EXPECT_EQ(numbers.take(9, 12), trade_verdict::next);
  EXPECT_EQ(numbers.take(13, 13), trade_verdict::next);
  EXPECT_EQ(numbers.last(), std::uint64_t{13});
  EXPECT_THAT(numbers.missing(), IsEmpty());
}

TEST(trade_continuity, says_what_is_missing_until_it_comes) {
  trade_continuity numbers;
  numbers.take(10, 10);
  EXPECT_EQ(numbers.take(14, 14), trade_verdict::after_hole);
  EXPECT_THAT(numbers.missing(), ElementsAre(number_range{11, 13}));
  EXPECT_EQ(numbers.take(12, 12), trade_verdict::late);
  EXPECT_THAT(numbers.missing(), ElementsAre(number_range{11, 11}, number_range{13, 13}));
  EXPECT_EQ(numbers.take(12, 12), trade_verdict::duplicate);
  EXPECT_TRUE(numbers.is_missing(13));
  EXPECT_FALSE(numbers.is_missing(12));
  EXPECT_EQ(numbers.take_fetched(13, 13), trade_verdict::late);
  EXPECT_EQ(numbers.take_fetched(15, 15), trade_verdict::duplicate) << "it was never missing";
  numbers.forget({11, 11});
  EXPECT_THAT(numbers.missing(), IsEmpty());
  EXPECT_EQ(numbers.take(15, 15), trade_verdict::next);
}

TEST(trade_continuity, zero_is_a_number_and_not_the_beginning) {
  trade_continuity numbers;
  EXPECT_FALSE(numbers.last().has_value());
  EXPECT_EQ(numbers.take(0, 0), trade_verdict::next);
  EXPECT_EQ(numbers.last(), std::uint64_t{0});
  EXPECT_EQ(numbers.take(0, 0), trade_verdict::duplicate);
  EXPECT_EQ(numbers.take(2, 2), trade_verdict::after_hole);
  EXPECT_THAT(numbers.missing(), ElementsAre(number_range{1, 1}));
}

TEST(trade_continuity, that_restarts_misses_nothing) {
  trade_continuity numbers;
  numbers.take(10'000'000, 10'000'000);
  numbers.take(10'000'005, 10'000'005);
  EXPECT_EQ(numbers.take(1, 1), trade_verdict::duplicate);
  numbers.restart(1);
  EXPECT_THAT(numbers.missing(), IsEmpty());
  EXPECT_EQ(numbers.take(2, 2), trade_verdict::next);
}

TEST(trade_continuity, forgets_the_oldest_of_too_many_holes) {
  trade_continuity numbers;
  for (std::uint64_t number = 1; numbers.missing().size() < trade_continuity::holes_max;
       number += 2) {
    numbers.take(number, number);
  }
  const auto oldest = numbers.missing().front();
  numbers.take(*numbers.last() + 2, *numbers.last() + 2);
  EXPECT_EQ(numbers.missing().size(), trade_continuity::holes_max);
  EXPECT_FALSE(numbers.is_missing(oldest.first));
}

// Whatever comes in whatever order: each number is accepted once, and what is missing is exactly
// what lies between and did not come.
TEST(trade_continuity, of_any_order_each_number_is_accepted_once) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::uint64_t> order;
    for (std::uint64_t number = 100; number < 160; ++number) {
      const auto times = random() % 3;
      for (unsigned copy = 0; copy < times; ++copy) order.push_back(number);
    }
    std::shuffle(order.begin() + 1, order.end(), random);
    trade_continuity numbers;
    std::set<std::uint64_t> accepted;
    const auto lowest = order.front();
    for (const auto number : order) {
      const auto verdict = numbers.take(number, number);
      if (verdict == trade_verdict::duplicate) {
        EXPECT_TRUE(accepted.contains(number) || number < lowest);
      } else {
        EXPECT_TRUE(accepted.insert(number).second) << "seed " << seed;
      }
    }
    for (auto number = lowest; number <= *numbers.last(); ++number) {
      EXPECT_NE(numbers.is_missing(number), accepted.contains(number)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace feedtree
