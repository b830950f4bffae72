// Fifty connections are lost at once: how their reconnects are spread. The classes that the
// connection actors use, in simulated time.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <queue>
#include <random>

#include "actors/venue/shared_budget.hpp"

namespace feedtree::actors {
namespace {

constexpr std::int64_t s = 1'000'000'000;
constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t start_ns = 1'618'678'200 * s;
constexpr int connections = 50;

random_source seeded(std::uint32_t seed) {
  return [engine = std::mt19937(seed)]() mutable { return static_cast<std::uint32_t>(engine()); };
}

// What a venue does with connects: refuses until a time, or for good those beyond its limit.
class mass_reconnect {
 public:
  mass_reconnect(venues::rate_limit limit, std::int64_t down_until_ns, std::uint32_t seed)
      : limit_(limit), down_until_ns_(down_until_ns), random_(seeded(seed)) {
    std::vector<transport::rate_limit> limits;
    if (limit.count != 0)
      limits.push_back({std::string(budget_connect), limit.count, limit.per_ns, 0});
    auto address = std::make_shared<address_budget>(std::move(limits));
    auto breaker = std::make_shared<shared_breaker>(
        breaker_options{}, random_,
        [this](const breaker_view& view) { changes_.push_back(view.state); });
    budget_ = std::make_unique<shared_budget>(address, address, breaker);
    for (int number = 0; number < connections; ++number) {
      delays_.emplace_back(backoff_options{250, 30'000}, random_);
      at(start_ns + delays_.back().next_ms() * ms, number);
    }
  }

  // Runs until all are connected; false if they are not within an hour.
  bool run() {
    while (!due_.empty() && due_.top().first < start_ns + 3'600 * s) {
      const auto [now, number] = due_.top();
      due_.pop();
      step(now, number);
    }
    return open_ == connections;
  }

  const std::vector<std::int64_t>& attempts() const { return attempts_; }
  const std::vector<breaker_state>& changes() const { return changes_; }
  // The most attempts in any window of the limit's length.
  std::size_t most_in_a_window() const {
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < attempts_.size(); ++last) {
      while (attempts_[last] - attempts_[first] >= limit_.per_ns) ++first;
      most = std::max(most, last - first + 1);
    }
    return most;
  }
  std::size_t most_in_a_second() const {
    std::size_t most = 0;
    for (const auto& [second, count] : histogram()) most = std::max(most, count);
    return most;
  }
  std::map<std::int64_t, std::size_t> histogram() const {
    std::map<std::int64_t, std::size_t> result;
    for (const auto when : attempts_) ++result[(when - start_ns) / s];
    return result;
  }
  void print(const char* title) const {
    std::printf("%s: connects a second\n", title);
    for (const auto& [second, count] : histogram()) {
      std::printf("%5lld s %3zu %s\n", static_cast<long long>(second), count,
                  std::string(count, '#').c_str());
    }
  }

 private:
  void at(std::int64_t when, int number) { due_.push({when, number}); }
  void step(std::int64_t now, int number) {
    const auto when = budget_->take_or_when(budget_connect, 1, now);
    if (when != 0) {
      at(when, number);
      return;
    }
    attempts_.push_back(now);
    if (now < down_until_ns_) {
      budget_->failed(now);
      at(now + delays_[static_cast<std::size_t>(number)].next_ms() * ms, number);
    } else {
      budget_->succeeded(now);
      ++open_;
    }
  }

  using turn = std::pair<std::int64_t, int>;
  venues::rate_limit limit_;
  std::int64_t down_until_ns_;
  random_source random_;
  std::vector<breaker_state> changes_;
  std::unique_ptr<shared_budget> budget_;
  std::vector<backoff> delays_;
  std::priority_queue<turn, std::vector<turn>, std::greater<>> due_;
  std::vector<std::int64_t> attempts_;
  int open_ = 0;
};

const std::map<std::string, venues::rate_limit>& limits_of_venues() {
  static const std::map<std::string, venues::rate_limit> limits{
      {"okx: 3 a second", {3, s}},
      {"coinbase: 1 a second", {1, s}},
      {"kraken: 150 in ten minutes", {150, 600 * s}},
      {"binance: 300 in five minutes", {300, 300 * s}},
  };
  return limits;
}

TEST(mass_reconnect, never_passes_the_limit_of_the_venue_and_ends) {
  for (const auto& [title, limit] : limits_of_venues()) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
      mass_reconnect run(limit, 0, seed);
      EXPECT_TRUE(run.run()) << title;
      EXPECT_EQ(run.attempts().size(), 50u) << title;
      EXPECT_LE(run.most_in_a_window(), limit.count) << title;
      if (seed == 1) run.print(title.c_str());
    }
  }
}

TEST(mass_reconnect, never_passes_the_limit_while_the_venue_is_down_either) {
  for (const auto& [title, limit] : limits_of_venues()) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
      mass_reconnect run(limit, start_ns + 60 * s, seed);
      EXPECT_TRUE(run.run()) << title;
      EXPECT_LE(run.most_in_a_window(), limit.count) << title;
    }
  }
}

TEST(mass_reconnect, leaves_a_venue_that_is_down_alone_and_spreads_when_it_is_back) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    mass_reconnect run({}, start_ns + 60 * s, seed);
    ASSERT_TRUE(run.run());
    // Ten failures open the breaker; then one trial each 15 s, and what was under way.
    const auto down = std::count_if(run.attempts().begin(), run.attempts().end(),
                                    [](auto when) { return when < start_ns + 60 * s; });
    EXPECT_LE(down, 20) << seed;
    EXPECT_EQ(run.changes().front(), breaker_state::open);
    EXPECT_EQ(run.changes().back(), breaker_state::closed);
    // Without any limit of the venue, the jitter alone spreads those that come back.
    const auto all = run.histogram();
    const auto back =
        std::count_if(all.begin(), all.end(), [](const auto& each) { return each.first >= 60; });
    EXPECT_GE(back, 3) << seed;
    if (seed == 1) run.print("no limit, the venue is down for a minute");
  }
}

}  // namespace
}  // namespace feedtree::actors
