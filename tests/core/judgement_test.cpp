// What breaks a rule is in nothing that is made of events: the judgement stands before the candles.
#include "core/rules/judgement.hpp"

#include <gtest/gtest.h>

#include "core/candles.hpp"
#include "core/validator.hpp"
#include "tests/core/rules_fixture.hpp"

namespace feedtree::rules {
namespace {

class judged : public testing::Test {
 protected:
  std::unique_ptr<rule_engine> engine_of(const rule_spec& rule) {
    const auto all = std::make_shared<const rule_list>(rule_list{rule});
    counts_ = std::make_shared<venue_counts>(*all);
    return std::make_unique<rule_engine>(all, std::make_shared<price_board>(), counts_);
  }
  // Trades above 10 go into quarantine.
  static rule_spec dear_trades() {
    auto rule = rule_of(rule_check::range, kinds({event_kind::trade}));
    rule.most = number("10");
    rule.quarantine = true;
    return rule;
  }
  void add_trade(event_batch& batch, std::int64_t ns, std::string_view price) {
    auto what = tests::sample_trade(where_, std::to_string(ns), price);
    what.exchange_ns = what.receive_ns = ns;
    batch.events.push_back(what);
  }

  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_);
  std::shared_ptr<venue_counts> counts_;
};

TEST_F(judged, trades_in_quarantine_are_not_in_candles) {
  event_judgement judgement(engine_of(dear_trades()));
  candle_builder candles(where_, {{60 * second}});
  event_batch out;
  const auto pass = [&](std::int64_t ns, std::string_view price) {
    const auto first = out.events.size();
    add_trade(out, ns, price);
    judgement.judge(out, first);
    const auto behind = out.events.size();
    candles.follow(out, first);
    judgement.judge(out, behind);
  };
  pass(start - 60 * second, "8");
  pass(start + second, "9");
  pass(start + 2 * second, "12");
  pass(start + 3 * second, "7");
  pass(start + 70 * second, "9");
  std::vector<candle> made;
  for (const auto& what : out.events) {
    if (const auto* const body = std::get_if<candle>(&what.body)) made.push_back(*body);
  }
  ASSERT_FALSE(made.empty());
  EXPECT_EQ(made.back().high, number("9"));
  EXPECT_EQ(made.back().trades, 2);
  ASSERT_EQ(out.quarantine.size(), 1U);
  EXPECT_EQ(out.quarantine[0].rule, "a-rule");
}

TEST_F(judged, candles_are_judged_too) {
  auto rule = rule_of(rule_check::range, kinds({event_kind::candle}));
  rule.bounded = field::volume;
  rule.least = number("1000000");
  rule.quarantine = true;
  event_judgement judgement(engine_of(rule));
  event_batch out;
  add_trade(out, start, "9");
  EXPECT_EQ(judgement.judge(out), 0U);
  out.events.push_back(tests::sample_event(where_, "c", tests::sample_candle()));
  EXPECT_EQ(judgement.judge(out, 1), 1U);
  ASSERT_EQ(out.events.size(), 1U);
  EXPECT_EQ(counts_->of_rule[0].judged, 1U);
}

TEST_F(judged, each_event_is_judged_once) {
  event_judgement judgement(engine_of(dear_trades()));
  event_batch out;
  add_trade(out, start, "11");
  add_trade(out, start + 1, "9");
  EXPECT_EQ(judgement.judge(out), 1U);
  add_trade(out, start + 2, "0");  // breaks a built-in rule: the others do not see it
  add_trade(out, start + 3, "12");
  EXPECT_EQ(judgement.judge(out, 1), 2U);
  ASSERT_EQ(out.events.size(), 1U);
  EXPECT_EQ(counts_->of_rule[0].judged, 3U);
  EXPECT_EQ(out.quarantine[1].rule, "trade_price");
  EXPECT_EQ(out.quarantine[2].rule, "a-rule");
}

TEST_F(judged, without_rules_the_built_in_ones_hold) {
  event_judgement judgement;
  event_batch out;
  add_trade(out, start, "1000");
  add_trade(out, start, "0");
  EXPECT_EQ(judgement.judge(out), 1U);
  EXPECT_EQ(out.events.size(), 1U);
  EXPECT_FALSE(judgement.sweeps());
}

TEST_F(judged, instruments_may_be_seen_in_any_order) {
  event_judgement judgement(engine_of(dear_trades()));
  std::vector<const listing*> all;
  for (const auto* name : {"ETH-USD", "SOL-USD", "XRP-USD"}) {
    all.push_back(tests::sample_listing(registry_, name));
  }
  for (const auto* const of : {all[1], all[2], all[0], all[1]}) {
    event_batch out;
    out.events.push_back(tests::sample_trade(of, "1", "11"));
    EXPECT_EQ(judgement.judge(out), 1U) << of->symbol;
  }
}

}  // namespace
}  // namespace feedtree::rules
