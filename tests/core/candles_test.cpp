#include "core/candles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "core/candle_desk.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tests::number;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t start = 1'700'006'400 * second;  // 2023-11-15 00:00

std::string text(const event& what) {
  const auto& body = std::get<candle>(what.body);
  return interval_text(body.interval_ns) + " +" + std::to_string((body.open_ns - start) / second) +
         " " + body.open.to_string() + " " + body.high.to_string() + " " + body.low.to_string() +
         " " + body.close.to_string() + " v" + body.volume.to_string() + " n" +
         std::to_string(body.trades) + " r" + std::to_string(body.revision) +
         (!body.closed    ? " open"
          : body.complete ? " closed"
                          : " closed, incomplete");
}

std::vector<std::string> texts(const event_batch& batch) {
  std::vector<std::string> result;
  for (const auto& what : batch.events) {
    if (what.kind() == event_kind::candle) result.push_back(text(what));
  }
  return result;
}

class candles : public testing::Test {
 protected:
  candles() { options_.intervals_ns = {minute}; }

  event sold(std::int64_t at_s, const std::string& key, std::string_view price,
             std::string_view quantity = "1", std::int64_t latency_ns = 0) const {
    auto what = tests::sample_event(where_, key, trade{number(price), number(quantity)});
    what.exchange_ns = start + at_s * second;
    what.receive_ns = what.exchange_ns + latency_ns;
    return what;
  }
  event lost(std::int64_t from_s, std::int64_t to_s, bool recovered) const {
    gap body;
    body.feed = event_kind::trade;
    body.begin_ns = start + from_s * second;
    body.end_ns = to_s == 0 ? 0 : start + to_s * second;
    body.recovered = recovered;
    auto what = tests::sample_event(where_, "gap-" + std::to_string(from_s), body);
    what.receive_ns = start + std::max(from_s, to_s) * second;
    return what;
  }
  candle_builder made() const { return {where_, options_}; }
  // What comes of these events, and of the time after them.
  std::vector<std::string> run(candle_builder& of, const std::vector<event>& events,
                               std::int64_t until_s) const {
    event_batch batch;
    batch.events = events;
    of.follow(batch);
    of.on_time(start + until_s * second, batch);
    return texts(batch);
  }

  listing_registry registry_;
  const listing* where_ = registry_.intern("kraken", instrument::spot("BTC", "USD"), "BTC/USD");
  candle_options options_;
};

TEST_F(candles, are_given_when_the_interval_and_the_allowance_are_over) {
  auto of = made();
  event_batch out;
  out.events = {sold(-5, "1", "9"), sold(0, "2", "10.5", "0.10"), sold(20, "3", "12.0", "0.2"),
                sold(30, "4", "9.75"), sold(59, "5", "11")};
  of.follow(out);
  of.on_time(start + 62 * second - 1, out);
  EXPECT_THAT(texts(out), ElementsAre("1m +-60 9 9 9 9 v1 n1 r0 open"));
  EXPECT_EQ(of.due_ns(), start + 62 * second);
  of.on_time(start + 62 * second, out);
  EXPECT_EQ(texts(out).back(), "1m +0 10.5 12.0 9.75 11 v2.30 n4 r0 closed");
  const auto& what = out.events.back();
  EXPECT_EQ(what.exchange_ns, start + minute);
  EXPECT_EQ(what.receive_ns, start + 62 * second);
  EXPECT_THAT(event_id(what),
              testing::StartsWith("kraken:BTC-USD:candle:trades-1m-1700006400000000000-0-"));
  EXPECT_EQ(std::get<candle>(what.body).quote_volume->to_string(), "24.200");
  EXPECT_EQ(of.due_ns(), 0);
}

TEST_F(candles, of_a_start_that_was_not_seen_are_not_closed) {
  auto of = made();
  EXPECT_THAT(run(of, {sold(1, "1", "10"), sold(61, "2", "11")}, 200),
              ElementsAre("1m +0 10 10 10 10 v1 n1 r0 open", "1m +60 11 11 11 11 v1 n1 r0 closed"));
  EXPECT_EQ(of.counters().incomplete, 1);
  EXPECT_EQ(of.counters().closed, 1);
}

