#include "adapters/simulator/fault_plan.hpp"

#include <gtest/gtest.h>

namespace feedtree::tests {
namespace {

using simulator::fault_kind;
using simulator::fault_plan;
using simulator::fault_timer;

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t s = 1'000 * ms;

fault_timer timer(std::string_view spec, std::uint64_t seed = 1) {
  return {simulator::parse_fault(spec), seed, 0};
}

// Which of the first `count` that match are hit; one each millisecond.
std::vector<int> hits(fault_timer of, int count) {
  std::vector<int> result;
  for (int at = 1; at <= count; ++at) {
    if (of.hits(at * ms)) result.push_back(at);
  }
  return result;
}

TEST(fault_plan, every_hits_each_nth_and_at_only_one) {
  EXPECT_EQ(hits(timer("drop:every=4"), 12), (std::vector<int>{4, 8, 12}));
  EXPECT_EQ(hits(timer("drop:at=5"), 12), (std::vector<int>{5}));
  EXPECT_EQ(hits(timer("drop:every=2,times=2"), 12), (std::vector<int>{2, 4}));
  EXPECT_EQ(hits(timer("drop"), 3), (std::vector<int>{1, 2, 3}));
}

TEST(fault_plan, only_what_comes_within_the_time_is_hit_and_counted) {
  EXPECT_EQ(hits(timer("drop:after=5ms,for=3ms"), 12), (std::vector<int>{5, 6, 7}));
  EXPECT_EQ(hits(timer("drop:after=5ms,every=2"), 9), (std::vector<int>{6, 8}));
}

TEST(fault_plan, an_episode_begins_once_and_lasts) {
  auto mute = timer("mute:after=5s,for=20s");
  EXPECT_FALSE(mute.begins(4 * s));
  EXPECT_FALSE(mute.lasts(4 * s));
  EXPECT_TRUE(mute.begins(5 * s));
  EXPECT_FALSE(mute.begins(6 * s));
  EXPECT_TRUE(mute.lasts(24 * s));
  EXPECT_FALSE(mute.lasts(25 * s));
  EXPECT_FALSE(mute.begins(100 * s));
}

TEST(fault_plan, random_moments_are_as_often_as_said_and_the_same_for_a_seed) {
  const auto moments = [](std::uint64_t seed) {
    auto cut = timer("disconnect:poisson=10s", seed);
    std::vector<std::int64_t> result;
    for (std::int64_t now = 0; now < 10'000 * s; now += 100 * ms) {
      if (cut.begins(now)) result.push_back(now);
    }
    return result;
  };
  const auto once = moments(7);
  EXPECT_GT(once.size(), 850U);
  EXPECT_LT(once.size(), 1'150U);
  EXPECT_EQ(moments(7), once);
  EXPECT_NE(moments(8), once);
}

TEST(fault_plan, random_episodes_do_not_overlap) {
  auto closed = timer("maintenance:poisson=3s,for=2s");
  std::int64_t lasting_ms = 0;
  int begun = 0;
  for (std::int64_t now = 0; now < 5'000 * s; now += 10 * ms) {
    begun += closed.begins(now);
    lasting_ms += closed.lasts(now) ? 10 : 0;
  }
  EXPECT_NEAR(begun, 1'000, 150);
  EXPECT_NEAR(static_cast<double>(lasting_ms) / begun, 2'000, 30);
}

TEST(fault_plan, nothing_happens_after_the_end) {
  fault_plan plan({simulator::parse_fault("drop:every=1"), simulator::parse_fault("maintenance")},
                  1, 0);
  EXPECT_NE(plan.hit(fault_kind::drop, 1), nullptr);
  EXPECT_NE(plan.lasting(fault_kind::maintenance, 1), nullptr);
  EXPECT_EQ(plan.hit(fault_kind::delay, 1), nullptr);
  plan.end();
  EXPECT_EQ(plan.hit(fault_kind::drop, 2), nullptr);
  EXPECT_EQ(plan.lasting(fault_kind::maintenance, 2), nullptr);
}

}  // namespace
}  // namespace feedtree::tests
