#include "actors/edges/trade_claims.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

class claimed : public testing::Test {
 protected:
  event trade_of(const std::string& key, std::int64_t age_ns) {
    auto what = tests::sample_trade(where, key);
    what.receive_ns = what.exchange_ns + age_ns;
    return what;
  }
  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  trade_claims claims;
};

TEST_F(claimed, old_trades_are_passed_on_by_who_comes_first) {
  event_batch polled;
  for (const auto* const key : {"1", "2", "3"})
    polled.events.push_back(trade_of(key, 60 * second_ns));
  EXPECT_EQ(claims.remove_claimed(polled), 0U);
  EXPECT_EQ(polled.events.size(), 3U);
  event_batch filled;
  filled.events.push_back(trade_of("2", 30 * second_ns));
  filled.events.push_back(trade_of("4", 30 * second_ns));
  EXPECT_EQ(claims.remove_claimed(filled), 1U);
  ASSERT_EQ(filled.events.size(), 1U);
  EXPECT_EQ(filled.events[0].key.view(), "4");
}

TEST_F(claimed, young_trades_and_other_kinds_are_not_asked_for) {
  for (int times = 0; times < 2; ++times) {
    event_batch batch;
    batch.events.push_back(trade_of("1", second_ns));
    auto old = tests::sample_event(where, "c", tests::sample_candle());
    old.receive_ns = old.exchange_ns + 3'600 * second_ns;
    batch.events.push_back(old);
    EXPECT_EQ(claims.remove_claimed(batch), 0U);
  }
}

TEST_F(claimed, only_the_latest_are_remembered) {
  EXPECT_TRUE(claims.claim(trade_of("0", 0)));
  EXPECT_FALSE(claims.claim(trade_of("0", 0)));
  for (std::size_t at = 1; at <= trade_claims::claims_max; ++at) {
    ASSERT_TRUE(claims.claim(trade_of(std::to_string(at), 0)));
  }
  EXPECT_TRUE(claims.claim(trade_of("0", 0)));
}

}  // namespace
}  // namespace feedtree::actors