TEST_F(candles, that_began_within_the_allowance_behind_the_start_are_not_closed) {
  // By the venue's clock, which is a second ahead of ours, we came in the interval.
  auto first = sold(1, "7", "10");
  first.receive_ns = start;
  auto of = made();
  EXPECT_THAT(run(of, {first, sold(61, "8", "11")}, 200),
              ElementsAre("1m +0 10 10 10 10 v1 n1 r0 open", "1m +60 11 11 11 11 v1 n1 r0 closed"));
  auto just = sold(-2, "1", "9");
  auto later = made();
  EXPECT_EQ(run(later, {just, sold(1, "2", "10")}, 100).back(),
            "1m +0 10 10 10 10 v1 n1 r0 closed");
  auto near = made();
  just.receive_ns += second;
  EXPECT_EQ(run(near, {just, sold(1, "2", "10")}, 100).back(), "1m +0 10 10 10 10 v1 n1 r0 open");
}

TEST_F(candles, that_differ_have_different_ids) {
  const auto id_of = [&](const std::vector<event>& events) {
    auto of = made();
    event_batch out;
    out.events = events;
    of.follow(out);
    of.on_time(start + 65 * second, out);
    return event_id(out.events.back());
  };
  const auto whole = id_of({sold(-5, "1", "5"), sold(1, "2", "10"), sold(2, "3", "10")});
  EXPECT_EQ(id_of({sold(-5, "1", "5"), sold(1, "2", "10"), sold(2, "3", "10")}), whole);
  EXPECT_NE(id_of({sold(1, "2", "10"), sold(2, "3", "10")}), whole);
  EXPECT_NE(id_of({sold(-5, "1", "5"), sold(2, "3", "10")}), whole);
}

TEST_F(candles, leave_out_what_was_over_before_anything_was_known) {
  auto of = made();
  auto old = sold(-500, "1", "10", "1", 500 * second);
  EXPECT_THAT(run(of, {old}, 200), IsEmpty());
}

TEST_F(candles, are_revised_once_an_allowance_after_the_first_late_trade) {
  auto of = made();
  const auto late = [&](std::int64_t at_s, const char* key, const char* price, std::int64_t by_s) {
    return sold(at_s, key, price, "1", by_s * second);
  };
  EXPECT_THAT(run(of,
                  {sold(-5, "1", "5"), sold(10, "2", "10"), late(20, "4", "30", 50),
                   late(5, "3", "20", 66), sold(72, "6", "7"), late(59, "5", "8", 20)},
                  200),
              ElementsAre("1m +-60 5 5 5 5 v1 n1 r0 open", "1m +0 10 10 10 10 v1 n1 r0 closed",
                          "1m +0 20 30 10 30 v3 n3 r1 closed", "1m +0 20 30 8 8 v4 n4 r2 closed",
                          "1m +60 7 7 7 7 v1 n1 r0 closed"));
  EXPECT_EQ(of.counters().revisions, 2);
}

TEST_F(candles, are_no_longer_revised_behind_their_time) {
  auto of = made();
  auto late = sold(20, "3", "30", "1", 2 * 3600 * second);
  EXPECT_EQ(
      run(of, {sold(-5, "1", "5"), sold(10, "2", "10"), sold(7000, "9", "1"), late}, 7300).size(),
      3);
  EXPECT_EQ(of.counters().too_late, 1);
}

TEST_F(candles, count_a_trade_once) {
  auto of = made();
  EXPECT_EQ(run(of, {sold(-5, "1", "5"), sold(10, "2", "10"), sold(10, "2", "10")}, 100)[1],
            "1m +0 10 10 10 10 v1 n1 r0 closed");
  EXPECT_EQ(of.counters().duplicates, 1);
}

