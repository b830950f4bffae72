#include "core/event_arbiter.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

class event_arbiter_of : public testing::Test {
 protected:
  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  event_arbiter arbiter{100};
};

TEST_F(event_arbiter_of, the_first_arrival_counts_whichever_connection_brings_it) {
  EXPECT_EQ(arbiter.take(1, tests::sample_trade(where, "7")), arrival::first);
  EXPECT_EQ(arbiter.take(2, tests::sample_trade(where, "7")), arrival::again);
  EXPECT_EQ(arbiter.take(2, tests::sample_trade(where, "8")), arrival::first);
  EXPECT_EQ(arbiter.take(1, tests::sample_trade(where, "8")), arrival::again);
}

TEST_F(event_arbiter_of, kinds_have_keys_of_their_own) {
  EXPECT_EQ(arbiter.take(1, tests::sample_trade(where, "7")), arrival::first);
  const auto forced =
      tests::sample_event(where, "7", liquidation{tests::number("1"), tests::number("2")});
  EXPECT_EQ(arbiter.take(2, forced), arrival::first);
}

TEST_F(event_arbiter_of, the_same_id_with_other_content_is_a_disagreement) {
  arbiter.take(1, tests::sample_trade(where, "7", "10.0"));
  EXPECT_EQ(arbiter.take(2, tests::sample_trade(where, "7", "10.1")), arrival::differs);
  EXPECT_EQ(arbiter.take(2, tests::sample_trade(where, "7", "10")), arrival::again)
      << "digits do not matter";
}

// The venue counts again: the connections bring a number once more, with another trade.
TEST_F(event_arbiter_of, an_old_number_with_another_time_is_another_trade) {
  auto what = tests::sample_trade(where, "7", "10.0");
  EXPECT_EQ(arbiter.take(1, what), arrival::first);
  what = tests::sample_trade(where, "7", "12.5");
  what.exchange_ns += 5;
  EXPECT_EQ(arbiter.take(2, what), arrival::first);
  EXPECT_EQ(arbiter.take(1, what), arrival::again);
}

TEST_F(event_arbiter_of, times_are_no_content) {
  auto what = tests::sample_event(where, "7", open_interest{tests::number("1"), {}});
  arbiter.take(1, what);
  what.receive_ns += 5;
  what.exchange_ns += 5;
  EXPECT_EQ(arbiter.take(2, what), arrival::again);
}

TEST_F(event_arbiter_of, what_one_connection_brings_twice_passes_twice) {
  EXPECT_EQ(arbiter.take(1, tests::sample_trade(where, "7")), arrival::first);
  EXPECT_EQ(arbiter.take(1, tests::sample_trade(where, "7")), arrival::first);
}

TEST_F(event_arbiter_of, remembers_a_bounded_number) {
  for (int number = 0; number < 1'000; ++number) {
    arbiter.take(1, tests::sample_trade(where, std::to_string(number)));
  }
  EXPECT_EQ(arbiter.remembered(), 100U);
  EXPECT_EQ(arbiter.take(2, tests::sample_trade(where, "950")), arrival::again);
  EXPECT_EQ(arbiter.take(2, tests::sample_trade(where, "1")), arrival::first);
}

// Two lossy copies, in any interleaving within what is remembered: each event once, if either has
// it.
TEST(event_arbiter, of_two_lossy_copies_each_event_passes_once) {
  listing_registry registry;
  const auto* const where = tests::sample_listing(registry);
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<int> copies[2];
    for (int number = 0; number < 500; ++number) {
      const auto fate = random() % 4;  // 0: only in the first, 1: only in the second
      if (fate != 1) copies[0].push_back(number);
      if (fate != 0) copies[1].push_back(number);
    }
    event_arbiter arbiter(1'000);
    std::multiset<int> passed;
    std::size_t at[2] = {0, 0};
    while (at[0] < copies[0].size() || at[1] < copies[1].size()) {
      const auto from = random() % 2;
      if (at[from] == copies[from].size()) continue;
      const auto number = copies[from][at[from]++];
      const auto what = tests::sample_trade(where, std::to_string(number));
      if (arbiter.take(static_cast<source_id>(from), what) == arrival::first) passed.insert(number);
    }
    EXPECT_EQ(passed.size(), 500U) << "seed " << seed;
    EXPECT_EQ(std::set<int>(passed.begin(), passed.end()).size(), 500U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace feedtree
