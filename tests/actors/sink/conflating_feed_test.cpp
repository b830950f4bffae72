// A sink's feed that merges what waits.
#include <gtest/gtest.h>

#include <random>

#include "actors/sink/sink_feed.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

class conflating_feed : public testing::Test {
 protected:
  static constexpr credit_window window{8, 1'000'000};

  // A feed that has read all of an empty journal.
  conflating_feed() {
    feed_.begin_page();
    feed_.take_page({}, 0);
    feed_.join();
  }
  batch_ptr quote_of(int price, int count = 1) const {
    auto batch = std::make_shared<event_batch>();
    for (int at = 0; at < count; ++at) {
      batch->events.push_back(tests::sample_event(
          where_, std::to_string(price),
          quote{decimal{price, 0}, decimal{1, 0}, decimal{price + 1, 0}, decimal{1, 0}}));
    }
    return batch;
  }
  batch_ptr trades_of(int count) const {
    auto batch = std::make_shared<event_batch>();
    for (int at = 0; at < count; ++at) batch->events.push_back(tests::sample_trade(where_, "t"));
    return batch;
  }
  struct sent {
    std::uint64_t position;
    batch_ptr batch;
  };
  std::vector<sent> pump() {
    std::vector<sent> result;
    feed_.pump([&](std::uint64_t position, const batch_ptr& batch) {
      result.push_back({position, batch});
    });
    return result;
  }
  static const quote& last_quote(const sent& what) {
    return std::get<quote>(what.batch->events.back().body);
  }

  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_);
  sink_feed feed_{window, sink_policy::conflate, 0};
};

TEST_F(conflating_feed, passes_batches_as_they_are_while_there_is_credit) {
  const auto batch = quote_of(1, 3);
  feed_.offer(1, batch);
  const auto out = pump();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].batch, batch);
  EXPECT_EQ(feed_.events_merged(), 0U);
}

TEST_F(conflating_feed, merges_what_waits_and_sends_it_with_the_last_position) {
  feed_.offer(1, quote_of(1, 4));
  EXPECT_EQ(pump().size(), 1U);
  for (std::uint64_t at = 2; at <= 100; ++at) feed_.offer(at, quote_of(static_cast<int>(at)));
  EXPECT_TRUE(pump().empty());
  EXPECT_FALSE(feed_.is_behind());
  EXPECT_EQ(feed_.events_held(), 5U);
  feed_.acknowledge(1);
  const auto out = pump();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].position, 100U);
  ASSERT_EQ(out[0].batch->events.size(), 1U);
  EXPECT_EQ(last_quote(out[0]).merged, 99U);
  EXPECT_EQ(last_quote(out[0]).bid_price, (decimal{100, 0}));
  EXPECT_FALSE(feed_.is_done());
  feed_.acknowledge(100);
  EXPECT_TRUE(feed_.is_done());
  EXPECT_EQ(feed_.passed(), 100U);
}

TEST_F(conflating_feed, falls_behind_when_what_cannot_be_merged_does_not_fit) {
  feed_.offer(1, trades_of(4));
  EXPECT_EQ(pump().size(), 1U);
  feed_.offer(2, trades_of(4));
  feed_.offer(3, trades_of(1));
  EXPECT_TRUE(feed_.is_behind());
  EXPECT_EQ(feed_.times_behind(), 1U);
  EXPECT_EQ(feed_.events_held(), 8U);
  feed_.acknowledge(1);
  const auto out = pump();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].position, 2U);
}

TEST_F(conflating_feed, merges_the_pages_that_it_reads_behind) {
  feed_.offer(1, trades_of(4));
  pump();
  feed_.offer(2, trades_of(4));
  feed_.offer(3, trades_of(4));
  ASSERT_TRUE(feed_.is_behind());
  feed_.acknowledge(1);
  EXPECT_EQ(pump().size(), 1U);  // 2
  ASSERT_TRUE(feed_.wants_page());
  EXPECT_EQ(feed_.begin_page(), 2U);
  std::vector<std::pair<std::uint64_t, batch_ptr>> page;
  for (std::uint64_t at = 3; at < 60; ++at) page.emplace_back(at, quote_of(static_cast<int>(at)));
  feed_.take_page(page, 60);
  EXPECT_EQ(feed_.events_held(), 5U);
  feed_.join();
  feed_.offer(61, quote_of(61));
  feed_.acknowledge(2);
  const auto out = pump();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].position, 61U);
  EXPECT_EQ(last_quote(out[0]).bid_price, (decimal{61, 0}));
}

TEST_F(conflating_feed, sends_again_what_a_sink_that_was_started_anew_had_not_acknowledged) {
  feed_.offer(1, quote_of(1, 4));
  pump();
  feed_.offer(2, quote_of(2));
  feed_.take_back();
  const auto out = pump();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].position, 1U);
  feed_.acknowledge(1);
  EXPECT_EQ(pump().at(0).position, 2U);
}

// Whatever comes and whenever the sink takes it: positions grow, the last quote arrives.
TEST_F(conflating_feed, gives_the_last_state_in_the_end_whatever_happens) {
  std::mt19937 random(7);
  std::uint64_t last_sent = 0;
  int last_price = 0;
  std::uint64_t position = 0;
  const auto take = [&] {
    for (const auto& each : pump()) {
      EXPECT_GT(each.position, last_sent);
      last_sent = each.position;
      for (const auto& what : each.batch->events) {
        const auto* const body = std::get_if<quote>(&what.body);
        if (body != nullptr) last_price = static_cast<int>(body->bid_price->mantissa);
      }
    }
  };
  std::vector<std::pair<std::uint64_t, batch_ptr>> journal;
  for (int step = 0; step < 5'000; ++step) {
    const auto batch = random() % 3 == 0 ? trades_of(1) : quote_of(static_cast<int>(position) + 1);
    journal.emplace_back(++position, batch);
    feed_.offer(position, batch);
    take();
    if (random() % 4 == 0) feed_.acknowledge(last_sent);
    if (feed_.wants_page()) {
      const auto after = feed_.begin_page();
      std::vector<std::pair<std::uint64_t, batch_ptr>> page;
      for (const auto& each : journal) {
        if (each.first > after && page.size() < 4) page.push_back(each);
      }
      const auto through = page.empty() ? after : page.back().first;
      feed_.take_page(page, through);
      if (through == position) feed_.join();
    }
  }
  feed_.offer(++position, quote_of(999'999));
  ASSERT_FALSE(feed_.is_behind()) << "choose a seed with which it ends in memory";
  for (int left = 0; left < 10; ++left) {
    take();
    feed_.acknowledge(last_sent);
  }
  EXPECT_TRUE(feed_.is_done());
  EXPECT_EQ(last_price, 999'999);
  EXPECT_EQ(feed_.passed(), position);
}

}  // namespace
}  // namespace feedtree::actors