TEST_F(candles, leave_out_trades_that_break_a_rule_and_those_from_the_future) {
  auto of = made();
  auto ahead = sold(7200, "3", "10");
  ahead.receive_ns = start + 20 * second;
  EXPECT_EQ(run(of, {sold(-5, "1", "5"), sold(10, "2", "10"), sold(11, "4", "0"), ahead}, 100)[1],
            "1m +0 10 10 10 10 v1 n1 r0 closed");
  EXPECT_EQ(of.counters().misdated, 1);
}

TEST_F(candles, with_trades_missing_are_open_and_closed_when_those_are_recovered) {
  auto of = made();
  EXPECT_THAT(run(of,
                  {sold(-5, "1", "5"), sold(10, "2", "10"), lost(30, 0, false), sold(130, "9", "7"),
                   sold(40, "3", "12", "1", 90 * second), lost(30, 131, true)},
                  200),
              ElementsAre("1m +-60 5 5 5 5 v1 n1 r0 open", "1m +0 10 10 10 10 v1 n1 r0 open",
                          "1m +0 10 12 10 12 v2 n2 r1 closed", "1m +120 7 7 7 7 v1 n1 r0 closed"));
}

TEST_F(candles, with_trades_lost_are_closed_and_incomplete) {
  auto of = made();
  const auto got = run(of,
                       {sold(-5, "1", "5"), sold(10, "2", "10"), sold(70, "8", "10"),
                        lost(30, 71, false), sold(75, "9", "11"), sold(125, "10", "12")},
                       200);
  EXPECT_THAT(got, ElementsAre("1m +-60 5 5 5 5 v1 n1 r0 open", "1m +0 10 10 10 10 v1 n1 r0 closed",
                               "1m +0 10 10 10 10 v1 n1 r1 closed, incomplete",
                               "1m +60 10 11 10 11 v2 n2 r0 closed, incomplete",
                               "1m +120 12 12 12 12 v1 n1 r0 closed"));
}

// By a clock of the venue that is ahead of ours the gap reached into it.
TEST_F(candles, that_begin_as_a_gap_ends_are_incomplete) {
  auto of = made();
  EXPECT_THAT(
      run(of,
          {sold(-5, "1", "5"), sold(70, "8", "10"), lost(100, 119, false), sold(125, "9", "11"),
           sold(185, "10", "12")},
          250),
      ElementsAre("1m +-60 5 5 5 5 v1 n1 r0 open", "1m +60 10 10 10 10 v1 n1 r0 closed, incomplete",
                  "1m +120 11 11 11 11 v1 n1 r0 closed, incomplete",
                  "1m +180 12 12 12 12 v1 n1 r0 closed"));
}

TEST_F(candles, wait_for_trades_that_are_asked_for) {
  auto of = made();
  auto got = run(of, {sold(-5, "1", "5"), sold(10, "2", "10")}, 20);
  of.set_waiting(true, start + 30 * second);
  EXPECT_THAT(run(of, {}, 62), ElementsAre("1m +0 10 10 10 10 v1 n1 r0 open"));
  of.set_waiting(false, start + 65 * second);
  EXPECT_THAT(run(of, {}, 100), ElementsAre("1m +0 10 10 10 10 v1 n1 r1 closed"));
}

TEST_F(candles, of_empty_intervals_carry_the_close_and_follow_its_correction) {
  options_.empty = true;
  auto of = made();
  EXPECT_THAT(
      run(of, {sold(-5, "1", "5"), sold(10, "2", "10")}, 190),
      ElementsAre("1m +-60 5 5 5 5 v1 n1 r0 open", "1m +0 10 10 10 10 v1 n1 r0 closed",
                  "1m +60 10 10 10 10 v0 n0 r0 closed", "1m +120 10 10 10 10 v0 n0 r0 closed"));
  EXPECT_THAT(run(of, {sold(50, "3", "11", "1", 145 * second)}, 230),
              ElementsAre("1m +0 10 11 10 11 v2 n2 r1 closed", "1m +60 11 11 11 11 v0 n0 r1 closed",
                          "1m +120 11 11 11 11 v0 n0 r1 closed"));
  EXPECT_THAT(run(of, {}, 245), ElementsAre("1m +180 11 11 11 11 v0 n0 r0 closed"));
}

