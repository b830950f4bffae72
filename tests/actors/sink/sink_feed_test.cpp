#include "actors/sink/sink_feed.hpp"

#include <gtest/gtest.h>

#include <random>

namespace feedtree::actors {
namespace {

using positions = std::vector<std::uint64_t>;

batch_ptr batch_of(std::size_t events) {
  auto batch = std::make_shared<event_batch>();
  batch->events.resize(events);
  return batch;
}

positions pump(sink_feed& feed) {
  positions sent;
  feed.pump([&](std::uint64_t position, const batch_ptr&) { sent.push_back(position); });
  return sent;
}

void offer(sink_feed& feed, const positions& all, std::size_t events = 1) {
  for (const auto position : all) feed.offer(position, batch_of(events));
}

std::vector<std::pair<std::uint64_t, batch_ptr>> page(const positions& all) {
  std::vector<std::pair<std::uint64_t, batch_ptr>> result;
  for (const auto position : all) result.emplace_back(position, batch_of(1));
  return result;
}

// A spooling feed with credit for four events that has read all of an empty journal.
sink_feed joined_feed() {
  sink_feed feed({4, 1'000'000}, sink_policy::spool, 0);
  feed.begin_page();
  feed.take_page({}, 0);
  feed.join();
  return feed;
}

TEST(sink_feed, that_spools_reads_the_journal_first) {
  sink_feed feed({4, 1'000'000}, sink_policy::spool, 7);
  offer(feed, {11});
  EXPECT_EQ(pump(feed), positions{});
  ASSERT_TRUE(feed.wants_page());
  EXPECT_EQ(feed.begin_page(), 7U);
  EXPECT_FALSE(feed.wants_page());
  feed.take_page(page({8, 9}), 11);
  EXPECT_EQ(pump(feed), (positions{8, 9}));
  feed.join();
  offer(feed, {10, 11, 12});
  EXPECT_EQ(pump(feed), positions{12});  // the others were in the page, or nowhere
}

TEST(sink_feed, that_spools_falls_behind_without_credit_and_holds_no_more_than_its_window) {
  auto feed = joined_feed();
  offer(feed, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(pump(feed), (positions{1, 2, 3, 4}));
  EXPECT_TRUE(feed.is_behind());
  EXPECT_EQ(feed.events_held(), 4U);
  EXPECT_EQ(feed.times_behind(), 1U);
  EXPECT_EQ(feed.released(), ~std::uint64_t{0});  // upstream does not wait
}

TEST(sink_feed, that_is_behind_reads_on_when_half_of_its_window_is_free) {
  auto feed = joined_feed();
  offer(feed, {1, 2, 3, 4, 5});
  pump(feed);
  feed.acknowledge(1);
  EXPECT_FALSE(feed.wants_page());
  feed.acknowledge(2);
  ASSERT_TRUE(feed.wants_page());
  EXPECT_EQ(feed.begin_page(), 4U);
  feed.take_page(page({5, 6}), 6);
  EXPECT_EQ(pump(feed), (positions{5, 6}));
  feed.join();
  offer(feed, {7});
  EXPECT_TRUE(feed.is_behind());  // no credit yet
}

TEST(sink_feed, that_blocks_keeps_everything_and_holds_upstream) {
  sink_feed feed({2, 1'000'000}, sink_policy::block, 0);
  offer(feed, {1, 2, 3, 4});
  EXPECT_EQ(pump(feed), (positions{1, 2}));
  EXPECT_EQ(feed.released(), 2U);
  feed.acknowledge(1);
  EXPECT_EQ(pump(feed), positions{3});
  EXPECT_EQ(feed.released(), 3U);
  EXPECT_FALSE(feed.wants_page());
}

TEST(sink_feed, sends_again_what_a_sink_had_not_finished) {
  auto feed = joined_feed();
  offer(feed, {1, 2, 3});
  pump(feed);
  feed.acknowledge(1);
  feed.take_back();
  EXPECT_EQ(pump(feed), (positions{2, 3}));
  EXPECT_EQ(feed.passed(), 1U);
}

TEST(sink_feed, counts_positions_without_a_batch_as_passed) {
  auto feed = joined_feed();
  offer(feed, {1, 2, 3, 4, 5});
  pump(feed);
  feed.acknowledge(4);
  feed.begin_page();
  feed.take_page({}, 9);
  EXPECT_EQ(feed.passed(), 9U);
}

TEST(sink_feed, that_gets_a_batch_larger_than_its_window_takes_it_alone) {
  auto feed = joined_feed();
  offer(feed, {1}, 100);
  offer(feed, {2});
  EXPECT_EQ(pump(feed), positions{1});
  EXPECT_TRUE(feed.is_behind());
}

TEST(sink_feed, gives_every_position_once_and_in_order_however_it_is_driven) {
  std::mt19937 random(5);
  for (int run = 0; run < 300; ++run) {
    sink_feed feed({1 + random() % 9, 1'000'000}, sink_policy::spool, 0);
    std::uint64_t newest = 0;
    std::uint64_t expected = 1;
    positions on_the_way;
    for (int step = 0; step < 400; ++step) {
      switch (random() % 5) {
        case 0:
        case 1:
          feed.offer(++newest, batch_of(1));
          break;
        case 2:
          if (on_the_way.empty()) break;
          feed.acknowledge(on_the_way.back());
          on_the_way.clear();
          break;
        case 3:
          if (random() % 4 != 0) break;
          feed.take_back();
          if (!on_the_way.empty()) expected = on_the_way.front();
          on_the_way.clear();
          break;
        default: {
          if (!feed.wants_page()) break;
          const auto after = feed.begin_page();
          const auto through = std::min<std::uint64_t>(newest, after + random() % 4);
          positions in_page;
          for (auto at = after + 1; at <= through; ++at) in_page.push_back(at);
          feed.take_page(page(in_page), through);
          if (through == newest) feed.join();
        }
      }
      for (const auto position : pump(feed)) {
        ASSERT_EQ(position, expected);
        ++expected;
        on_the_way.push_back(position);
      }
    }
    EXPECT_GT(expected, 20U);
  }
}

}  // namespace
}  // namespace feedtree::actors
