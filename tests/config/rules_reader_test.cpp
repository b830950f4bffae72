#include "config/rules_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/rule_values.hpp"
#include "tests/support/paths.hpp"

namespace feedtree::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using texts = std::vector<std::string>;

const texts venues{"kraken", "okx"};

rules_result read(const std::string& text) {
  return read_rules_text(text, "r.yaml", venues);
}

texts problems(const std::string& text) {
  texts result;
  for (const auto& each : read(text).problems) result.push_back(to_string(each));
  return result;
}

TEST(rules_reader, reads_every_key_of_a_rule) {
  const auto result = read(
      "rules:\n"
      "  - name: agree\n"
      "    check: venue_consensus\n"
      "    kinds: [trade, quote]\n"
      "    venues: [kraken]\n"
      "    instruments: [BTC-USD]\n"
      "    limit: 25bps\n"
      "    max_age: 10s\n"
      "    venues_min: 3\n"
      "    same_quotes: [USD, USDT]\n"
      "    outcome: [count, flag, quarantine]\n"
      "    alert: critical\n"
      "    alert_every: 5m\n");
  ASSERT_THAT(describe(result.problems), "");
  ASSERT_EQ(result.rules.size(), 1U);
  const auto& rule = result.rules[0];
  EXPECT_EQ(rule.name, "agree");
  EXPECT_EQ(rule.check, rule_check::venue_consensus);
  EXPECT_EQ(rule.kinds.count(), 2U);
  EXPECT_THAT(rule.venues, ElementsAre("kraken"));
  EXPECT_THAT(rule.instruments, ElementsAre("BTC-USD"));
  EXPECT_EQ(rule.limit_ppm, 2'500);
  EXPECT_EQ(rule.age_max_ns, 10'000'000'000);
  EXPECT_EQ(rule.venues_min, 3U);
  EXPECT_THAT(rule.same_quotes, ElementsAre("USD", "USDT"));
  EXPECT_TRUE(rule.flag && rule.quarantine);
  EXPECT_EQ(rule.alert, alert_severity::critical);
  EXPECT_EQ(rule.alert_every_ns, 300'000'000'000);
}

TEST(rules_reader, reads_the_example) {
  const auto result =
      read_rules_file(std::string(paths::source_folder()) + "/config/rules.yaml", venues);
  EXPECT_EQ(describe(result.problems), "");
  check_set seen = 0;
  for (const auto& rule : result.rules) seen |= bit_of(rule.check);
  EXPECT_EQ(seen, (check_set{1} << rule_checks) - 1) << "a check has no example";
}

TEST(rules_reader, reports_all_problems_at_once_with_their_places) {
  EXPECT_THAT(
      problems("rules:\n"
               "  - name: a b\n"
               "    check: range\n"
               "    kinds: [trade, nothing]\n"
               "    field: rate\n"
               "    min: x\n"
               "    venues: [krakn]\n"
               "  - name: two\n"
               "    check: spred\n"
               "  - name: two\n"
               "    check: spread\n"
               "    limt: 1%\n"
               "    alert: loud\n"),
      ElementsAre(
          "r.yaml:2:5: name: 'a b' is not a name of at most 64 letters, digits, '_' and '-'",
          "r.yaml:4:20: kinds: unknown kind 'nothing'",
          "r.yaml:5:5: field: trade has no field 'rate'",
          "r.yaml:6:5: min: expected a number, found 'x'",
          "r.yaml:7:14: venues: unknown venue 'krakn'; did you mean 'kraken'? Known are kraken, "
          "okx",
          testing::StartsWith("r.yaml:9:5: check: unknown check 'spred'; did you mean 'spread'?"),
          "r.yaml:10:5: limit: is missing, check spread needs it",
          "r.yaml:10:5: name: 'two' is there twice",
          testing::StartsWith("r.yaml:12:5: unknown key 'limt' of a rule with check spread"),
          "r.yaml:13:5: alert: 'loud' is not one of info, warning, critical"));
}

TEST(rules_reader, names_what_is_missing_and_what_is_unknown) {
  const auto found = problems("rules:\n  - name: two\n    check: spread\n    limt: 1%\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], "r.yaml:2:5: limit: is missing, check spread needs it");
  EXPECT_THAT(found[1], testing::StartsWith("r.yaml:4:5: unknown key 'limt' of a rule with check "
                                            "spread; did you mean 'limit'?"));
}

TEST(rules_reader, does_not_let_a_book_be_quarantined) {
  const auto found =
      problems("rules:\n  - name: a\n    check: crossed\n    outcome: [quarantine]\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0], testing::HasSubstr("a book change cannot be taken out"));
  EXPECT_THAT(problems("rules:\n  - name: a\n    check: crossed\n    kinds: [quote]\n"
                       "    outcome: [quarantine]\n"),
              IsEmpty());
}

TEST(rules_reader, does_not_take_what_is_no_list_of_rules) {
  EXPECT_THAT(problems("rules: 5\n"),
              ElementsAre("r.yaml:1:1: rules: expected a list of at least one rule"));
  EXPECT_THAT(problems("a: 5\n"), testing::SizeIs(2));
  EXPECT_THAT(problems(""), testing::SizeIs(1));
  EXPECT_THAT(problems("rules: ["), testing::SizeIs(1));
  EXPECT_THAT(problems("rules:\n  - 5\n"), testing::SizeIs(1));
  const auto missing = read_rules_file("/nowhere/rules.yaml", venues);
  ASSERT_EQ(missing.problems.size(), 1U);
  EXPECT_THAT(missing.problems[0].message, testing::HasSubstr("cannot be read"));
}

TEST(rules_reader, reads_shares_exactly) {
  EXPECT_EQ(parse_share_ppm("2%"), 20'000);
  EXPECT_EQ(parse_share_ppm("0.5%"), 5'000);
  EXPECT_EQ(parse_share_ppm("25bps"), 2'500);
  EXPECT_EQ(parse_share_ppm("7ppm"), 7);
  EXPECT_EQ(parse_share_ppm("0.5ppm"), std::nullopt);
  EXPECT_EQ(parse_share_ppm("5"), std::nullopt);
  EXPECT_EQ(parse_share_ppm("-1%"), std::nullopt);
}

}  // namespace
}  // namespace feedtree::config
