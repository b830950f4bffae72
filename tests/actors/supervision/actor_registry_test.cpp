#include "actors/supervision/actor_registry.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace feedtree::actors {
namespace {

class registered : public testing::Test {
 protected:
  std::vector<std::string> paths() {
    std::vector<std::string> result;
    for (const auto& info : registry.all()) result.push_back(info.path);
    return result;
  }
  actor_info of(const std::string& path) { return registry.find(path).value(); }

  std::int64_t now_ns = 1'000;
  actor_registry registry{[this] { return now_ns; }};
};

TEST_F(registered, actors_stand_before_those_below_them_and_stay_together) {
  for (const auto* path : {"root/venues/kraken-futures", "root/venues/kraken/validator", "root",
                           "root/venues/kraken", "root/venues", "root/sinks/nats", "root/sinks"}) {
    registry.add(path, "actor", {});
  }
  EXPECT_EQ(paths(),
            (std::vector<std::string>{"root", "root/sinks", "root/sinks/nats", "root/venues",
                                      "root/venues/kraken", "root/venues/kraken/validator",
                                      "root/venues/kraken-futures"}));
}

TEST_F(registered, actor_tells_its_state_and_since_when) {
  registry.add("root/a", "book", {});
  EXPECT_EQ(of("root/a").state, actor_standing::stopped);
  now_ns = 2'000;
  registry.started("root/a");
  now_ns = 3'000;
  registry.set_state("root/a", actor_standing::running);  // nothing new
  EXPECT_EQ(of("root/a").state, actor_standing::running);
  EXPECT_EQ(of("root/a").since_ns, 2'000);
  EXPECT_EQ(of("root/a").kind, "book");
  registry.set_state("root/a", actor_standing::stopping);
  EXPECT_EQ(of("root/a").since_ns, 3'000);
}

TEST_F(registered, restarts_are_the_starts_after_the_first) {
  registry.add("root/a", "book", {});
  registry.started("root/a");
  EXPECT_EQ(of("root/a").restarts, 0u);
  registry.started("root/a");
  registry.started("root/a");
  EXPECT_EQ(of("root/a").restarts, 2u);
}

TEST_F(registered, last_error_stays_when_the_actor_runs_again) {
  registry.add("root/a", "book", {});
  registry.started("root/a");
  now_ns = 5'000;
  registry.failed("root/a", "broken", actor_standing::restarting);
  EXPECT_EQ(of("root/a").state, actor_standing::restarting);
  now_ns = 6'000;
  registry.started("root/a");
  EXPECT_EQ(of("root/a").last_error, "broken");
  EXPECT_EQ(of("root/a").last_error_ns, 5'000);
  EXPECT_EQ(of("root/a").since_ns, 6'000);
}

TEST_F(registered, actor_tells_its_failures_of_the_last_five_minutes) {
  constexpr std::int64_t minute_ns = 60'000'000'000;
  registry.add("root/a", "book", {});
  EXPECT_EQ(of("root/a").failing_since_ns, 0);
  for (const auto minute : {1, 4, 5}) {
    now_ns = minute * minute_ns;
    registry.failed("root/a", "broken", actor_standing::restarting);
  }
  EXPECT_EQ(of("root/a").failures_lately, 3u);
  EXPECT_EQ(of("root/a").failing_since_ns, minute_ns);
  now_ns = 6 * minute_ns;
  EXPECT_EQ(of("root/a").failures_lately, 2u);
  EXPECT_EQ(of("root/a").failing_since_ns, 4 * minute_ns);
  for (int count = 0; count < 100; ++count) {
    registry.failed("root/a", "broken", actor_standing::restarting);
  }
  EXPECT_EQ(of("root/a").failures_lately, 16u);
}

TEST_F(registered, actor_tells_whether_it_can_be_paused) {
  registry.add("root/a", "venue", [] {});
  registry.add("root/b", "venue", {});  // nobody would do it
  registry.add("root/c", "book", [] {});
  EXPECT_TRUE(of("root/a").pausable);
  EXPECT_FALSE(of("root/b").pausable);
  EXPECT_FALSE(of("root/c").pausable);
}

TEST_F(registered, actor_that_is_added_again_keeps_what_it_counted) {
  registry.add("root/a", "book", {});
  registry.started("root/a");
  registry.gauge("root/a")->messages_handled = 7;
  registry.add("root/a", "book", {});
  registry.started("root/a");
  EXPECT_EQ(of("root/a").restarts, 1u);
  EXPECT_EQ(of("root/a").messages_handled, 7u);
}

TEST_F(registered, gauge_that_is_there_before_its_actor_shows_nothing) {
  const auto gauge = registry.gauge("root/a");
  EXPECT_TRUE(paths().empty());
  EXPECT_FALSE(registry.find("root/a").has_value());
  registry.add("root/a", "book", {});
  gauge->mailbox_depth = 3;
  EXPECT_EQ(of("root/a").mailbox_depth, 3u);
}

TEST_F(registered, removed_actor_goes_with_all_below_it_and_with_no_other) {
  for (const auto* path : {"root/a", "root/a/b", "root/a/b/c", "root/a-b", "root/ab"}) {
    registry.add(path, "actor", {});
  }
  registry.remove("root/a");
  EXPECT_EQ(paths(), (std::vector<std::string>{"root/a-b", "root/ab"}));
}

TEST_F(registered, restart_asks_the_one_who_can_and_says_if_nobody_can) {
  int asked = 0;
  registry.add("root", "supervisor", {});
  registry.add("root/a", "book", [&] { ++asked; });
  EXPECT_TRUE(registry.restart("root/a"));
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE(registry.restart("root"));
  EXPECT_FALSE(registry.restart("root/none"));
  EXPECT_TRUE(of("root/a").restartable);
  EXPECT_FALSE(of("root").restartable);
}

TEST_F(registered, restart_may_look_into_the_registry) {
  registry.add("root/a", "book", [&] { registry.started("root/a"); });
  EXPECT_TRUE(registry.restart("root/a"));
  EXPECT_EQ(of("root/a").state, actor_standing::running);
}

TEST_F(registered, actors_are_read_while_others_write) {
  registry.add("root", "supervisor", {});
  std::atomic<bool> go_on = true;
  std::jthread writer([&] {
    for (int round = 0; round < 2'000; ++round) {
      registry.add("root/a", "book", {});
      registry.started("root/a");
      registry.remove("root/a");
    }
    go_on = false;
  });
  while (go_on) {
    const auto all = registry.all();
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.front().path, "root");
    EXPECT_LE(all.size(), 2u);
  }
}

}  // namespace
}  // namespace feedtree::actors
