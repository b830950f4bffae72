#include "actors/venue/shared_budget.hpp"

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

TEST(shared_budget, leaves_half_to_others_where_something_is_not_urgent) {
  shared_budget budget({{"rest", 100, 10 * s, 40}});
  EXPECT_EQ(budget.spare_rest_or_when(20, 100 * s), 0);
  const auto when = budget.spare_rest_or_when(10, 100 * s);
  EXPECT_GT(when, 100 * s);
  EXPECT_EQ(budget.take_or_when(budget_rest, 20, 100 * s), 0) << "what is urgent goes before it";
  EXPECT_GT(budget.spare_rest_or_when(10, when), when);
  EXPECT_EQ(budget.spare_rest_or_when(10, 200 * s), 0);
}

TEST(shared_budget, gives_the_whole_to_a_request_that_costs_it) {
  shared_budget budget({{"rest", 2, s, 1}});
  EXPECT_EQ(budget.spare_rest_or_when(5, 100 * s), 0);
  EXPECT_NE(budget.spare_rest_or_when(5, 100 * s), 0);
  shared_budget unlimited({{"connect", 1, s, 1}});
  for (int at = 0; at < 100; ++at) EXPECT_EQ(unlimited.spare_rest_or_when(5, 100 * s), 0);
}

TEST(shared_budget, waits_out_a_penalty_of_the_venue) {
  shared_budget budget({{"rest", 100, s, 100}});
  budget.penalise(budget_rest, 50 * s);
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

TEST(shared_budget, takes_what_costs_more_than_a_limit_allows_at_once_as_all_of_it) {
  shared_budget budget({{"rest", 4, s, 4}});
  EXPECT_EQ(budget.take_or_when(budget_rest, 250, 1 * s), 0);
  EXPECT_GT(budget.take_or_when(budget_rest, 1, 1 * s), 1 * s);
}

TEST(shared_budget, has_buckets_of_its_own_for_subscribes) {
  auto limits = limits_of({300, 300 * s}, {6'000, 60 * s});
  limits.subscribes = {8, s};
  const auto stated = venue_rate_limits(limits);
  ASSERT_EQ(stated.size(), 3u);
  EXPECT_EQ(stated[1].kind, budget_subscribe);
  EXPECT_EQ(stated[1].limit, 8);
}

// A venue of which only its name and its limits are asked.
class limited_venue : public venues::venue {
 public:
  limited_venue(std::string name, venues::venue_limits limits)
      : name_(std::move(name)), limits_(limits) {}
  std::string_view name() const override { return name_; }
  venues::venue_limits limits() const override { return limits_; }
  std::vector<event_kind> kinds() const override { return {}; }
  std::vector<venues::rest_request> symbol_requests(const venues::venue_addresses&) const override {
    return {};
  }
  std::vector<venues::connection_plan> plan(std::span<const venues::stream>,
                                            const venues::venue_addresses&) const override {
    return {};
  }
  std::unique_ptr<venues::session> make_session(venues::venue_symbols&, std::string_view,
                                                const venues::venue_addresses&) const override {
    return nullptr;
  }
  guard_ptr make_guard(const venues::stream&) const override { return make_unchecked_guard(); }
  keeper_options book_options(const venues::stream&) const override { return {}; }

 private:
  std::string name_;
  venues::venue_limits limits_;
};

class budgeted : public testing::Test {
 protected:
  std::shared_ptr<shared_budget> of(const limited_venue& venue, const std::string& stream,
                                    const std::string& rest) {
    return budgets.of(venue, "wss://" + stream + "/ws", "https://" + rest + "/api");
  }
  static bool takes(shared_budget& from, std::string_view kind) {
    return from.take_or_when(kind, 1, 1 * s) == 0;
  }

  limited_venue one{"one", limits_of({2, 100 * s}, {4, 100 * s})};
  limited_venue other{"other", limits_of({2, 100 * s}, {4, 100 * s})};
  std::vector<std::string> told;
  venue_budgets budgets{{2, 10'000, 30'000},
                        [] { return 0U; },
                        [this](const std::string& venue, const breaker_view& view) {
                          told.push_back(venue + " " + std::string(to_string(view.state)));
                        }};
};

TEST_F(budgeted, actors_of_one_address_share_its_budget) {
  const auto first = of(one, "stream.one:443", "api.one");
  const auto second = of(one, "stream.one", "api.one:443");
  EXPECT_TRUE(takes(*first, budget_connect));
  EXPECT_FALSE(takes(*second, budget_connect));
}

TEST_F(budgeted, venues_that_share_an_address_share_its_budget) {
  const auto first = of(one, "proxy:9443", "proxy:9443");
  const auto second = of(other, "proxy:9443", "proxy:9443");
  EXPECT_TRUE(takes(*first, budget_connect));
  EXPECT_FALSE(takes(*second, budget_connect));
  EXPECT_TRUE(takes(*second, budget_rest));
  EXPECT_TRUE(takes(*first, budget_rest));
  EXPECT_FALSE(takes(*second, budget_rest));
}

TEST_F(budgeted, stricter_limits_of_a_venue_hold_for_all_at_its_address) {
  const auto first = of(limited_venue("wide", limits_of({100, s}, {})), "proxy", "proxy");
  for (int time = 0; time < 10; ++time) EXPECT_TRUE(takes(*first, budget_connect));
  of(one, "proxy", "proxy");
  EXPECT_TRUE(takes(*first, budget_connect));
  EXPECT_FALSE(takes(*first, budget_connect));
}

TEST_F(budgeted, other_addresses_and_venues_are_left_alone) {
  const auto first = of(one, "stream.one", "api.one");
  const auto second = of(other, "stream.other", "api.other");
  EXPECT_TRUE(takes(*first, budget_connect));
  EXPECT_TRUE(takes(*second, budget_connect));
  first->penalise(budget_rest, 500 * s);
  EXPECT_TRUE(takes(*second, budget_rest));
}

TEST_F(budgeted, penalty_holds_for_all_at_the_address_that_gave_it) {
  const auto first = of(one, "stream.one", "api.one");
  const auto second = of(one, "stream.one", "api.one");
  first->penalise(budget_rest, 500 * s);
  EXPECT_EQ(second->take_or_when(budget_rest, 1, 1 * s), 500 * s);
  EXPECT_TRUE(takes(*second, budget_connect));
}

TEST_F(budgeted, actors_of_a_venue_share_its_breaker_and_others_do_not_notice) {
  const auto first = of(one, "stream.one", "api.one");
  const auto second = of(one, "second.one", "api.one");
  const auto third = of(other, "stream.one", "api.one");
  first->failed(1 * s);
  second->failed(1 * s);
  EXPECT_EQ(told, std::vector<std::string>{"one open"});
  EXPECT_EQ(second->take_or_when(budget_connect, 1, 2 * s), 11 * s);
  EXPECT_EQ(first->try_rest_or_when(1, 2 * s), 11 * s);
  EXPECT_EQ(first->poll_rest_or_when(1, 2 * s), 11 * s);
  EXPECT_EQ(third->poll_rest_or_when(1, 2 * s), 0);
}

// The trial must be able to subscribe, and a connection that is open to keep itself alive.
TEST_F(budgeted, connection_that_is_open_does_not_ask_the_breaker) {
  const auto budget = of(one, "stream.one", "api.one");
  for (int time = 0; time < 2; ++time) budget->failed(1 * s);
  EXPECT_EQ(budget->take_or_when(budget_subscribe, 1, 2 * s), 0);
  EXPECT_EQ(budget->take_or_when(budget_rest, 1, 2 * s), 0);
  EXPECT_EQ(budget->take_or_when(budget_connect, 1, 11 * s), 0);
  EXPECT_EQ(budget->take_or_when(budget_subscribe, 1, 11 * s), 0);
}

TEST_F(budgeted, only_one_connect_is_given_while_the_breaker_is_half_open) {
  const auto budget = of(limited_venue("free", limits_of({}, {})), "stream.free", "api.free");
  for (int time = 0; time < 2; ++time) budget->failed(1 * s);
  EXPECT_EQ(budget->take_or_when(budget_connect, 1, 11 * s), 0);
  EXPECT_EQ(budget->take_or_when(budget_connect, 1, 11 * s), 12 * s);
  budget->succeeded(12 * s);
  EXPECT_EQ(budget->take_or_when(budget_connect, 1, 12 * s), 0);
  EXPECT_EQ(told.back(), "free closed");
}

TEST_F(budgeted, connects_that_the_breaker_refuses_cost_nothing) {
  const auto budget = of(one, "stream.one", "api.one");
  for (int time = 0; time < 2; ++time) budget->failed(1 * s);
  for (int time = 0; time < 50; ++time) budget->take_or_when(budget_connect, 1, 2 * s);
  EXPECT_EQ(budget->take_or_when(budget_connect, 1, 11 * s), 0);
}

TEST_F(budgeted, venues_of_a_pool_share_its_rest_wherever_they_are) {
  auto limits = limits_of({2, 100 * s}, {4, 100 * s});
  limits.rest_pool = "both";
  const limited_venue left("left", limits);
  const limited_venue right("right", limits);
  const auto first = of(left, "stream.left", "api.left");
  const auto second = of(right, "stream.right", "api.right");
  const auto restarted = of(left, "stream.left", "api.left");
  const auto stranger = of(one, "stream.one", "api.left");
  EXPECT_TRUE(takes(*first, budget_rest));
  EXPECT_TRUE(takes(*second, budget_rest));
  for (const auto& each : {first, second, restarted}) EXPECT_FALSE(takes(*each, budget_rest));
  EXPECT_TRUE(takes(*stranger, budget_rest));
  EXPECT_TRUE(takes(*first, budget_connect));
  EXPECT_TRUE(takes(*second, budget_connect)) << "connects are of each address";
  first->penalise(budget_rest, 500 * s);
  EXPECT_EQ(second->take_or_when(budget_rest, 1, 200 * s), 500 * s);
  EXPECT_EQ(second->take_or_when(budget_connect, 1, 200 * s), 0);
}

// What a connection, a poller and a backfill of either draw on.
TEST_F(budgeted, both_binance_futures_have_one_request_weight) {
  const auto& usdm = *venues::find_venue("binance-usdm");
  const auto& coinm = *venues::find_venue("binance-coinm");
  const auto connection = budgets.of(usdm, "wss://fstream.binance.com/public/stream",
                                     "https://fapi.binance.com/fapi/v1/exchangeInfo");
  const auto poller = budgets.of(coinm, "https://dapi.binance.com/dapi/v1/exchangeInfo",
                                 "https://dapi.binance.com/dapi/v1/exchangeInfo");
  ASSERT_EQ(usdm.limits().rest.count, 2400U);
  EXPECT_EQ(connection->take_or_when(budget_rest, 1100, 1 * s), 0);
  EXPECT_EQ(poller->poll_rest_or_when(100, 1 * s), 0);
  EXPECT_GT(connection->take_or_when(budget_rest, 1, 1 * s), 1 * s) << "half of it at once";
  EXPECT_GT(poller->poll_rest_or_when(1, 1 * s), 1 * s);
  const auto spot = budgets.of(*venues::find_venue("binance"), "wss://stream.binance.com:9443",
                               "https://api.binance.com/api/v3/exchangeInfo");
  EXPECT_EQ(spot->take_or_when(budget_rest, 1, 1 * s), 0);
  address_budgets of_backfill;
  const auto past = of_backfill.rest_of("https://fapi.binance.com", usdm.limits());
  EXPECT_EQ(past, of_backfill.rest_of("https://dapi.binance.com", coinm.limits()));
  EXPECT_NE(past, of_backfill.rest_of("https://api.binance.com",
                                      venues::find_venue("binance")->limits()));
}

TEST_F(budgeted, url_that_is_none_has_a_budget_of_its_own) {
  const auto first = budgets.of(one, "", "");
  const auto second = budgets.of(one, "", "");
  EXPECT_TRUE(takes(*first, budget_connect));
  EXPECT_TRUE(takes(*second, budget_connect));
}

}  // namespace
}  // namespace feedtree::actors
