#include "actors/shared_budget.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace feedtree::actors {
namespace {

constexpr std::int64_t s = 1'000'000'000;

venues::venue_limits limits_of(venues::rate_limit connects, venues::rate_limit rest) {
  venues::venue_limits limits;
  limits.connects = connects;
  limits.rest = rest;
  return limits;
}

TEST(shared_budget, says_when_to_ask_again) {
  shared_budget budget({{"rest", 2, 10 * s, 2}});
  EXPECT_EQ(budget.take_or_when(budget_rest, 2, 100 * s), 0);
  const auto when = budget.take_or_when(budget_rest, 1, 100 * s);
  EXPECT_GT(when, 100 * s);
  EXPECT_NE(budget.take_or_when(budget_rest, 1, when - 1), 0);
  EXPECT_EQ(budget.take_or_when(budget_rest, 1, when), 0);
}

TEST(shared_budget, waits_out_a_penalty_of_the_venue) {
  shared_budget budget({{"rest", 100, s, 100}});
  budget.penalise(50 * s);
  EXPECT_EQ(budget.take_or_when(budget_rest, 1, 10 * s), 50 * s);
  EXPECT_EQ(budget.take_or_when(budget_rest, 1, 50 * s), 0);
}

TEST(shared_budget, has_buckets_for_the_limits_that_the_venue_states) {
  const auto stated = venue_rate_limits(limits_of({300, 300 * s}, {6'000, 60 * s}));
  ASSERT_EQ(stated.size(), 2u);
  EXPECT_EQ(stated[0].kind, budget_connect);
  EXPECT_EQ(stated[0].limit, 300);
  EXPECT_EQ(stated[1].kind, budget_rest);
  EXPECT_EQ(stated[1].period_ns, 60 * s);
}

TEST(shared_budget, lets_go_free_what_the_venue_does_not_limit) {
  EXPECT_TRUE(venue_rate_limits(limits_of({}, {})).empty());
  shared_budget budget(venue_rate_limits(limits_of({}, {1, s})));
  for (int at = 0; at < 1'000; ++at) EXPECT_EQ(budget.take_or_when(budget_connect, 1, s), 0);
}

TEST(shared_budget, gives_no_more_to_many_threads_than_to_one) {
  shared_budget budget({{"connect", 100, s, 100}});
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int at = 0; at < 100; ++at) {
        if (budget.take_or_when(budget_connect, 1, 5 * s) == 0) ++taken;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken, 100);
}

}  // namespace
}  // namespace feedtree::actors
