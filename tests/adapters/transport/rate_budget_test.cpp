#include "adapters/transport/rate_budget.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <stdexcept>

namespace feedtree::transport {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t start_ns = 1'618'678'123 * second_ns;

TEST(rate_budget, gives_a_burst_and_then_one_token_at_a_time) {
  rate_budget budget({{"connect", 5, second_ns, 3}});  // 3 flow back each second
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take("connect", 1, start_ns));
  EXPECT_FALSE(budget.take("connect", 1, start_ns));
  const auto next_ns = budget.earliest_ns("connect", 1, start_ns);
  EXPECT_EQ(next_ns, start_ns + 333'333'334);
  EXPECT_FALSE(budget.take("connect", 1, next_ns - 1));
  EXPECT_TRUE(budget.take("connect", 1, next_ns));
}

TEST(rate_budget, is_full_again_after_a_rest_and_not_fuller) {
  rate_budget budget({{"message", 10, second_ns, 5}});
  EXPECT_TRUE(budget.take("message", 5, start_ns));
  const auto later_ns = start_ns + 3'600 * second_ns;
  EXPECT_TRUE(budget.take("message", 5, later_ns));
  EXPECT_FALSE(budget.take("message", 1, later_ns));
}

TEST(rate_budget, allows_one_per_period_where_the_limit_is_one) {
  rate_budget budget({{"connect", 1, 10 * second_ns, 0}});
  EXPECT_TRUE(budget.take("connect", 1, start_ns));
  EXPECT_EQ(budget.earliest_ns("connect", 1, start_ns), start_ns + 10 * second_ns);
}

