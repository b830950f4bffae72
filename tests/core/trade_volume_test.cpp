// Missing trades by the volume of the venue's candles.
#include "core/trade_volume.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t start_ns = 1'786'310'820 * second_ns;  // a whole minute

// A venue whose candle of the minute has each trade some time after it was made.
class volume_of_candles : public testing::Test {
 protected:
  void trade_at(std::int64_t ms, const std::string& quantity, bool arrives = true) {
    venue_volume_.add(tests::number(quantity));
    if (arrives) take(ms, trade{tests::number("100"), tests::number(quantity), trade_side::buy});
  }
  // What the venue counts as traded in the minute.
  void candle_at(std::int64_t ms) {
    candle body = tests::sample_candle();
    body.interval_ns = minute_ns;
    body.open_ns = start_ns + ms * 1'000'000 / minute_ns * minute_ns;
    body.volume = venue_volume_.value().operator*();
    take(ms, body);
  }
  void next_minute() { venue_volume_ = {}; }
  void clear_gap(std::int64_t ms) {
    gap body;
    body.feed = event_kind::trade;
    body.begin_ns = body.end_ns = start_ns + ms * 1'000'000;
    take(ms, body);
  }

  template <class Body>
  void take(std::int64_t ms, const Body& body) {
    event_batch batch;
    auto what = tests::sample_event(where_, std::to_string(++keys_), body);
    what.exchange_ns = what.receive_ns = start_ns + ms * 1'000'000;
    batch.events.push_back(what);
    volume_.follow(batch);
    for (std::size_t at = 1; at < batch.events.size(); ++at) told_.push_back(batch.events[at]);
  }

  std::vector<std::string> details() const {
    std::vector<std::string> result;
    for (const auto& each : told_) {
      result.emplace_back(std::get<gap>(each.body).detail.view());
    }
    return result;
  }

  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_, "BTC-USDT", "bybit");
  trade_volume volume_{where_, minute_ns};
  exact_sum venue_volume_;
  std::vector<event> told_;
  int keys_ = 0;
};

