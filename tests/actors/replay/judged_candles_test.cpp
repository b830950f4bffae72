// A replay by the server's rules: what is in quarantine is in no candle.
#include "actors/replay/judged_candles.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t start_ns = 1'700'000'040 * second_ns;  // a full minute

class replayed : public testing::Test {
 protected:
  std::vector<candle> candles_of(std::shared_ptr<const rules::rule_list> rules) {
    judged_candles candles({{60 * second_ns}}, std::move(rules),
                           std::make_shared<rules::price_board>());
    event_batch out;
    for (const auto& [seconds, price] :
         {std::pair{-60, "8"}, std::pair{1, "9"}, std::pair{2, "12"}, std::pair{70, "9"}}) {
      const auto first = out.events.size();
      auto what = tests::sample_trade(where, std::to_string(seconds), price);
      what.exchange_ns = what.receive_ns = start_ns + seconds * second_ns;
      out.events.push_back(what);
      quarantined += candles.follow(out, first, what.receive_ns);
    }
    std::vector<candle> result;
    for (const auto& what : out.events) {
      if (const auto* const body = std::get_if<candle>(&what.body)) result.push_back(*body);
    }
    return result;
  }
  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  std::size_t quarantined = 0;
};

TEST_F(replayed, candles_have_no_trade_that_a_rule_keeps_back) {
  rules::rule_spec rule;
  rule.name = "dear";
  rule.check = rule_check::range;
  rule.kinds.set(static_cast<std::size_t>(event_kind::trade));
  rule.most = tests::number("10");
  rule.quarantine = true;
  const auto made = candles_of(std::make_shared<const rules::rule_list>(rules::rule_list{rule}));
  ASSERT_FALSE(made.empty());
  EXPECT_EQ(made.back().high, tests::number("9"));
  EXPECT_EQ(quarantined, 1U);
}

TEST_F(replayed, without_rules_all_trades_are_in_candles) {
  const auto made = candles_of(nullptr);
  ASSERT_FALSE(made.empty());
  EXPECT_EQ(made.back().high, tests::number("12"));
  EXPECT_EQ(quarantined, 0U);
}

}  // namespace
}  // namespace feedtree::actors
