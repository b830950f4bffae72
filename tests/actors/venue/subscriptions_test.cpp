#include "actors/venue/subscriptions.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

using streams = std::vector<venues::stream>;

class subscriptions : public testing::Test {
 protected:
  void SetUp() override { tracker.start(streams{btc_book, btc_trades, eth_book}, 100); }

  venues::subscription_answer answer(const venues::stream& what, bool accepted) {
    return {"", what.where, what.kind, accepted, ""};
  }

  listing_registry registry;
  const listing* btc = tests::sample_listing(registry);
  const listing* eth = tests::sample_listing(registry, "ETH-USD");
  venues::stream btc_book{event_kind::book, btc, 0, 0};
  venues::stream btc_trades{event_kind::trade, btc, 0, 0};
  venues::stream eth_book{event_kind::book, eth, 0, 0};
  subscription_tracker tracker;
};

TEST_F(subscriptions, want_everything_at_first) {
  EXPECT_EQ(tracker.wanted(), (streams{btc_book, btc_trades, eth_book}));
  EXPECT_FALSE(tracker.all_refused());
}

TEST_F(subscriptions, leave_out_one_that_is_refused_and_tell_it_once) {
  EXPECT_EQ(tracker.on_answer(answer(btc_book, false)), streams{btc_book});
  EXPECT_TRUE(tracker.on_answer(answer(btc_book, false)).empty());
  EXPECT_EQ(tracker.wanted(), (streams{btc_trades, eth_book}));
}

TEST_F(subscriptions, are_all_refused_for_an_instrument_whose_answer_names_no_kind) {
  const venues::subscription_answer refusal{"", btc, {}, false, "no such pair"};
  EXPECT_EQ(tracker.on_answer(refusal), (streams{btc_book, btc_trades}));
  EXPECT_EQ(tracker.wanted(), streams{eth_book});
}

TEST_F(subscriptions, are_not_touched_by_an_answer_without_an_instrument) {
  EXPECT_TRUE(tracker.on_answer({"", nullptr, event_kind::book, false, ""}).empty());
  EXPECT_EQ(tracker.wanted().size(), 3u);
}

TEST_F(subscriptions, that_got_neither_answer_nor_data_are_overdue_once) {
  tracker.on_answer(answer(btc_book, true));
  tracker.on_data(event_kind::trade, btc);
  EXPECT_TRUE(tracker.overdue(99).empty());
  EXPECT_EQ(tracker.overdue(100), streams{eth_book});
  EXPECT_TRUE(tracker.overdue(200).empty());
}

TEST_F(subscriptions, that_are_refused_are_not_granted_by_data_that_was_under_way) {
  tracker.on_answer(answer(btc_book, false));
  tracker.on_data(event_kind::book, btc);
  EXPECT_EQ(tracker.wanted(), (streams{btc_trades, eth_book}));
}

TEST_F(subscriptions, know_when_nothing_is_left) {
  for (const auto& what : {btc_book, btc_trades, eth_book}) {
    EXPECT_FALSE(tracker.all_refused());
    tracker.on_answer(answer(what, false));
  }
  EXPECT_TRUE(tracker.all_refused());
  EXPECT_TRUE(tracker.wanted().empty());
}

TEST_F(subscriptions, begin_anew_with_a_new_connection) {
  tracker.on_answer(answer(btc_book, false));
  tracker.start(streams{btc_book}, 500);
  EXPECT_EQ(tracker.wanted(), streams{btc_book});
  EXPECT_EQ(tracker.overdue(500), streams{btc_book});
}

TEST(subscription_tracker, that_tracks_nothing_is_not_all_refused) {
  EXPECT_FALSE(subscription_tracker().all_refused());
}

}  // namespace
}  // namespace feedtree::actors
