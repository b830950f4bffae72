// Which events tell how the clocks differ.
#include "core/rules/clock_samples.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree::rules {
namespace {

class clocks : public testing::Test {
 protected:
  event trade_of(std::int64_t exchange_ns, std::int64_t receive_ns) {
    auto what = tests::sample_trade(where_, std::to_string(exchange_ns));
    what.exchange_ns = exchange_ns;
    what.receive_ns = receive_ns;
    return what;
  }
  bool takes(std::int64_t exchange_ns, std::int64_t receive_ns) {
    return clock_.take(trade_of(exchange_ns, receive_ns));
  }
  template <class Body>
  bool takes(const Body& body) {
    return clock_.take(tests::sample_event(where_, "x", body));
  }

  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_);
  clock_samples clock_;
};

TEST_F(clocks, are_not_told_by_the_trades_that_a_venue_repeats_at_the_start) {
  EXPECT_FALSE(takes(100, 5'000));
  EXPECT_FALSE(takes(4'000, 5'000));
  EXPECT_TRUE(takes(5'900, 6'000));
  EXPECT_TRUE(takes(5'900, 6'000));
}

TEST_F(clocks, are_not_told_by_those_behind_a_lost_connection) {
  takes(100, 5'000);
  EXPECT_TRUE(takes(5'900, 6'000));
  status_change lost;
  lost.feed = event_kind::trade;
  lost.from = feed_state::live;
  lost.to = feed_state::syncing;
  EXPECT_FALSE(takes(lost));
  EXPECT_FALSE(takes(6'100, 90'000));
  EXPECT_TRUE(takes(90'900, 91'000));
  lost.feed = event_kind::book;  // of another feed
  EXPECT_FALSE(takes(lost));
  EXPECT_TRUE(takes(91'900, 92'000));
}

TEST_F(clocks, are_not_told_by_trades_that_were_asked_for) {
  takes(100, 5'000);
  EXPECT_TRUE(takes(5'900, 6'000));
  gap filled;
  filled.feed = event_kind::trade;
  filled.begin_ns = 6'000;
  filled.end_ns = 60'000;
  filled.recovered = true;
  EXPECT_FALSE(takes(filled));
  EXPECT_FALSE(takes(6'100, 60'000));
  EXPECT_FALSE(takes(6'200, 60'000));
  EXPECT_TRUE(takes(59'900, 60'100));
  EXPECT_FALSE(takes(7'000, 60'200));  // late, behind newer ones
}

TEST_F(clocks, are_told_by_books_and_candles_of_the_venue_but_not_by_our_own) {
  EXPECT_TRUE(takes(book_change{}));
  auto body = tests::sample_candle();
  EXPECT_TRUE(takes(body));
  body.source = candle_source::trades;
  EXPECT_FALSE(takes(body));
}

}  // namespace
}  // namespace feedtree::rules
