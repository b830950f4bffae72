#include "core/past_recorder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/trade_keeper.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t start = 1'700'006'400 * second;  // 2023-11-15 00:00

// Events of one instrument; a trade's exchange time is its number in seconds.
struct recorded : testing::Test {
  recorded() {
    options.numbers_trades = [](std::string_view venue) { return venue == "kraken"; };
  }

  template <class Body>
  event& add(const Body& body, std::int64_t at_s, std::string_view key = "x") {
    auto& what = batch.events.emplace_back(tests::sample_event(where, key, body));
    what.receive_ns = what.exchange_ns = start + at_s * second;
    return what;
  }
  void trade_at(std::int64_t number) {
    add(trade{tests::number("10"), tests::number("1")}, number, std::to_string(number));
  }
  void entry(event_kind feed, gap_cause cause, std::int64_t begin_s, std::int64_t end_s,
             bool recovered = false, std::string_view key = "x") {
    gap body;
    body.feed = feed;
    body.cause = cause;
    body.begin_ns = start + begin_s * second;
    body.end_ns = end_s == 0 ? 0 : start + end_s * second;
    body.recovered = recovered;
    add(body, std::max(begin_s, end_s), key);
  }
  // What is known after all of it; read again from its bytes.
  instrument_past past() {
    past_recorder recorder(options);
    recorder.take(batch);
    const auto all = recorder.all();
    std::string bytes;
    encode_past(all.begin()->second, bytes);
    return decode_past(bytes).value();
  }
  std::vector<std::string> holes() {
    std::vector<std::string> result;
    for (const auto& each : past().trades.holes) {
      result.push_back(std::to_string(each.numbers.first) + "-" +
                       std::to_string(each.numbers.last) + " between " +
                       std::to_string((each.before_ns - start) / second) + " and " +
                       std::to_string((each.after_ns - start) / second));
    }
    return result;
  }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  past_options options;
  event_batch batch;
};

TEST_F(recorded, is_when_each_feed_was_received_last) {
  add(quote{}, 5);
  trade_at(7);
  add(quote{}, 9);
  const auto known = past();
  EXPECT_EQ(known.feed(event_kind::quote).receive_ns, start + 9 * second);
  EXPECT_EQ(known.feed(event_kind::trade).receive_ns, start + 7 * second);
  EXPECT_EQ(known.feed(event_kind::book).receive_ns, 0);
  EXPECT_EQ(alive_until_ns(known), start + 9 * second);
}

TEST_F(recorded, is_no_feed_what_was_made_here) {
  candle ours;
  ours.source = candle_source::trades;
  ours.interval_ns = minute;
  add(ours, 5);
  entry(event_kind::quote, gap_cause::sequence, 1, 0);
  EXPECT_EQ(alive_until_ns(past()), 0);
}

TEST_F(recorded, is_the_state_and_the_open_gap_of_a_feed) {
  status_change change;
  change.feed = event_kind::book;
  change.to = feed_state::stale;
  add(change, 3);
  entry(event_kind::book, gap_cause::silence, 2, 0);
  auto known = past().feed(event_kind::book).past;
  EXPECT_EQ(known.state, feed_state::stale);
  EXPECT_TRUE(known.gap_is_open);
  EXPECT_EQ(known.cause, gap_cause::silence);
  EXPECT_EQ(known.begin_ns, start + 2 * second);
  entry(event_kind::book, gap_cause::outage, 4, 0);
  known = past().feed(event_kind::book).past;
  EXPECT_EQ(known.cause, gap_cause::outage);
  EXPECT_EQ(known.earlier, (open_entry{gap_cause::silence, start + 2 * second}));
  entry(event_kind::book, gap_cause::outage, 4, 9, true);
  entry(event_kind::book, gap_cause::silence, 2, 9, true);
  known = past().feed(event_kind::book).past;
  EXPECT_FALSE(known.gap_is_open);
  EXPECT_FALSE(known.earlier.has_value());
}

