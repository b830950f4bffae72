#include "actors/venue/repair_ladder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace feedtree::actors {
namespace {

using testing::ElementsAre;
using texts = std::vector<std::string>;

constexpr std::int64_t second = 1'000'000'000;

struct ladder : testing::Test {
  listing_registry registry;
  const listing* a = registry.intern("x", instrument::spot("A", "USD"), "A-USD");
  const listing* b = registry.intern("x", instrument::spot("B", "USD"), "B-USD");
  repair_options options;
  repair_ladder repairs{options, [] { return std::uint32_t{0xffff'ffff}; }};
  std::int64_t now = 1'000 * second;

  // The next step, and the time until then in milliseconds; that time passes.
  std::string next(const listing* where) {
    const auto order = repairs.next(where, now);
    const auto wait_ms = (order.at_ns - now) / 1'000'000;
    now = order.at_ns;
    static constexpr const char* names[] = {"ask", "reconnect", "restart"};
    return std::string(names[static_cast<std::size_t>(order.what)]) +
           (wait_ms == 0 ? "" : " in " + std::to_string(wait_ms));
  }
  texts steps(const listing* where, int count) {
    texts result;
    for (int at = 0; at < count; ++at) result.push_back(next(where));
    return result;
  }
};

TEST_F(ladder, asks_at_once_where_the_last_repair_held) {
  EXPECT_EQ(next(a), "ask");
  repairs.repaired(a, now);
  now += 6 * second;
  EXPECT_EQ(next(a), "ask");
  EXPECT_EQ(next(b), "ask");
}

TEST_F(ladder, asks_with_growing_delays_and_then_for_a_new_connection) {
  EXPECT_THAT(steps(a, 4), ElementsAre("ask", "ask in 500", "ask in 1000", "reconnect"));
}

TEST_F(ladder, takes_a_snapshot_that_breaks_again_at_once_for_no_repair) {
  texts seen;
  for (int at = 0; at < 4; ++at) {
    seen.push_back(next(a));
    repairs.repaired(a, now);
    now += second / 10;
  }
  EXPECT_THAT(seen, ElementsAre("ask", "ask in 500", "ask in 1000", "reconnect"));
}

TEST_F(ladder, climbs_to_the_supervisor_once_and_then_asks_rarely_for_good) {
  texts harm;
  int asks = 0;
  const auto began = now;
  while (now - began < 3'600 * second) {
    const auto text = next(a);
    if (text.starts_with("ask")) {
      ++asks;
      now += second;  // no answer
    } else {
      harm.push_back(text);
      repairs.reconnected();
    }
  }
  EXPECT_THAT(harm, ElementsAre("reconnect", "reconnect", "restart"));
  EXPECT_LE(asks, 3'600 / 31 + 20);
  EXPECT_GE(asks, 60);
}

TEST_F(ladder, does_not_harm_the_connection_again_for_another_book_soon) {
  steps(a, 4);
  repairs.reconnected();
  const auto broken = steps(b, 5);
  EXPECT_THAT(broken, testing::Each(testing::StartsWith("ask")));
  now += 60 * second;
  EXPECT_EQ(next(b), "reconnect");
}

TEST_F(ladder, counts_anew_on_a_new_connection) {
  steps(a, 3);
  repairs.reconnected();
  EXPECT_EQ(next(a), "ask");
}

TEST_F(ladder, forgets_what_the_venue_does_not_give) {
  steps(a, 3);
  repairs.forget(a);
  EXPECT_EQ(next(a), "ask");
}

}  // namespace
}  // namespace feedtree::actors
