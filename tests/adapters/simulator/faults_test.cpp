#include "adapters/simulator/faults.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace feedtree::tests {
namespace {

using simulator::fault_kind;
using simulator::parse_fault;

std::string refusal(std::string_view text) {
  try {
    parse_fault(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "taken";
}

TEST(faults, every_kind_is_found_by_its_name) {
  for (std::size_t at = 0; at < simulator::fault_kinds; ++at) {
    const auto kind = static_cast<fault_kind>(at);
    EXPECT_EQ(simulator::parse_fault_kind(to_string(kind)), kind);
  }
  EXPECT_FALSE(simulator::parse_fault_kind("Drop"));
}

TEST(faults, a_specification_says_when_and_of_what) {
  const auto drop = parse_fault("drop:every=1000,instrument=BTC-USD,kind=book,times=3");
  EXPECT_EQ(drop.kind, fault_kind::drop);
  EXPECT_EQ(drop.every, 1000U);
  EXPECT_EQ(drop.times, 3U);
  EXPECT_TRUE(drop.matches(event_kind::book, "BTC-USD"));
  EXPECT_FALSE(drop.matches(event_kind::trade, "BTC-USD"));
  EXPECT_FALSE(drop.matches(event_kind::book, "ETH-USD"));
  const auto mute = parse_fault("mute:after=5s,for=20s");
  EXPECT_EQ(mute.after_ns, 5'000'000'000);
  EXPECT_EQ(mute.for_ns, 20'000'000'000);
  EXPECT_EQ(parse_fault("disconnect:poisson=250ms").poisson_ns, 250'000'000);
  EXPECT_EQ(parse_fault("drop:at=17").at, 17U);
}

TEST(faults, what_was_not_said_has_a_default) {
  const auto limited = parse_fault("rate_limit");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.retry_s, 1);
  EXPECT_EQ(parse_fault("rate_limit:status=418,retry=7s").retry_s, 7);
  EXPECT_EQ(parse_fault("rest_error").status, 500);
  EXPECT_GT(parse_fault("oversized").bytes, 16'000'000U);
  EXPECT_GT(parse_fault("mute:poisson=5s").for_ns, 0);
  EXPECT_EQ(parse_fault("clock_skew:by=-3s").by_ns, -3'000'000'000);
  EXPECT_EQ(parse_fault("announced_close").by_ns, 60'000'000'000);
  EXPECT_EQ(parse_fault("announced_close:by=2s").by_ns, 2'000'000'000);
}

TEST(faults, a_wrong_specification_is_named_in_one_line) {
  EXPECT_EQ(refusal("drip"), "--fault 'drip': there is no fault 'drip'");
  EXPECT_EQ(refusal(""), "--fault '': there is no fault ''");
  EXPECT_EQ(refusal("drop:evry=3"), "--fault 'drop:evry=3': there is no 'evry'");
  EXPECT_EQ(refusal("drop:often"), "--fault 'drop:often': 'often' is not NAME=VALUE");
  for (const auto* text : {"drop:every=0",
                           "drop:connection=0",
                           "refuse:connection=1",
                           "drop:every=x",
                           "drop:at=-1",
                           "drop:after=5",
                           "drop:after=5d",
                           "drop:every=2,at=3",
                           "drop:at=3,poisson=1s",
                           "drop:kind=books",
                           "drop:instrument=BTCUSD",
                           "mute:every=3",
                           "delist",
                           "crossed:at=1",
                           "disconnect:instrument=BTC-USD",
                           "drop:by=1s",
                           "drop:status=429",
                           "rate_limit:status=200",
                           "delay:by=-1s",
                           "drop:bytes=7",
                           "oversized:bytes=999999999999",
                           "refuse:kind=book",
                           "mute:retry=1s"}) {
    EXPECT_NE(refusal(text).find("--fault '" + std::string(text) + "': "), std::string::npos)
        << text;
    EXPECT_EQ(refusal(text).find('\n'), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace feedtree::tests
