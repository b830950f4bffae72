#include "core/instrument_feeds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t ms = 1'000'000;

trade_keeper_options numbered(bool fills) {
  trade_keeper_options options;
  options.fills = fills;
  options.numbered = true;
  return options;
}

// An instrument of which two connections, 1 and 2, bring the same.
struct twice {
  explicit twice(guard_ptr (*make_guard)() = make_contiguous_guard, bool fills = false)
      : feeds(
            where,
            [this, make_guard] {
              return std::make_unique<feed_keeper>(where, make_guard(), keeper_options{});
            },
            numbered(fills)) {}

  event book(std::uint64_t number, bool snapshot, event_batch& batch) {
    book_change change;
    change.snapshot = snapshot;
    change.first_update_id = change.last_update_id = number;
    change.bids = change.asks = 1;
    batch.levels.emplace_back(tests::number("10"), tests::number("1"));
    batch.levels.emplace_back(tests::number("11"), tests::number("1"));
    return at_now(
        tests::sample_event(where, (snapshot ? "s" : "") + std::to_string(number), change));
  }
  event at_now(event what) {
    what.receive_ns = now_ns += ms;
    return what;
  }
  void update(source_id from, std::uint64_t number, bool snapshot = false) {
    event_batch batch;
    const auto what = book(number, snapshot, batch);
    feeds.process(from, what, batch, out);
  }
  void snapshot(source_id from, std::uint64_t number) { update(from, number, true); }
  void answer(source_id from, std::uint64_t number) {
    event_batch batch;
    const auto what = book(number, true, batch);
    feeds.process_answer(from, what, batch, out);
  }
  void trade(source_id from, int number, std::string_view price = "10") {
    feeds.process(from, at_now(tests::sample_trade(where, std::to_string(number), price)), {}, out);
  }
  void quote_of(source_id from, std::string_view key) {
    const quote body{tests::number("1"), tests::number("1"), tests::number("2"),
                     tests::number("1")};
    feeds.process(from, at_now(tests::sample_event(where, key, body)), {}, out);
  }
  // Keys of market data; of others their kind.
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    for (const auto& what : out.events) {
      const bool is_state = what.kind() == event_kind::status || what.kind() == event_kind::gap;
      texts.emplace_back(is_state ? to_string(what.kind()) : what.key.view());
    }
    out.clear();
    return texts;
  }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  std::int64_t now_ns = 1'618'678'200'000 * ms;
  instrument_feeds feeds;
  event_batch out;
};

TEST(instrument_feeds, keep_a_book_for_each_connection_of_which_one_leads) {
  twice with;
  with.snapshot(1, 5);
  with.snapshot(2, 5);
  for (std::uint64_t number = 6; number < 9; ++number) {
    with.update(2, number);
    with.update(1, number);
  }
  EXPECT_THAT(with.take(), ElementsAre("s5", "status", "6", "7", "8"));
  EXPECT_EQ(with.feeds.book_counters().without_snapshot, 0U);
  EXPECT_EQ(with.feeds.book_counters().sequence_ok, 6U);
  with.update(1, 10);  // 9 is missing
  with.update(2, 9);
  with.update(2, 10);
  EXPECT_THAT(with.take(), ElementsAre("9", "10"));
  EXPECT_EQ(with.feeds.merged().takeovers, 1U);
  EXPECT_EQ(with.feeds.book().state(), feed_state::live);
}

TEST(instrument_feeds, pass_each_event_once_and_tell_where_connections_disagree) {
  twice with;
  with.trade(1, 7);
  with.trade(2, 7);
  with.trade(2, 8);
  with.trade(1, 8, "11");
  with.quote_of(1, "q1");
  with.quote_of(2, "q1");
  EXPECT_EQ(with.feeds.merged().repeated, 3U);
  EXPECT_EQ(with.feeds.merged().disagreements, 1U);
  ASSERT_EQ(with.out.quarantine.size(), 1U);
  EXPECT_EQ(with.out.quarantine[0].rule, "disagreement");
  EXPECT_EQ(with.out.alerts.size(), 1U);
  EXPECT_THAT(with.take(), ElementsAre("7", "status", "8", "q1", "status"));
}

