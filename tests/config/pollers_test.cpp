// What is fetched over REST by a schedule, as a configuration asks for it.
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

// One poller with these lines in place of those that it has.
std::string one(const std::string& lines) {
  const auto name = lines.substr(0, lines.find(':'));
  std::string text = good + "pollers:\n  - name: prices\n";
  for (const std::string line :
       {"source: coingecko", "instruments: [BTC-USD=bitcoin, ETH-EUR=ethereum]",
        "feeds: [ticker, candle: 4h]", "every: 15m"}) {
    if (!line.starts_with(name + ":")) text += "    " + line + "\n";
  }
  return text + (lines.empty() ? "" : "    " + lines + "\n");
}

TEST(config_pollers, are_none_without_the_key) {
  EXPECT_THAT(read(good).config.pollers, IsEmpty());
}

TEST(config_pollers, have_names_of_their_source_and_defaults) {
  const auto result = read(one(""));
  ASSERT_THAT(problems_of(result), IsEmpty());
  ASSERT_EQ(result.config.pollers.size(), 1U);
  const auto& found = result.config.pollers[0];
  EXPECT_EQ(found.name, "prices");
  EXPECT_EQ(found.source, "coingecko");
  EXPECT_EQ(found.instruments,
            (std::vector<polled_instrument>{{"BTC-USD", "bitcoin"}, {"ETH-EUR", "ethereum"}}));
  EXPECT_EQ(found.feeds, (std::vector<feed_config>{{event_kind::ticker, 0},
                                                   {event_kind::candle, 240 * minute_ns}}));
  EXPECT_EQ(found.every, "15m");
  EXPECT_EQ(found.cron, "");
  EXPECT_EQ(found.interval_ns, 60 * minute_ns);
  EXPECT_EQ(found.history_ms, 86'400'000);
  EXPECT_EQ(found.overlap_ms, 3'600'000);
  EXPECT_EQ(found.settle_ms, 30'000);
  EXPECT_EQ(found.plan, "demo");
}

TEST(config_pollers, take_every_key) {
  const auto result =
      read(good +
               "pollers:\n"
               "  - {name: n, source: kraken, instruments: [BTC-USD], feeds: [trade],"
               " cron: 30 2 * * *, history: 7d, overlap: 0s, settle: 1m,"
               " interval: 4h, key: '${KEY}', plan: pro,"
               " rest_url: 'http://127.0.0.1:1', tls: {ca_file: a.pem}}\n",
           {{"KEY", "secret"}});
  ASSERT_THAT(problems_of(result), IsEmpty());
  const auto& found = result.config.pollers.at(0);
  EXPECT_EQ(found.cron, "30 2 * * *");
  EXPECT_EQ(found.history_ms, 7 * 86'400'000);
  EXPECT_EQ(found.overlap_ms, 0);
  EXPECT_EQ(found.settle_ms, 60'000);
  EXPECT_EQ(found.interval_ns, 240 * minute_ns);
  EXPECT_EQ(found.key, "secret");
  EXPECT_EQ(found.plan, "pro");
  EXPECT_EQ(found.rest_url, "http://127.0.0.1:1");
  EXPECT_EQ(found.tls.ca_file, "a.pem");
}

TEST(config_pollers, report_what_is_wrong_with_its_place) {
  EXPECT_THAT(problems(one("source: coingeko")),
              ElementsAre(HasSubstr("unknown source 'coingeko'; did you mean 'coingecko'?")));
  EXPECT_THAT(problems(one("instruments: [XBT-USD=bitcoin]")),
              ElementsAre(HasSubstr("did you mean BTC-USD?")));
  EXPECT_THAT(problems(one("instruments: [BTC-USD=a, BTC-USD=a]")),
              ElementsAre(HasSubstr("'BTC-USD=a' is listed already")));
  EXPECT_THAT(problems(one("feeds: [candle]")), ElementsAre(HasSubstr("write 'candle: 1m'")));
  EXPECT_THAT(problems(one("feeds: [{candle: 1m, x: 2}]")),
              ElementsAre(HasSubstr("unknown key 'x'")));
  EXPECT_THAT(problems(one("every: soon")), ElementsAre(HasSubstr("every: 'soon' is no interval")));
  EXPECT_THAT(problems(one("cron: '* * * * *'")), ElementsAre(HasSubstr("either every")));
  EXPECT_THAT(problems(one("every: 15m\n    interval: none")),
              ElementsAre(HasSubstr("interval: expected an interval")));
  EXPECT_THAT(problems(one("every: 15m\n    plan: free")),
              ElementsAre(HasSubstr("'free' is not one of demo, pro")));
  EXPECT_THAT(problems(one("every: 15m\n    kee: x")), ElementsAre(HasSubstr("unknown key")));
}

TEST(config_pollers, have_one_schedule_that_can_be_read) {
  const auto without = good +
                       "pollers:\n"
                       "  - {name: n, source: kraken, instruments: [BTC-USD], feeds: [trade]}\n";
  EXPECT_THAT(problems(without), ElementsAre(HasSubstr("every: a poller has either every")));
  const auto wrong = good +
                     "pollers:\n"
                     "  - {name: n, source: kraken, instruments: [BTC-USD], feeds: [trade],"
                     " cron: 61 * * * *}\n";
  EXPECT_THAT(problems(wrong), ElementsAre(HasSubstr("cron: '61' is no minute")));
}

TEST(config_pollers, have_names_of_their_own_that_fit_a_path) {
  const std::string line = "source: kraken, instruments: [BTC-USD], feeds: [trade], every: 1h}\n";
  EXPECT_THAT(problems(good + "pollers:\n  - {name: a, " + line + "  - {name: a, " + line),
              ElementsAre(HasSubstr("poller 'a' is configured already in line 6")));
  EXPECT_THAT(problems(good + "pollers:\n  - {name: a/b, " + line),
              ElementsAre(HasSubstr("name: expected a to z")));
}

TEST(config_pollers, are_asked_of_their_source_when_all_else_is_right) {
  auto with = checks();
  with.refuses_poller = [](const poller_config& poller) { return poller.name + " is refused"; };
  const auto ask = [&](const std::string& text) {
    return problems_of(read_config_text(text, "a.yaml", lookup({}), with));
  };
  EXPECT_THAT(ask(one("")), ElementsAre(HasSubstr("prices is refused")));
  EXPECT_THAT(ask(one("every: soon")), ElementsAre(HasSubstr("no interval")));
}

TEST(config_pollers, are_read_at_the_start_only) {
  auto now = read(one("")).config;
  auto wanted = now;
  wanted.pollers[0].every = "1h";
  const auto found = difference_of(now, wanted);
  EXPECT_TRUE(found.changes_nothing());
  EXPECT_THAT(found.fixed_keys, ElementsAre("pollers"));
}

}  // namespace
}  // namespace feedtree::config
