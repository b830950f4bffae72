#include "actors/operator/recent_log.hpp"

#include <gtest/gtest.h>

#include "core/instrument.hpp"

namespace feedtree::actors {
namespace {

// A batch with what a keeper writes when a book breaks and is whole again.
class recent : public testing::Test {
 protected:
  event_batch gap_batch(std::int64_t begin_ns, std::int64_t end_ns, const char* symbol = "BTC-USD",
                        gap_cause cause = gap_cause::sequence) {
    event what;
    what.where = registry_.intern("kraken", *parse_instrument(symbol), symbol);
    what.key.append("book-").append(begin_ns).append(end_ns == 0 ? "-begin" : "-end");
    gap body;
    body.cause = cause;
    body.begin_ns = begin_ns;
    body.end_ns = end_ns;
    body.recovered = end_ns != 0;
    what.body = body;
    event_batch batch;
    batch.events.push_back(what);
    return batch;
  }
  static event_batch quarantine_batch(std::int64_t receive_ns, std::string excerpt) {
    event_batch batch;
    batch.quarantine.push_back({"kraken", "", "decode", "no JSON", std::move(excerpt), receive_ns});
    return batch;
  }
  listing_registry registry_;
  recent_log log_{3};
};

TEST_F(recent, joins_the_end_of_a_gap_with_its_begin) {
  log_.add(gap_batch(10, 0));
  ASSERT_EQ(log_.gaps({}).size(), 1U);
  EXPECT_EQ(log_.gaps({})[0].end_ns, 0);
  const auto id = log_.gaps({})[0].id;
  log_.add(gap_batch(10, 30));
  ASSERT_EQ(log_.gaps({}).size(), 1U);
  EXPECT_EQ(log_.gaps({})[0].end_ns, 30);
  EXPECT_EQ(log_.gaps({})[0].id, id);
  EXPECT_TRUE(log_.gaps({})[0].recovered);
  EXPECT_EQ(log_.totals().gaps_opened, 1U);
  EXPECT_EQ(log_.totals().gaps_closed, 1U);
}

TEST_F(recent, counts_a_gap_once_however_often_it_is_told) {
  log_.add(gap_batch(10, 0));
  log_.add(gap_batch(10, 0));
  EXPECT_EQ(log_.gaps({}).size(), 1U);
  EXPECT_EQ(log_.totals().gaps_opened, 1U);
}

TEST_F(recent, keeps_the_gaps_of_neighbours_apart) {
  log_.add(gap_batch(10, 0));
  log_.add(gap_batch(10, 0, "ETH-USD"));
  log_.add(gap_batch(10, 30, "ETH-USD"));
  ASSERT_EQ(log_.gaps({}).size(), 2U);
  EXPECT_EQ(log_.gaps({"kraken", "BTC-USD", 10})[0].end_ns, 0);
  EXPECT_EQ(log_.gaps({"", "ETH-USD", 10})[0].end_ns, 30);
  EXPECT_TRUE(log_.gaps({"binance", "", 10}).empty());
}

// A gap that was open when the server ended, and the outage: both begin with the last event.
TEST_F(recent, keeps_an_outage_apart_from_the_gap_before_it) {
  log_.add(gap_batch(10, 0, "BTC-USD", gap_cause::connection));
  log_.add(gap_batch(10, 0, "BTC-USD", gap_cause::outage));
  log_.add(gap_batch(10, 30, "BTC-USD", gap_cause::outage));
  const auto held = log_.gaps({});
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(held[0].cause, gap_cause::outage);
  EXPECT_EQ(held[0].end_ns, 30);
  EXPECT_EQ(held[1].cause, gap_cause::connection);
  EXPECT_EQ(held[1].end_ns, 0);
}

TEST_F(recent, holds_the_newest_up_to_its_bound_and_counts_all) {
  for (std::int64_t at = 1; at <= 10; ++at) log_.add(quarantine_batch(at, "{"));
  const auto held = log_.quarantine({});
  ASSERT_EQ(held.size(), 3U);
  EXPECT_EQ(held[0].entry.receive_ns, 10);
  EXPECT_EQ(log_.totals().quarantined, 10U);
}

TEST_F(recent, cuts_long_texts) {
  log_.add(quarantine_batch(1, std::string(100'000, 'x')));
  EXPECT_LE(log_.quarantine({})[0].entry.excerpt.size(), 1'000U);
}

TEST_F(recent, tells_its_listener_until_that_is_taken_away) {
  std::vector<std::int64_t> heard;
  log_.set_listener({[&](const gap_record& what) { heard.push_back(what.begin_ns); }, {}, {}});
  log_.add(gap_batch(10, 0));
  log_.set_listener({});
  log_.add(gap_batch(20, 0));
  EXPECT_EQ(heard, std::vector<std::int64_t>{10});
}

TEST_F(recent, keeps_alerts_and_tells_of_them) {
  std::vector<std::string> heard;
  recent_log::listener listener;
  listener.on_alert = [&](const alert_record& what) { heard.push_back(what.id); };
  log_.set_listener(listener);
  event_batch batch;
  for (const auto* instrument : {"BTC-USD", "ETH-USD"}) {
    batch.alerts.push_back({alert_severity::warning, "kraken", instrument, "spread",
                            std::string(5'000, 'x'), "an event", 7, 0});
  }
  log_.add(batch);
  const auto all = log_.alerts({});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].entry.instrument, "ETH-USD");
  EXPECT_EQ(all[0].entry.reason.size(), 1'000u);
  EXPECT_TRUE(all[0].id.starts_with("kraken:ETH-USD:alert:"));
  EXPECT_NE(all[0].id, all[1].id);
  EXPECT_EQ(heard, (std::vector<std::string>{all[1].id, all[0].id}));
  EXPECT_EQ(log_.alerts({"kraken", "BTC-USD", 10}).size(), 1u);
  EXPECT_EQ(log_.totals().alerts, 2u);
  log_.set_listener({});
}

TEST_F(recent, counts_by_venue_by_rule_and_by_severity) {
  log_.add(gap_batch(10, 0));
  log_.add(gap_batch(10, 30));
  event_batch batch;
  batch.quarantine.push_back({"okx", "", "decode", "no JSON", "x", 1});
  batch.alerts.push_back({alert_severity::critical, "okx", "", "breaker", "opened", "", 1, 0});
  log_.add(batch);
  const auto totals = log_.totals_by_venue();
  EXPECT_EQ(totals.at("kraken").gaps_opened, 1u);
  EXPECT_EQ(totals.at("kraken").gaps_closed, 1u);
  EXPECT_EQ(totals.at("kraken").gaps_recovered, 1u);
  EXPECT_EQ(totals.at("okx").gaps_opened, 0u);
  EXPECT_EQ(totals.at("okx").quarantined_by_rule.at("decode"), 1u);
  EXPECT_EQ(totals.at("okx").alerts_by_severity,
            (std::array<std::uint64_t, alert_severities>{0, 0, 1}));
}

TEST_F(recent, a_flood_of_names_of_rules_is_one_of_others) {
  event_batch batch;
  for (int rule = 0; rule < 1'000; ++rule) {
    batch.quarantine.push_back({"okx", "", "rule-" + std::to_string(rule), "", "", 1});
  }
  log_.add(batch);
  const auto by_rule = log_.totals_by_venue().at("okx").quarantined_by_rule;
  EXPECT_EQ(by_rule.size(), 301u);
  EXPECT_EQ(by_rule.at("other"), 700u);
}

}  // namespace
}  // namespace feedtree::actors
