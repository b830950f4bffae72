#include "core/loss_summary.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

event_batch at_times(const listing* where, const std::vector<std::int64_t>& receive_ns) {
  event_batch batch;
  for (const auto ns : receive_ns) {
    batch.events.push_back(tests::sample_trade(where, std::to_string(ns)));
    batch.events.back().receive_ns = ns;
  }
  return batch;
}

TEST(loss_summary, gives_one_entry_a_feed_from_the_first_to_the_last_event) {
  listing_registry registry;
  const auto* btc = tests::sample_listing(registry);
  const auto* eth = tests::sample_listing(registry, "ETH-USD");
  loss_summary lost;
  lost.add(at_times(btc, {5, 3, 9}));
  lost.add(at_times(eth, {7}));
  EXPECT_EQ(lost.events(), 4U);
  const auto entries = lost.entries("why");
  ASSERT_EQ(entries.events.size(), 2U);
  const auto& first = std::get<gap>(entries.events[0].body);
  EXPECT_EQ(entries.events[0].where, btc);
  EXPECT_EQ(first.feed, event_kind::trade);
  EXPECT_EQ(first.cause, gap_cause::journal);
  EXPECT_EQ(first.begin_ns, 3);
  EXPECT_EQ(first.end_ns, 9);
  EXPECT_FALSE(first.recovered);
  EXPECT_EQ(first.detail.view(), "why");
  EXPECT_EQ(std::get<gap>(entries.events[1].body).begin_ns, 7);
}

TEST(loss_summary, widens_an_entry_of_an_earlier_one) {
  listing_registry registry;
  const auto* btc = tests::sample_listing(registry);
  loss_summary earlier;
  earlier.add(at_times(btc, {1, 4}));
  loss_summary lost;
  lost.add(earlier.entries("why"));
  lost.add(at_times(btc, {8}));
  EXPECT_EQ(lost.events(), 1U);
  const auto entries = lost.entries("why");
  ASSERT_EQ(entries.events.size(), 1U);
  EXPECT_EQ(std::get<gap>(entries.events[0].body).begin_ns, 1);
  EXPECT_EQ(std::get<gap>(entries.events[0].body).end_ns, 8);
}

TEST(loss_summary, of_nothing_is_empty_and_can_be_cleared) {
  listing_registry registry;
  loss_summary lost;
  EXPECT_TRUE(lost.empty());
  EXPECT_TRUE(lost.entries("why").empty());
  lost.add(at_times(tests::sample_listing(registry), {1}));
  lost.clear();
  EXPECT_TRUE(lost.empty());
  EXPECT_EQ(lost.events(), 0U);
}

}  // namespace
}  // namespace feedtree
