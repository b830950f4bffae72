#include "core/market_features.hpp"

#include <gtest/gtest.h>

#include "core/current_candle.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using tests::number;

order_book book_of(const std::vector<std::pair<std::string, std::string>>& bids,
                   const std::vector<std::pair<std::string, std::string>>& asks) {
  order_book book;
  apply_counts counts;
  const auto put = [&](book_part part, const auto& levels) {
    for (const auto& [price, quantity] : levels) {
      const level each(number(price), number(quantity));
      book.apply(part, {&each, 1}, counts);
    }
  };
  put(book_part::bids, bids);
  put(book_part::asks, asks);
  return book;
}

std::string text(const std::optional<wide_decimal>& value) {
  return value ? value->to_string() : "none";
}

// mid (100.0 + 100.25) / 2; micro (100 * 1 + 100.25 * 3) / 4 = 100.1875; imbalances (3 - 1) / 4
// and, all levels, (3 + 2 - 1 - 6) / 12.
TEST(market_features, have_the_values_that_are_computed_by_hand) {
  const auto found =
      features_of(book_of({{"100.0", "3"}, {"99.5", "2.0"}}, {{"100.25", "1"}, {"101", "6"}}));
  EXPECT_EQ(text(found.mid), "100.125");
  EXPECT_EQ(text(found.spread), "0.25");
  EXPECT_EQ(text(found.micro_price), "100.1875");
  EXPECT_EQ(text(found.imbalance[0]), "0.5");
  EXPECT_EQ(text(found.imbalance[1]), "-0.166666666667");
  EXPECT_EQ(text(found.imbalance[2]), "-0.166666666667");
}

TEST(market_features, imbalances_count_only_their_own_levels) {
  std::vector<std::pair<std::string, std::string>> bids;
  std::vector<std::pair<std::string, std::string>> asks;
  for (int at = 0; at < 30; ++at) {
    bids.emplace_back(std::to_string(100 - at), at < 5 ? "2" : "1");
    asks.emplace_back(std::to_string(101 + at), at < 20 ? "1" : "1000");
  }
  const auto found = features_of(book_of(bids, asks));
  EXPECT_EQ(text(found.imbalance[0]), "0.333333333333");  // (2 - 1) / 3
  EXPECT_EQ(text(found.imbalance[1]), "0.333333333333");  // (10 - 5) / 15
  EXPECT_EQ(text(found.imbalance[2]), "0.111111111111");  // (25 - 20) / 45
}

TEST(market_features, of_a_quote_with_one_side_are_absent) {
  const quote one_sided{{}, {}, number("1.5"), number("20")};
  const auto found = features_of(one_sided);
  EXPECT_FALSE(found.mid || found.spread || found.micro_price || found.imbalance[0]);
  EXPECT_FALSE(mid_price(one_sided));
  // Without a quantity the prices are there all the same.
  const auto priced = features_of(quote{number("1.4"), {}, number("1.5"), number("20")});
  EXPECT_EQ(text(priced.mid), "1.45");
  EXPECT_FALSE(priced.micro_price || priced.imbalance[0]);
}

TEST(market_features, of_a_side_without_levels_are_absent) {
  const auto found = features_of(book_of({{"100", "3"}}, {}));
  EXPECT_EQ(text(found.mid), "none");
  EXPECT_EQ(text(found.micro_price), "none");
  EXPECT_EQ(text(found.imbalance[1]), "1");
  EXPECT_EQ(text(features_of(order_book{}).imbalance[0]), "none");
}

TEST(market_features, of_extreme_digits_are_exact_or_absent) {
  const auto small =
      features_of(book_of({{"0.00000001", "1000000000000"}}, {{"0.00000003", "3000000000000"}}));
  EXPECT_EQ(text(small.mid), "0.00000002");
  EXPECT_EQ(text(small.micro_price), "0.000000015");
  EXPECT_EQ(text(small.imbalance[0]), "-0.5");
  const auto fine = features_of(quote{number("1"), number("9223372036854775807"), number("2"),
                                      number("0.0000000000000000000000000000000001")});
  EXPECT_EQ(text(fine.mid), "1.5");
  EXPECT_EQ(text(fine.micro_price), "none");
}

TEST(market_features, of_a_quote_are_those_of_its_best_level) {
  const auto found = features_of(quote{number("10"), number("1"), number("12"), number("3")});
  EXPECT_EQ(text(found.mid), "11");
  EXPECT_EQ(text(found.micro_price), "10.5");
  EXPECT_EQ(text(found.imbalance[0]), "-0.5");
  EXPECT_EQ(text(found.imbalance[1]), "none");
}

constexpr std::int64_t minute = 60'000'000'000;
constexpr std::int64_t begin = 28'000'000 * minute;

trade of(const char* price, const char* quantity) {
  return {number(price), number(quantity), trade_side::buy};
}

TEST(current_candle, has_the_first_and_the_last_trade_by_their_times) {
  current_candle candles(minute);
  candle out;
  EXPECT_FALSE(candles.get(out));
  candles.follow(of("10", "0.1"), begin + 20);
  candles.follow(of("12", "0.2"), begin + 40);
  candles.follow(of("9", "0.3"), begin + 10);  // comes late, and is the first
  candles.follow(of("11", "0.4"), begin + 30);
  ASSERT_TRUE(candles.get(out));
  EXPECT_EQ(out.open_ns, begin);
  EXPECT_EQ(out.open, number("9"));
  EXPECT_EQ(out.high, number("12"));
  EXPECT_EQ(out.low, number("9"));
  EXPECT_EQ(out.close, number("12"));
  EXPECT_EQ(out.volume, number("1.0"));
  EXPECT_EQ(out.trades, 4);
  EXPECT_FALSE(out.closed);
}

TEST(current_candle, begins_anew_with_the_next_interval_and_leaves_the_one_before) {
  current_candle candles(minute);
  candles.follow(of("10", "1"), begin);
  EXPECT_TRUE(candles.is_whole());  // from the first moment on
  EXPECT_TRUE(candles.follow(of("20", "2"), begin + minute + 5));
  EXPECT_FALSE(candles.follow(of("30", "3"), begin + minute - 1));
  candle out;
  ASSERT_TRUE(candles.get(out));
  EXPECT_EQ(out.open_ns, begin + minute);
  EXPECT_EQ(out.high, number("20"));
  EXPECT_EQ(out.trades, 1);
}

TEST(current_candle, is_not_whole_when_it_began_unseen_or_trades_are_missing) {
  current_candle candles(minute);
  candles.follow(of("10", "1"), begin + 1);
  EXPECT_FALSE(candles.is_whole());
  candles.follow(of("10", "1"), begin + minute);
  EXPECT_TRUE(candles.is_whole());
  candles.interrupt(begin + minute + 7);
  EXPECT_FALSE(candles.is_whole());
  candles.follow(of("10", "1"), begin + 2 * minute);
  EXPECT_TRUE(candles.is_whole());
}

}  // namespace
}  // namespace feedtree