TEST_F(volume_of_candles, says_nothing_while_every_trade_is_there) {
  trade_at(100, "1.5");
  for (std::int64_t ms = 3'000; ms < 200'000; ms += 1'000) {
    if (ms % 60'000 == 0) next_minute();
    trade_at(ms, "0.25");
    candle_at(ms + 100);
  }
  EXPECT_EQ(details(), std::vector<std::string>());
  EXPECT_EQ(volume_.holes(), 0U);
}

TEST_F(volume_of_candles, tells_of_a_trade_that_is_missing_once) {
  trade_at(100, "1.5");
  candle_at(3'000);
  trade_at(4'000, "0.004", false);
  trade_at(5'000, "2");
  candle_at(5'100);
  EXPECT_TRUE(told_.empty());  // it may still be on the way
  trade_at(6'200, "3");
  ASSERT_EQ(details(), std::vector<std::string>{
                           "trades of 0.004 are missing by the volume of the venue's candle"});
  const auto& entry = told_.front();
  const auto& body = std::get<gap>(entry.body);
  EXPECT_EQ(body.feed, event_kind::trade);
  EXPECT_EQ(body.cause, gap_cause::checksum);
  EXPECT_FALSE(body.recovered);
  EXPECT_EQ(body.begin_ns, start_ns + 3'000 * 1'000'000LL);
  EXPECT_EQ(body.end_ns, start_ns + 5'100 * 1'000'000LL);
  EXPECT_EQ(entry.state, feed_state::gap);
  for (std::int64_t ms = 7'000; ms < 30'000; ms += 1'000) candle_at(ms);
  EXPECT_EQ(told_.size(), 1U);
  trade_at(31'000, "7", false);
  candle_at(32'000);
  candle_at(34'000);
  EXPECT_EQ(told_.size(), 2U);
  EXPECT_NE(told_[0].key.view(), told_[1].key.view());
}

TEST_F(volume_of_candles, waits_for_trades_that_come_behind_their_candle) {
  trade_at(100, "1");
  candle_at(3'000);
  venue_volume_.add(tests::number("5"));
  candle_at(4'000);
  venue_volume_.add(tests::number("-5"));
  trade_at(4'500, "5");  // later by its own time, which the candle has not
  EXPECT_TRUE(told_.empty());
  candle_at(5'100);
  EXPECT_EQ(told_.size(), 1U);  // at four seconds the venue had counted more than there was
}

TEST_F(volume_of_candles, is_not_misled_by_trades_that_the_candle_has_not_yet) {
  trade_at(100, "1");
  candle_at(3'000);
  exact_sum before = venue_volume_;
  trade_at(3'999, "6.6");
  std::swap(before, venue_volume_);
  candle_at(4'000);  // made a moment before the trade was counted
  std::swap(before, venue_volume_);
  candle_at(6'000);
  candle_at(8'000);
  EXPECT_TRUE(told_.empty());
}

TEST_F(volume_of_candles, begins_again_behind_a_gap_of_the_trades) {
  trade_at(100, "1");
  candle_at(3'000);
  trade_at(4'000, "9", false);  // lost with its connection
  clear_gap(4'500);
  trade_at(5'000, "1");
  candle_at(5'100);
  candle_at(7'500);
  candle_at(9'500);
  EXPECT_TRUE(told_.empty()) << details().front();
  trade_at(10'000, "2", false);
  candle_at(11'000);
  candle_at(13'000);
  EXPECT_EQ(details(), std::vector<std::string>{
                           "trades of 2 are missing by the volume of the venue's candle"});
}

TEST_F(volume_of_candles, says_nothing_when_the_venues_clock_goes_back) {
  trade_at(100, "1");
  candle_at(3'000);
  for (std::int64_t ms = 9'000; ms < 12'000; ms += 500) {  // ahead for a while
    trade_at(ms, "2");
    candle_at(ms + 100);
  }
  for (std::int64_t ms = 7'000; ms < 20'000; ms += 500) {
    trade_at(ms, "3");
    candle_at(ms + 100);
  }
  EXPECT_TRUE(told_.empty()) << details().front();
  candle_at(21'000);  // the market pauses
  trade_at(22'000, "4", false);
  candle_at(23'000);
  candle_at(25'000);
  EXPECT_EQ(details(), std::vector<std::string>{
                           "trades of 4 are missing by the volume of the venue's candle"});
}

TEST_F(volume_of_candles, follows_into_the_next_minute) {
  trade_at(100, "1");
  candle_at(3'000);
  next_minute();
  trade_at(60'500, "4", false);
  candle_at(61'000);
  candle_at(63'000);
  EXPECT_EQ(details(), std::vector<std::string>{
                           "trades of 4 are missing by the volume of the venue's candle"});
}

TEST_F(volume_of_candles, of_other_intervals_and_of_our_own_say_nothing) {
  trade_at(100, "1");
  candle_at(3'000);
  auto other = tests::sample_candle();
  other.interval_ns = 5 * minute_ns;
  other.open_ns = start_ns;
  other.volume = tests::number("1000");
  take(4'000, other);
  other.interval_ns = minute_ns;
  other.source = candle_source::trades;
  take(4'100, other);
  candle_at(8'000);
  candle_at(10'000);
  EXPECT_TRUE(told_.empty());
}

TEST(trade_volume_at_random, finds_every_missing_trade_and_no_other) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same each time
  for (int run = 0; run < 100; ++run) {
    listing_registry registry;
    const auto* const where = tests::sample_listing(registry, "BTC-USDT", "bybit");
    trade_volume volume(where, minute_ns);
    event_batch all;
    exact_sum counted;
    decimal lost{0, -3};
    const auto give = [&](std::int64_t ms, const auto& body) {
      event_batch batch;
      auto what = tests::sample_event(where, std::to_string(ms), body);
      what.exchange_ns = what.receive_ns = start_ns + ms * 1'000'000;
      batch.events.push_back(what);
      volume.follow(batch);
      all.events.insert(all.events.end(), batch.events.begin() + 1, batch.events.end());
    };
    int candles = 0;
    const auto give_candle = [&](std::int64_t ms) {
      auto body = tests::sample_candle();
      body.interval_ns = minute_ns;
      body.open_ns = start_ns;
      body.volume = *counted.value();
      give(ms, body);
      ++candles;
    };
    for (std::int64_t ms = 1'000; ms < 59'000; ms += 10) {
      const decimal quantity{static_cast<std::int64_t>(random() % 1'000 + 1), -3};
      const bool arrives = candles < 4 || run % 2 == 0 || random() % 50 != 0;
      counted.add(quantity);
      if (arrives) give(ms, trade{tests::number("1"), quantity, trade_side::sell});
      if (!arrives) lost.mantissa += quantity.mantissa;
      const auto chance = random() % 100;
      if (chance < 2) give_candle(ms + 1);
      if (chance == 0) give_candle(ms += 600);  // the market paused
      if (candles == 3) give_candle(ms += 600);
    }
    give_candle(59'900);
    give(62'000, trade{tests::number("1"), tests::number("1"), trade_side::sell});
    exact_sum told;
    for (const auto& entry : all.events) {
      const std::string detail(std::get<gap>(entry.body).detail.view());
      told.add(tests::number(detail.substr(10, detail.find(" are") - 10)));
    }
    EXPECT_EQ(told.value() ? *told.value() : decimal{}, lost) << run;
  }
}

}  // namespace
}  // namespace feedtree
