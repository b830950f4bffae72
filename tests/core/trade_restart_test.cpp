// Numbers of trades that go back, or come twice, with other trades than before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/candles.hpp"
#include "core/trade_keeper.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t begin_ns = 1'652'400'000 * second_ns;

class counted_again : public testing::Test {
 protected:
  event trade_of(std::uint64_t number, std::int64_t second, std::string_view price) const {
    auto what = tests::sample_trade(where, std::to_string(number), price);
    what.exchange_ns = begin_ns + second * second_ns;
    what.receive_ns = what.exchange_ns + 1;
    return what;
  }
  void live(std::uint64_t number, std::int64_t second, std::string_view price = "10") {
    keeper.process(trade_of(number, second, price), out);
  }
  // Numbers of the trades that were passed on.
  std::vector<std::uint64_t> numbers() const {
    std::vector<std::uint64_t> result;
    for (const auto& what : out.events) {
      if (what.kind() == event_kind::trade) result.push_back(number_of_trade(what).value());
    }
    return result;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> result;
    for (const auto& what : out.events) {
      if (what.kind() == event_kind::trade) result.emplace_back(what.key.view());
    }
    return result;
  }
  // "<detail>+" where the ledger says that nothing is missing, "-" where it does not.
  std::vector<std::string> ledger() const {
    std::vector<std::string> result;
    for (const auto& what : out.events) {
      const auto* const entry = std::get_if<gap>(&what.body);
      if (entry == nullptr) continue;
      EXPECT_EQ(entry->cause, gap_cause::sequence);
      EXPECT_EQ(entry->feed, event_kind::trade);
      result.push_back(std::string(entry->detail.view()) + (entry->recovered ? "+" : "-"));
    }
    return result;
  }

  static trade_keeper_options numbered() {
    trade_keeper_options options;
    options.numbered = true;
    options.fills = true;
    return options;
  }
  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  trade_keeper keeper{where, numbered()};
  event_batch out;
};

TEST_F(counted_again, trades_are_passed_on_and_the_ledger_says_where) {
  live(50'000, 0);
  live(50'001, 1);
  for (std::uint64_t number = 1; number <= 5; ++number) {
    live(number, 1'000'000 + static_cast<std::int64_t>(number));
  }
  EXPECT_THAT(numbers(), ElementsAre(50'000, 50'001, 1, 2, 3, 4, 5));
  EXPECT_THAT(ledger(), ElementsAre("trade 1 is another one than before; the last was 50001+",
                                    "trade numbers begin again at 1 behind 50001-"));
  EXPECT_EQ(keeper.counters().restarts, 1U);
  EXPECT_EQ(keeper.counters().duplicates, 0U);
  EXPECT_EQ(keeper.holes(), 0U);
}

TEST_F(counted_again, from_zero_and_within_few_numbers_each_trade_has_a_key_of_its_own) {
  for (std::uint64_t number = 0; number <= 3; ++number) {
    live(number, static_cast<std::int64_t>(number), "10");
  }
  for (std::uint64_t number = 0; number <= 5; ++number) {
    live(number, 100 + static_cast<std::int64_t>(number), "11");
  }
  EXPECT_THAT(numbers(), ElementsAre(0, 1, 2, 3, 0, 1, 2, 3, 4, 5));
  const auto all = keys();
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 10U);
  EXPECT_EQ(all[3], "3");
  EXPECT_EQ(all[4], key_of_reused_number(0, trade_of(0, 100, "11")).view());
  EXPECT_EQ(all[9], "5");
  EXPECT_EQ(keeper.counters().restarts, 1U);
}

TEST_F(counted_again, a_hole_behind_the_new_beginning_is_asked_for) {
  live(50'000, 0);
  live(1, 100);
  live(4, 103);
  const auto asked = keeper.take_request(begin_ns + 200 * second_ns);
  ASSERT_TRUE(asked.has_value());
  EXPECT_EQ(asked->numbers, (number_range{2, 3}));
}

// 12027555 twice, 46 s apart: the numbering goes on behind it.
TEST_F(counted_again, one_number_with_two_trades_changes_nothing_for_those_behind_it) {
  live(12'027'554, 0, "10");
  live(12'027'555, 1, "10");
  live(12'027'555, 47, "11");
  live(12'027'556, 48, "10");
  EXPECT_THAT(numbers(), ElementsAre(12'027'554, 12'027'555, 12'027'555, 12'027'556));
  EXPECT_NE(keys()[1], keys()[2]);
  EXPECT_THAT(ledger(),
              ElementsAre("trade 12027555 is another one than before; the last was 12027555+"));
  EXPECT_EQ(keeper.counters().reused, 1U);
  EXPECT_EQ(keeper.counters().restarts, 0U);
  EXPECT_EQ(keeper.holes(), 0U);
}

TEST_F(counted_again, two_trades_of_one_number_and_time_are_both_passed_on) {
  live(7, 1, "10");
  live(7, 1, "11");
  EXPECT_THAT(numbers(), ElementsAre(7, 7));
  EXPECT_NE(keys()[0], keys()[1]);
}

TEST_F(counted_again, trades_that_the_venue_repeats_are_dropped_and_counted) {
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t number = 5; number <= 8; ++number) {
      live(number, static_cast<std::int64_t>(number));
    }
  }
  live(2, 2);  // never seen, but older than the last
  EXPECT_THAT(numbers(), ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(ledger(), IsEmpty());
  EXPECT_EQ(keeper.counters().duplicates, 5U);
}

TEST_F(counted_again, trades_of_the_numbering_before_are_known_behind_the_new_beginning) {
  live(50'000, 0);
  live(50'001, 1);
  live(1, 100);
  live(2, 101);
  live(50'001, 1);
  live(3, 102);
  EXPECT_THAT(numbers(), ElementsAre(50'000, 50'001, 1, 2, 3));
  EXPECT_EQ(keeper.counters().duplicates, 1U);
  EXPECT_EQ(keeper.holes(), 0U);
}

TEST_F(counted_again, what_is_fetched_and_was_not_missing_is_counted) {
  live(5, 5);
  live(7, 7);
  ASSERT_TRUE(keeper.take_request(begin_ns + 60 * second_ns).has_value());
  event_batch answer;
  for (std::uint64_t number = 4; number <= 7; ++number) {
    answer.events.push_back(trade_of(number, static_cast<std::int64_t>(number), "10"));
  }
  keeper.take_answer(answer, begin_ns + 61 * second_ns, out);
  EXPECT_EQ(keeper.counters().filled, 1U);
  EXPECT_EQ(keeper.counters().unasked, 3U);
}

TEST_F(counted_again, both_trades_of_a_number_are_in_the_candle) {
  candle_options options;
  options.intervals_ns = {60 * second_ns};
  candle_builder candles(where, options);
  event_batch batch;
  auto early = trade_of(7, 61, "10");
  auto late = trade_of(7, 100, "12");
  batch.events = {early, late};
  candles.follow(batch);
  EXPECT_EQ(candles.counters().trades, 2U);
  EXPECT_EQ(candles.counters().duplicates, 0U);
}

}  // namespace
}  // namespace feedtree