TEST_F(candles, of_empty_intervals_are_not_made_for_a_jump_of_the_clock) {
  options_.empty = true;
  auto of = made();
  const auto got = run(of, {sold(-5, "1", "5"), sold(10, "2", "10")}, 10 * 86'400);
  EXPECT_LE(got.size(), 3);
}

TEST_F(candles, whose_volume_does_not_fit_go_into_quarantine) {
  auto of = made();
  event_batch out;
  out.events = {sold(-5, "1", "5"), sold(1, "2", "5", "9000000000000000001"),
                sold(2, "3", "5", "0.000000000000000001")};
  of.follow(out);
  of.on_time(start + 100 * second, out);
  EXPECT_EQ(texts(out).size(), 1);
  ASSERT_EQ(out.quarantine.size(), 1);
  EXPECT_EQ(out.quarantine[0].rule, "candle_volume");
  EXPECT_EQ(of.counters().unrepresentable, 1);
}

TEST_F(candles, of_contracts_have_no_quote_volume) {
  where_ = registry_.intern("kraken", instrument::perpetual("BTC", "USD", "USD"), "PF_XBTUSD");
  auto of = made();
  event_batch out;
  out.events = {sold(-5, "1", "5"), sold(1, "2", "5")};
  of.follow(out);
  of.on_time(start + 100 * second, out);
  EXPECT_FALSE(std::get<candle>(out.events.back().body).quote_volume);
}

// The last candle of each interval, as text without its revision.
std::map<std::string, std::string> last_ones(const event_batch& batch) {
  std::map<std::string, std::string> result;
  for (const auto& what : batch.events) {
    if (what.kind() != event_kind::candle) continue;
    auto copy = what;
    auto& body = std::get<candle>(copy.body);
    body.revision = 0;
    result[interval_text(body.interval_ns) + std::to_string(body.open_ns)] =
        text(copy) + " " + body.quote_volume->to_string();
  }
  return result;
}

class candle_property : public candles {
 protected:
  candle_property() {
    options_.intervals_ns = {minute, 5 * minute, 60 * minute};
    options_.revise_for_ns = 4 * 3'600 * second;
  }

  std::vector<event> random_trades(std::uint32_t seed, std::size_t count) const {
    std::mt19937 random(seed);
    std::vector<event> result{sold(-5, "1", "5")};
    for (std::size_t at = 0; at < count; ++at) {
      const auto price = decimal{static_cast<std::int64_t>(90'000 + random() % 20'000), -3};
      const auto quantity = decimal{static_cast<std::int64_t>(1 + random() % 1'000'000),
                                    random() % 2 != 0 ? std::int8_t{-8} : std::int8_t{-4}};
      auto what = tests::sample_event(where_, std::to_string(at + 2), trade{price, quantity});
      what.exchange_ns = start + static_cast<std::int64_t>(random() % 1'800) * second;
      result.push_back(what);
    }
    return result;
  }
  event_batch candles_of(std::vector<event> trades) const {
    // All are received in this order, the last ones up to an hour late.
    for (std::size_t at = 1; at < trades.size(); ++at) {
      trades[at].receive_ns = start + static_cast<std::int64_t>(at + 1'800) * second;
    }
    auto of = made();
    event_batch batch;
    batch.events = std::move(trades);
    of.follow(batch);
    of.on_time(start + 3 * 3'600 * second, batch);
    return batch;
  }
};

TEST_F(candle_property, the_same_trades_in_any_order_give_the_same_candles) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    auto trades = random_trades(seed, 1'800);
    const auto want = last_ones(candles_of(trades));
    EXPECT_GT(want.size(), 30);
    std::mt19937 random(seed);
    std::shuffle(trades.begin() + 1, trades.end(), random);
    EXPECT_TRUE(last_ones(candles_of(trades)) == want) << "seed " << seed;
  }
}

TEST_F(candle_property, five_minutes_make_five) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    std::map<std::int64_t, std::vector<candle>> minutes;
    std::map<std::int64_t, candle> fives;
    for (const auto& what : candles_of(random_trades(seed, 1'000)).events) {
      const auto* body = std::get_if<candle>(&what.body);
      if (body == nullptr || body->open_ns < start) continue;
      if (body->interval_ns == minute) {
        auto& all = minutes[body->open_ns / (5 * minute)];
        std::erase_if(all, [&](const candle& each) { return each.open_ns == body->open_ns; });
        all.push_back(*body);
      }
      if (body->interval_ns == 5 * minute) fives[body->open_ns / (5 * minute)] = *body;
    }
    ASSERT_EQ(fives.size(), 6);
    for (const auto& [at, five] : fives) {
      auto& all = minutes[at];
      std::sort(all.begin(), all.end(),
                [](const candle& a, const candle& b) { return a.open_ns < b.open_ns; });
      exact_sum volume;
      std::int64_t count = 0;
      auto high = all[0].high;
      auto low = all[0].low;
      for (const auto& each : all) {
        volume.add(each.volume);
        count += each.trades;
        high = std::max(high, each.high);
        low = std::min(low, each.low);
      }
      EXPECT_EQ(*volume.value(), five.volume);
      EXPECT_EQ(count, five.trades);
      EXPECT_EQ(high, five.high);
      EXPECT_EQ(low, five.low);
      EXPECT_EQ(all.front().open, five.open);
      EXPECT_EQ(all.back().close, five.close);
    }
  }
}

// Batches of any size, and a clock that ticks between them, change nothing.
TEST_F(candle_property, batches_of_any_size_give_the_same_candles) {
  auto trades = random_trades(3, 1'000);
  std::sort(trades.begin(), trades.end(),
            [](const event& a, const event& b) { return a.exchange_ns < b.exchange_ns; });
  const auto want = candles_of(trades);
  for (std::size_t at = 1; at < trades.size(); ++at) {
    trades[at].receive_ns = start + static_cast<std::int64_t>(at + 1'800) * second;
  }
  auto of = made();
  event_batch out;
  std::mt19937 random(1);
  for (std::size_t at = 0; at < trades.size();) {
    event_batch piece;
    for (auto size = random() % 20 + 1; size > 0 && at < trades.size(); --size) {
      piece.events.push_back(trades[at++]);
    }
    of.follow(piece);
    of.on_time(piece.events[0].receive_ns, piece);
    for (const auto& what : piece.events) out.append(what, piece);
  }
  of.on_time(start + 3 * 3'600 * second, out);
  EXPECT_EQ(texts(out), texts(want));
}

TEST(candle_desk, keeps_instruments_apart) {
  listing_registry registry;
  const auto* one = registry.intern("kraken", instrument::spot("BTC", "USD"), "a");
  const auto* two = registry.intern("kraken", instrument::spot("ETH", "USD"), "b");
  candle_options options;
  options.intervals_ns = {minute};
  candle_desk desk(options);
  event_batch batch;
  for (const auto* where : {one, two, one}) {
    auto what = tests::sample_event(where, std::to_string(batch.events.size()),
                                    trade{number("5"), number("1")});
    what.exchange_ns = what.receive_ns = start;
    batch.events.push_back(what);
  }
  desk.follow(batch, 0, start + 100 * second);
  EXPECT_THAT(texts(batch),
              ElementsAre("1m +0 5 5 5 5 v2 n2 r0 open", "1m +0 5 5 5 5 v1 n1 r0 open"));
  EXPECT_EQ(desk.counters().trades, 3);
  EXPECT_NE(desk.find(two), nullptr);
}

}  // namespace
}  // namespace feedtree
