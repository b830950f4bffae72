#include "core/codec.hpp"
#include "core/event_codec.hpp"
#include "tests/core/rules_fixture.hpp"

namespace feedtree::rules {
namespace {

class outcomes : public rules {
 protected:
  rule_spec below_ten() {
    auto rule = rule_of(rule_check::range, kinds({event_kind::trade}));
    rule.most = number("10");
    return rule;
  }
  event_batch judged(std::initializer_list<event> events) {
    event_batch batch;
    batch.events = events;
    const auto findings = engine->examine(batch);
    changed = engine->changes(findings);
    engine->apply(findings, batch);
    return batch;
  }
  bool changed = false;
};

TEST_F(outcomes, counting_leaves_a_batch_as_it_is) {
  use(below_ten());
  const auto batch = judged({trade_at(start, "9"), trade_at(start, "11")});
  EXPECT_FALSE(changed);
  EXPECT_EQ(batch.events.size(), 2U);
  EXPECT_EQ(batch.events[1].flags, 0U);
  EXPECT_EQ(counts->of_rule[0].judged, 2U);
  EXPECT_EQ(counts->of_rule[0].broken, 1U);
}

TEST_F(outcomes, a_flag_is_on_the_event_and_in_its_json) {
  auto rule = below_ten();
  rule.flag = true;
  use(rule);
  const auto batch = judged({trade_at(start, "9"), trade_at(start, "11")});
  EXPECT_TRUE(changed);
  EXPECT_EQ(batch.events[0].flags, 0U);
  EXPECT_EQ(batch.events[1].flags, bit_of(rule_check::range));
  std::string good;
  std::string bad;
  encode_json(batch.events[0], batch, good);
  encode_json(batch.events[1], batch, bad);
  EXPECT_EQ(good.find("flags"), std::string::npos);
  EXPECT_NE(bad.find(R"("flags":["range"])"), std::string::npos) << bad;
  EXPECT_EQ(counts->of_rule[0].flagged, 1U);
}

TEST_F(outcomes, quarantine_takes_the_event_out_once_however_many_rules_it_breaks) {
  auto first = below_ten();
  first.quarantine = true;
  auto second_rule = first;
  second_rule.name = "another";
  use(rule_list{first, second_rule});
  const auto batch = judged({trade_at(start, "9"), trade_at(start, "11"), trade_at(start, "8")});
  ASSERT_EQ(batch.events.size(), 2U);
  EXPECT_EQ(std::get<trade>(batch.events[1].body).price, number("8"));
  ASSERT_EQ(batch.quarantine.size(), 1U);
  EXPECT_EQ(batch.quarantine[0].rule, "a-rule");
  EXPECT_EQ(batch.quarantine[0].reason, "price 11 is above 10");
  EXPECT_EQ(batch.quarantine[0].excerpt, "kraken:BTC-USD:trade:2");
}

TEST_F(outcomes, alerts_are_held_back_for_a_while_and_counted) {
  auto rule = below_ten();
  rule.alert = alert_severity::warning;
  rule.alert_every_ns = 60 * second;
  use(rule);
  const auto first = judged({trade_at(start, "11"), trade_at(start + second, "12")});
  ASSERT_EQ(first.alerts.size(), 1U);
  EXPECT_EQ(first.alerts[0].rule, "a-rule");
  EXPECT_EQ(first.alerts[0].event, "kraken:BTC-USD:trade:1");
  const auto later = judged({trade_at(start + 60 * second, "13")});
  ASSERT_EQ(later.alerts.size(), 1U);
  EXPECT_EQ(later.alerts[0].suppressed, 1U);
  EXPECT_EQ(counts->of_rule[0].alerted, 2U);
  EXPECT_EQ(counts->of_rule[0].suppressed, 1U);
}

TEST_F(outcomes, drift_is_counted_and_alerted_for_the_venue) {
  auto rule = rule_of(rule_check::schema_drift, {});
  rule.alert = alert_severity::info;
  use(rule);
  event_batch batch;
  engine->drifted(0, "kraken", "ticker: new field last2", start, batch);
  engine->drifted(0, "kraken", "ticker: new field last3", start, batch);
  ASSERT_EQ(batch.alerts.size(), 1U);
  EXPECT_EQ(batch.alerts[0].venue, "kraken");
  EXPECT_EQ(batch.alerts[0].instrument, "");
  EXPECT_EQ(counts->of_rule[0].broken, 2U);
}

TEST_F(outcomes, flags_and_alerts_survive_the_journal) {
  auto rule = below_ten();
  rule.flag = true;
  rule.alert = alert_severity::critical;
  use(rule);
  const auto batch = judged({trade_at(start, "9"), trade_at(start, "11")});
  std::string bytes;
  encode_batch(batch, bytes);
  const auto back = decode_batch(bytes, registry);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->events[1].flags, bit_of(rule_check::range));
  ASSERT_EQ(back->alerts.size(), 1U);
  EXPECT_EQ(back->alerts[0].severity, alert_severity::critical);
  EXPECT_EQ(back->alerts[0].reason, batch.alerts[0].reason);
  std::string plain;
  encode_batch(judged({trade_at(start, "9")}), plain);
  EXPECT_EQ(plain[0], 3);  // as before there were rules
}

}  // namespace
}  // namespace feedtree::rules
