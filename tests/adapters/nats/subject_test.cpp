#include "adapters/nats/subject.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree::nats {
namespace {

TEST(nats_subject, names_kind_venue_and_instrument) {
  listing_registry registry;
  const auto batch = tests::every_kind(tests::sample_listing(registry));
  EXPECT_EQ(subject_of(batch->events.front()), "md.v1.trade.kraken.BTC-USD");
  EXPECT_EQ(subject_of(batch->events.back()), "md.v1.gap.kraken.BTC-USD");
  EXPECT_EQ(subject_of(tests::sample_quarantine()), "md.v1.quarantine.kraken");
}

TEST(nats_subject, names_the_interval_of_a_candle) {
  listing_registry registry;
  const auto* where = tests::sample_listing(registry);
  auto body = tests::sample_candle();
  EXPECT_EQ(subject_of(tests::sample_event(where, "1", body)), "md.v1.candle.1m.kraken.BTC-USD");
  body.interval_ns *= 60;
  EXPECT_EQ(subject_of(tests::sample_event(where, "1", body)), "md.v1.candle.1h.kraken.BTC-USD");
}

TEST(nats_subject, keeps_every_name_one_token_and_gives_it_back) {
  for (const std::string name : {"BTC-USD", "BTC-USD-20261225-0.5-C", "a b\t*>%25", "", "%2"}) {
    const auto token = subject_token(name);
    EXPECT_EQ(token.find_first_of(". *>\t"), std::string::npos) << token;
    EXPECT_EQ(name_of_token(token), name);
  }
  EXPECT_EQ(subject_token("0.5"), "0%2E5");
  EXPECT_EQ(name_of_token("%zz%2"), "%zz%2");
}

}  // namespace
}  // namespace feedtree::nats