TEST_F(recorded, are_the_numbers_of_trades_and_what_is_missing) {
  for (const auto number : {5, 6, 20, 12, 30}) trade_at(number);
  EXPECT_EQ(past().trades.last, 30U);
  EXPECT_THAT(holes(), ElementsAre("7-11 between 6 and 12", "13-19 between 12 and 20",
                                   "21-29 between 20 and 30"));
  // A hole that was given up is not asked for again, one that was filled is none.
  entry(event_kind::trade, gap_cause::sequence, 20, 31, false, "trade-21-29");
  for (std::int64_t number = 7; number <= 11; ++number) trade_at(number);
  EXPECT_THAT(holes(), ElementsAre("13-19 between 12 and 20"));
}

TEST_F(recorded, is_not_what_an_outage_lost_for_good) {
  trade_at(5);
  entry(event_kind::trade, gap_cause::outage, 5, 0);
  trade_at(9);
  trade_at(12);
  entry(event_kind::trade, gap_cause::outage, 5, 9, false);
  EXPECT_THAT(holes(), ElementsAre("10-11 between 9 and 12"));
}

TEST_F(recorded, are_the_last_trades_where_they_have_no_numbers) {
  where = tests::sample_listing(registry, "BTC-USD", "okx");
  for (std::int64_t number = 1; number <= 5'000; ++number) trade_at(number);
  trade_at(4'999);
  const auto known = past().trades;
  EXPECT_THAT(holes(), IsEmpty());
  ASSERT_GE(known.recent.size(), stored_trades::recent_max);
  EXPECT_LE(known.recent.size(), 2 * stored_trades::recent_max);
  EXPECT_EQ(known.recent.back(), hash_text("5000"));
  EXPECT_EQ(known.exchange_ns, start + 5'000 * second);
}

TEST_F(recorded, is_forgotten_of_feeds_that_are_not_wanted) {
  options.candles.intervals_ns = {minute};
  add(quote{}, 5);
  trade_at(7);
  past_recorder recorder(options);
  recorder.take(batch);
  recorder.keep([](const std::string&, const std::string&, event_kind kind) {
    return kind == event_kind::quote;
  });
  const auto known = recorder.all().begin()->second;
  EXPECT_NE(known.feed(event_kind::quote).receive_ns, 0);
  EXPECT_EQ(known.feed(event_kind::trade).receive_ns, 0);
  EXPECT_FALSE(known.trades.any);
  EXPECT_THAT(known.candles.series.at(0).candles, IsEmpty());
}

TEST_F(recorded, is_the_same_in_whatever_batches) {
  options.candles.intervals_ns = {minute, 5 * minute};
  for (std::int64_t number = 1; number <= 900; number += number % 97 == 0 ? 3 : 1) trade_at(number);
  past_recorder whole(options);
  whole.take(batch);
  past_recorder single(options);
  for (const auto& what : batch.events) {
    event_batch one;
    one.events.push_back(what);
    single.take(one);
    if (what.receive_ns % (7 * second) == 0) single.for_changed([](auto&&...) {});
  }
  const auto bytes_of = [](past_recorder& recorder) {
    std::string bytes;
    const auto all = recorder.all();
    encode_past(all.begin()->second, bytes);
    byte_writer out(bytes);
    for (const auto& series : all.begin()->second.candles.series) {
      for (const auto& each : series.candles) out(each.open_ns), write_candle(each, out);
    }
    out.finish();
    return bytes;
  };
  EXPECT_EQ(bytes_of(whole), bytes_of(single));
}

TEST(instrument_past, of_damaged_bytes_is_none) {
  instrument_past past;
  past.trades.recent = {1, 2, 3};
  past.candles.lost = {{1, 2}};
  std::string bytes;
  encode_past(past, bytes);
  ASSERT_TRUE(decode_past(bytes).has_value());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_past(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace feedtree