TEST(instrument_feeds, put_a_trade_in_order_that_only_the_other_connection_brought) {
  twice with;
  for (const source_id from : {1U, 2U}) with.trade(from, 1);
  with.take();
  with.trade(1, 3);
  EXPECT_THAT(with.take(), IsEmpty()) << "2 may still come";
  EXPECT_NE(with.feeds.due_ns(), 0);
  with.trade(2, 2);
  EXPECT_THAT(with.take(), ElementsAre("2", "3"));
  EXPECT_EQ(with.feeds.trades().holes, 1U);
  EXPECT_EQ(with.feeds.trades().covered, 1U);
  EXPECT_EQ(with.feeds.due_ns(), 0);
}

TEST(instrument_feeds, do_not_wait_longer_than_trades_are_held_for_one_that_nobody_brings) {
  twice with;
  for (const source_id from : {1U, 2U}) with.trade(from, 1);
  with.trade(1, 3);
  with.take();
  with.feeds.on_time(with.feeds.due_ns() - 1, with.out);
  EXPECT_THAT(with.take(), IsEmpty());
  with.feeds.on_time(with.feeds.due_ns(), with.out);
  EXPECT_THAT(with.take(), ElementsAre("gap", "3"));
  EXPECT_EQ(with.feeds.trades().covered, 0U);
  with.trade(2, 5);
  with.feeds.finish(with.now_ns, with.out);
  EXPECT_THAT(with.take(), ElementsAre("gap", "5")) << "nothing stays behind at the end";
}

TEST(instrument_feeds, lose_with_a_connection_only_what_no_other_brings) {
  twice with;
  with.snapshot(1, 5);
  with.snapshot(2, 5);
  with.trade(1, 1);
  with.trade(2, 1);
  with.quote_of(1, "q1");
  with.take();
  with.feeds.lost(1, with.now_ns, "closed", with.out);
  EXPECT_THAT(with.take(), ElementsAre("gap", "gap", "status")) << "of quotes alone";
  with.update(2, 6);
  with.trade(2, 2);
  EXPECT_THAT(with.take(), ElementsAre("6", "2"));
}

TEST(instrument_feeds, begin_with_a_snapshot_of_no_connection_and_give_it_to_the_books_that_wait) {
  twice with(make_range_guard);
  with.answer(instrument_feeds::unnamed, 5);
  with.update(1, 6);
  EXPECT_THAT(with.take(), ElementsAre("s5", "status", "6"));
  with.update(2, 6);  // is held
  with.answer(instrument_feeds::unnamed, 6);
  with.update(1, 7);
  with.update(2, 7);
  EXPECT_THAT(with.take(), ElementsAre("7"));
  EXPECT_EQ(with.feeds.book_counters().snapshots, 2U) << "each book had one, and kept it";
  with.answer(instrument_feeds::unnamed, 7);
  EXPECT_EQ(with.feeds.merged().unused_snapshots, 1U);
}

TEST(instrument_feeds, take_of_an_answer_the_trades_that_are_missing_and_no_second_opinion) {
  twice with(make_contiguous_guard, true);
  with.trade(1, 1);
  with.trade(1, 4);
  with.trade(1, 5);
  EXPECT_THAT(with.take(), ElementsAre("1", "status"));
  event_batch answer;
  for (const int number : {1, 2, 3, 4}) {
    answer.events.push_back(
        with.at_now(tests::sample_trade(with.where, std::to_string(number), "12")));
  }
  with.feeds.take_trades(answer, with.now_ns, with.out);
  EXPECT_THAT(with.take(), ElementsAre("gap", "2", "3", "4", "5"));
  EXPECT_EQ(with.feeds.trades().filled, 2U);
  EXPECT_EQ(with.feeds.merged().disagreements, 0U);
  with.feeds.take_trades(answer, with.now_ns, with.out);
  EXPECT_THAT(with.take(), IsEmpty());
}

}  // namespace
}  // namespace feedtree
