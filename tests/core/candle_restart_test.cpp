// Candles over restarts of the server: what is given in the end is what a server gives that was
// always there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "core/candles.hpp"
#include "core/past_recorder.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using tests::number;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t start = 1'700'006'400 * second;  // 2023-11-15 00:00

// Last candle of each interval, as text.
using candle_texts = std::map<std::pair<std::int64_t, std::int64_t>, std::string>;

struct restarted : testing::Test {
  restarted() {
    options.intervals_ns = {minute, 5 * minute, hour};
    recorded.numbers_trades = [](std::string_view) { return true; };
  }
  // One a second; 0 opens the first minute.
  event sold(std::int64_t at, std::int64_t latency_s = 0) const {
    auto what = tests::sample_event(where, std::to_string(at + 10),
                                    trade{decimal{1'000 + (at * 7'919) % 311, -1}, number("1.5")});
    what.exchange_ns = start + at * second;
    what.receive_ns = what.exchange_ns + latency_s * second;
    return what;
  }
  event outage(std::int64_t begin_s, std::int64_t end_s, bool recovered, std::int64_t at_s) const {
    gap body;
    body.cause = gap_cause::outage;
    body.feed = event_kind::trade;
    body.begin_ns = start + begin_s * second;
    body.end_ns = end_s == 0 ? 0 : start + end_s * second;
    body.recovered = recovered;
    auto what = tests::sample_event(where, "outage", body);
    what.receive_ns = start + at_s * second;
    return what;
  }
  // A new server on what the recorder knows; nothing is missing before until_s.
  void boot(std::int64_t until_s, std::int64_t at_s) {
    recorded.candles = options;
    if (recorder == nullptr) recorder = std::make_unique<past_recorder>(recorded);
    const auto all = recorder->all();
    builder.emplace(where, options);
    if (all.empty()) return;
    builder->resume(all.begin()->second.candles, start + until_s * second);
    give({outage(until_s, 0, false, at_s)});
  }
  // Events are given to the builder, and all that comes of it is stored.
  void give(const std::vector<event>& events) {
    event_batch batch;
    batch.events = events;
    builder->follow(batch);
    keep(batch);
  }
  void pass_time(std::int64_t at_s) {
    event_batch batch;
    builder->on_time(start + at_s * second, batch);
    keep(batch);
  }
  void keep(const event_batch& batch) {
    recorder->take(batch);
    for (const auto& what : batch.events) {
      const auto* const made = std::get_if<candle>(&what.body);
      if (made == nullptr) continue;
      ++given;
      auto& text = last[{made->interval_ns, made->open_ns}];
      text = made->open.to_string() + " " + made->high.to_string() + " " + made->low.to_string() +
             " " + made->close.to_string() + " v" + made->volume.to_string() + " n" +
             std::to_string(made->trades) + (made->complete ? " whole" : " torn");
      EXPECT_TRUE(ids.insert(event_id(what)).second) << event_id(what) << " came twice";
      revisions[{made->interval_ns, made->open_ns}] = made->revision;
    }
  }
  std::string of(std::int64_t interval_ns, std::int64_t open_s) const {
    const auto found = last.find({interval_ns, start + open_s * second});
    return found == last.end() ? "none" : found->second;
  }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  candle_options options;
  past_options recorded;
  std::unique_ptr<past_recorder> recorder;
  std::optional<candle_builder> builder;
  candle_texts last;
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint32_t> revisions;
  std::set<std::string> ids;
  int given = 0;
};

TEST_F(restarted, a_candle_is_closed_from_stored_and_fetched_trades) {
  boot(0, 0);
  for (std::int64_t at = -3; at < 200; ++at) give({sold(at)});
  const auto before = given;
  // Off from 200 to 230, in the middle of the fourth minute; the trades come at 231.
  boot(199, 230);
  pass_time(230);
  EXPECT_EQ(given, before) << "nothing is said of that time before it is known what was missing";
  std::vector<event> fetched{outage(199, 231, true, 231)};
  for (std::int64_t at = 200; at < 231; ++at) {
    fetched.push_back(sold(at));
    fetched.back().receive_ns = start + 231 * second;
  }
  give(fetched);
  for (std::int64_t at = 231; at < 400; ++at) give({sold(at)});
  EXPECT_THAT(of(minute, 180), testing::EndsWith(" n60 whole"));
  EXPECT_EQ(revisions.at({minute, start + 180 * second}), 0U);
  EXPECT_THAT(of(5 * minute, 0), testing::EndsWith(" n300 whole"));
  EXPECT_THAT(of(minute, 120), testing::EndsWith(" n60 whole"));
}