TEST(rate_budget, waits_longer_for_a_heavier_request) {
  rate_budget budget({{"request", 1'200, 60 * second_ns, 600}});
  EXPECT_TRUE(budget.take("request", 600, start_ns));
  EXPECT_LT(budget.earliest_ns("request", 10, start_ns),
            budget.earliest_ns("request", 250, start_ns));
}

TEST(rate_budget, never_affords_a_weight_above_its_burst) {
  rate_budget budget({{"request", 100, second_ns, 50}});
  EXPECT_EQ(budget.earliest_ns("request", 51, start_ns), rate_budget::never_ns);
  EXPECT_FALSE(budget.take("request", 51, start_ns));
  EXPECT_FALSE(budget.take("request", -1, start_ns));
  EXPECT_TRUE(budget.take("request", 50, start_ns));
}

TEST(rate_budget, asks_all_limits_of_a_kind_and_spends_from_none_when_one_refuses) {
  rate_budget budget({{"connect", 2, second_ns, 1}, {"connect", 3, 300 * second_ns, 2}});
  EXPECT_TRUE(budget.take("connect", 1, start_ns));
  EXPECT_FALSE(budget.take("connect", 1, start_ns));
  EXPECT_TRUE(budget.take("connect", 1, start_ns + second_ns));
  EXPECT_GT(budget.earliest_ns("connect", 1, start_ns + second_ns), start_ns + 100 * second_ns);
}

TEST(rate_budget, keeps_kinds_apart_and_leaves_an_unknown_kind_free) {
  rate_budget budget({{"connect", 1, second_ns, 1}, {"message", 1, second_ns, 1}});
  EXPECT_TRUE(budget.take("connect", 1, start_ns));
  EXPECT_TRUE(budget.take("message", 1, start_ns));
  EXPECT_TRUE(budget.take("order", 1'000'000, start_ns));
}

TEST(rate_budget, holds_everything_back_until_a_penalty_is_over) {
  rate_budget budget({{"connect", 10, second_ns, 5}});
  budget.penalise(start_ns + 30 * second_ns);
  budget.penalise(start_ns + 10 * second_ns);
  EXPECT_EQ(budget.penalised_until_ns(), start_ns + 30 * second_ns);
  EXPECT_EQ(budget.earliest_ns("connect", 1, start_ns), start_ns + 30 * second_ns);
  EXPECT_EQ(budget.earliest_ns("order", 1, start_ns), start_ns + 30 * second_ns);
  EXPECT_FALSE(budget.take("connect", 1, start_ns));
  EXPECT_TRUE(budget.take("connect", 1, start_ns + 30 * second_ns));
}

TEST(rate_budget, takes_time_that_goes_backwards_as_standing_still) {
  rate_budget budget({{"connect", 2, second_ns, 1}});
  EXPECT_TRUE(budget.take("connect", 1, start_ns));
  EXPECT_FALSE(budget.take("connect", 1, start_ns - 100 * second_ns));
  EXPECT_GT(budget.earliest_ns("connect", 1, start_ns - second_ns), start_ns);
}

TEST(rate_budget, refuses_wrong_limits_with_all_problems) {
  EXPECT_THAT((rate_limit{"", 0, 0, 1}).check(),
              ElementsAre(HasSubstr("kind"), HasSubstr("limit must"), HasSubstr("period"),
                          HasSubstr("burst")));
  EXPECT_THAT((rate_limit{"x", std::int64_t{1} << 40, std::int64_t{1} << 40, 0}).check(),
              ElementsAre(HasSubstr("too large")));
  EXPECT_THROW(rate_budget({{"x", 0, 1, 0}}), std::invalid_argument);
}

// The largest weight spent within any half-open window of one period.
class window {
 public:
  explicit window(std::int64_t period_ns) : period_ns_(period_ns) {}
  std::int64_t add(std::int64_t now_ns, std::int64_t weight) {
    spent_.push_back({now_ns, weight});
    sum_ += weight;
    while (spent_.front().first <= now_ns - period_ns_) {
      sum_ -= spent_.front().second;
      spent_.pop_front();
    }
    return sum_;
  }

 private:
  std::int64_t period_ns_;
  std::int64_t sum_ = 0;
  std::deque<std::pair<std::int64_t, std::int64_t>> spent_;
};

TEST(rate_budget, never_passes_the_limit_in_any_window_however_it_is_used) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    const auto limit = static_cast<std::int64_t>(1 + random() % 40);
    const auto burst = static_cast<std::int64_t>(1 + random() % static_cast<unsigned>(limit));
    rate_budget budget({{"request", limit, 1'000, burst}});
    window spent(1'000);
    std::int64_t now_ns = start_ns;
    for (int i = 0; i < 2'000; ++i) {
      const auto weight = static_cast<std::int64_t>(1 + random() % static_cast<unsigned>(burst));
      now_ns = random() % 3 == 0 ? now_ns + static_cast<std::int64_t>(random() % 500)
                                 : budget.earliest_ns("request", weight, now_ns);
      if (budget.take("request", weight, now_ns)) {
        ASSERT_LE(spent.add(now_ns, weight), limit);
      }
    }
  }
}

TEST(rate_budget, holds_a_limit_that_is_added_later_for_all) {
  rate_budget budget({{"connect", 5, second_ns, 5}});
  budget.add({"connect", 2, second_ns, 2});
  EXPECT_EQ(budget.most("connect"), 2);
  EXPECT_TRUE(budget.take("connect", 2, start_ns));
  EXPECT_FALSE(budget.take("connect", 1, start_ns));
}

TEST(rate_budget, counts_a_limit_that_is_added_twice_once) {
  rate_budget budget({{"connect", 5, second_ns, 0}});
  EXPECT_TRUE(budget.take("connect", 2, start_ns));
  budget.add({"connect", 5, second_ns, 0});
  // A second bucket would be full.
  EXPECT_TRUE(budget.take("connect", 1, start_ns));
  EXPECT_FALSE(budget.take("connect", 1, start_ns));
}

TEST(rate_budget, refuses_to_add_a_limit_that_does_not_pass_its_check) {
  rate_budget budget({});
  EXPECT_THROW(budget.add({"connect", 0, second_ns, 0}), std::invalid_argument);
}

TEST(rate_budget, tells_the_most_that_may_be_spent_at_once) {
  const rate_budget budget({{"rest", 10, second_ns, 0}, {"rest", 100, 60 * second_ns, 3}});
  EXPECT_EQ(budget.most("rest"), 3);
  EXPECT_EQ(budget.most("connect"), rate_budget::never_ns);
}

}  // namespace
}  // namespace feedtree::transport