TEST_F(restarted, a_candle_that_was_over_and_not_given_is_given_at_the_start) {
  boot(0, 0);
  for (std::int64_t at = -3; at < 61; ++at) give({sold(at)});
  EXPECT_EQ(of(minute, 0), "none");
  boot(60, 5'000);
  pass_time(5'000);
  EXPECT_EQ(of(minute, 0), "none") << "a trade of its last second may have been on its way";
  give({outage(60, 5'000, true, 5'000), sold(61, 4'939)});
  pass_time(5'010);
  EXPECT_THAT(of(minute, 0), testing::EndsWith(" n60 whole"));
}

TEST_F(restarted, an_interval_within_a_long_outage_has_its_candle) {
  boot(0, 0);
  for (std::int64_t at = -3; at < 30; ++at) give({sold(at)});
  const std::int64_t end = 3 * 3'600 + 17;
  boot(29, end);
  give({sold(end)});
  // Pages come while trades go on.
  for (std::int64_t at = 30; at < end; at += 600) {
    std::vector<event> page;
    for (auto each = at; each < std::min(at + 600, end); ++each) {
      page.push_back(sold(each));
      page.back().receive_ns = start + (end + at / 100) * second;
    }
    give(page);
  }
  give({outage(29, end, true, end + 200)});
  pass_time(end + 300);
  for (std::int64_t open = 0; open < end / 60 * 60; open += 60) {
    EXPECT_THAT(of(minute, open), testing::EndsWith(" n60 whole")) << open;
    EXPECT_EQ(revisions.at({minute, start + open * second}), 0U) << open;
  }
  EXPECT_THAT(of(hour, 3'600), testing::EndsWith(" n3600 whole"));
}

TEST_F(restarted, where_trades_are_lost_the_candle_is_not_whole_until_they_come) {
  boot(0, 0);
  for (std::int64_t at = -3; at < 90; ++at) give({sold(at)});
  boot(89, 100);
  give({outage(89, 100, false, 100)});
  for (std::int64_t at = 100; at < 200; ++at) give({sold(at)});
  EXPECT_THAT(of(minute, 60), testing::EndsWith(" n50 torn"));
  EXPECT_THAT(of(minute, 120), testing::EndsWith(" n60 whole"));
  std::vector<event> late;
  for (std::int64_t at = 90; at < 100; ++at) {
    late.push_back(sold(at));
    late.back().receive_ns = start + 200 * second;
  }
  give(late);
  pass_time(210);
  EXPECT_THAT(of(minute, 60), testing::EndsWith(" n60 torn"));
  EXPECT_EQ(revisions.at({minute, start + 60 * second}), 1U);
}

TEST_F(restarted, a_second_kill_while_trades_are_fetched_changes_nothing) {
  boot(0, 0);
  for (std::int64_t at = -3; at < 90; ++at) give({sold(at)});
  boot(89, 150);
  give({sold(150)});
  std::vector<event> page;
  for (std::int64_t at = 90; at < 120; ++at) {
    page.push_back(sold(at));
    page.back().receive_ns = start + 151 * second;
  }
  give(page);
  boot(89, 4'000);
  page.clear();
  for (std::int64_t at = 120; at < 4'000; ++at) {
    if (at == 150) continue;
    page.push_back(sold(at));
    page.back().receive_ns = start + 4'000 * second;
  }
  page.push_back(outage(89, 4'000, true, 4'000));
  give(page);
  pass_time(4'010);
  for (std::int64_t open = 0; open < 3'960; open += 60) {
    EXPECT_THAT(of(minute, open), testing::EndsWith(" n60 whole")) << open;
  }
  EXPECT_THAT(of(hour, 0), testing::EndsWith(" n3600 whole"));
}

TEST_F(restarted, an_interval_that_is_new_in_the_configuration_begins_with_the_start) {
  boot(0, 0);
  for (std::int64_t at = -3; at < 90; ++at) give({sold(at)});
  const auto known = recorder->all();
  options.intervals_ns = {minute, 2 * minute};
  recorded.candles = options;
  recorder = std::make_unique<past_recorder>(recorded);
  recorder->load("kraken", "BTC-USD", known.begin()->second);
  boot(89, 100);
  give({outage(89, 100, true, 100)});
  for (std::int64_t at = 90; at < 300; ++at) give({sold(at, at < 100 ? 100 - at : 0)});
  EXPECT_THAT(of(minute, 60), testing::EndsWith(" n60 whole"));
  EXPECT_THAT(of(2 * minute, 0), testing::EndsWith(" n30 torn"));
  EXPECT_THAT(of(2 * minute, 120), testing::EndsWith(" n120 whole"));
}

TEST_F(restarted, a_day_with_an_outage_each_hour_is_whole) {
  options.intervals_ns = {minute, 24 * hour};
  boot(0, 0);
  // A trade every 20 s, from a little before midnight on.
  for (std::int64_t at = -40; at < 25 * 3'600; at += 20) {
    if (at % 3'600 != 1'200) {
      give({sold(at)});
      continue;
    }
    const auto back = at + 600;
    boot(at - 20, back);
    std::vector<event> fetched;
    for (auto each = at; each <= back; each += 20) {
      fetched.push_back(sold(each));
      fetched.back().receive_ns = start + back * second;
    }
    fetched.push_back(outage(at - 20, back, true, back));
    give(fetched);
    at = back;
  }
  EXPECT_THAT(of(24 * hour, 0), testing::EndsWith(" n4320 whole"));
  EXPECT_EQ(revisions.at({24 * hour, start}), 0U);
}

TEST_F(restarted, at_any_moments_gives_the_candles_of_a_server_that_never_ended) {
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    recorder = nullptr;
    last.clear(), ids.clear(), revisions.clear();
    const std::int64_t end = 9'000;
    boot(0, 0);
    for (std::int64_t at = -3; at < end; ++at) give({sold(at)});
    pass_time(end + 10);
    const auto want = last;
    recorder = nullptr;
    last.clear(), ids.clear(), revisions.clear();
    boot(0, 0);
    std::int64_t at = -3;
    while (at < end) {
      const auto kill =
          std::min<std::int64_t>(end, at + 1 + static_cast<std::int64_t>(random() % 2'000));
      while (at < kill) give({sold(at++)});
      if (at == end) break;
      const auto back =
          std::min<std::int64_t>(end - 1, at + static_cast<std::int64_t>(random() % 500));
      boot(at - 1, back);
      std::vector<event> fetched{outage(at - 1, back, true, back)};
      while (at <= back) {
        fetched.push_back(sold(at++));
        fetched.back().receive_ns = start + back * second;
      }
      give(fetched);
    }
    pass_time(end + 10);
    EXPECT_EQ(last, want) << "seed " << seed;
  }
}

}  // namespace
}  // namespace feedtree
