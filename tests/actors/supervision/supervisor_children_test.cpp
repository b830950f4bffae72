// Children that come and go while a supervisor runs, and those that an operator restarts.
#include "tests/actors/supervision/supervised.hpp"

namespace feedtree::actors {
namespace {

using tests::on_stop;
using tests::supervised;
using names = std::vector<std::string>;

class tended : public supervised {
 protected:
  void SetUp() override {
    supervised::SetUp();
    registry = std::make_shared<actor_registry>([this] { return system.now_ms() * 1'000'000; });
    options.path = "root/top";
    options.registry = registry;
  }
  actor_info of(const std::string& name) { return registry->find("root/top/" + name).value(); }
  void restart(const std::string& name) {
    EXPECT_TRUE(registry->restart("root/top/" + name));
    system.run();
  }

  std::shared_ptr<actor_registry> registry;
};

TEST_F(tended, child_is_added_without_touching_the_others) {
  options.strategy = restart_strategy::rest_for_one;
  start({"a", "b"});
  add("c");
  EXPECT_EQ(take_log(), started({"c"}));
  stop();
  EXPECT_EQ(take_log(), (names{"stop c", "stop b", "stop a"}));
  EXPECT_TRUE(over->came());
}

TEST_F(tended, child_that_is_added_has_its_place_in_the_order) {
  options.strategy = restart_strategy::rest_for_one;
  start({"a", "c"});
  add("b", "a");
  take_log();
  fail("b");
  EXPECT_EQ(take_log(), names{"stop c"});
  system.advance(99);
  EXPECT_EQ(take_log(), started({"b", "c"}));
}

TEST_F(tended, child_is_removed_without_touching_the_others) {
  options.strategy = restart_strategy::rest_for_one;
  start({"a", "b", "c"});
  remove("a");
  system.advance(10'000);
  EXPECT_EQ(take_log(), names{"stop a"});
  stop();
  EXPECT_EQ(take_log(), (names{"stop c", "stop b"}));
}

TEST_F(tended, removed_child_that_ignores_its_stop_is_killed_after_its_grace_period) {
  stops["a"] = on_stop::ignores;
  start({"a", "b"});
  remove("a");
  system.advance(999);
  EXPECT_TRUE(registry->find("root/top/a").has_value());
  system.advance(1);
  EXPECT_FALSE(registry->find("root/top/a").has_value());
  EXPECT_FALSE(over->came());
}

TEST_F(tended, child_that_waits_for_its_restart_is_removed_and_not_started) {
  start({"a", "b"});
  fail("a");
  remove("a");
  system.advance(10'000);
  EXPECT_EQ(take_log(), names{});
  EXPECT_FALSE(registry->find("root/top/a").has_value());
}

TEST_F(tended, restart_of_one_child_does_not_wait_for_the_removal_of_another) {
  stops["a"] = on_stop::ignores;
  start({"a", "b"});
  remove("a");
  fail("b");
  take_log();
  system.advance(99);
  EXPECT_EQ(take_log(), started({"b"}));
}

TEST_F(tended, child_that_is_removed_and_added_again_starts_when_the_old_one_has_gone) {
  stops["a"] = on_stop::ignores;
  start({"a", "b"});
  remove("a");
  add("a");
  EXPECT_EQ(take_log(), names{"stop a"});
  system.advance(1'000);
  EXPECT_EQ(take_log(), started({"a"}));
  EXPECT_EQ(of("a").state, actor_standing::running);
}

class pausing : public tended {
 protected:
  void SetUp() override {
    tended::SetUp();
    kind = "connection";
    options.strategy = restart_strategy::rest_for_one;
  }
  void set_paused(const std::string& name, bool is_paused) {
    EXPECT_TRUE(registry->set_paused("root/top/" + name, is_paused));
    system.run();
  }
};

TEST_F(pausing, child_that_was_paused_before_the_start_waits_to_be_resumed) {
  registry->keep_paused("root/top/b");
  start({"a", "b"}, {"a"});
  EXPECT_EQ(of("b").state, actor_standing::paused);
  set_paused("b", false);
  EXPECT_EQ(take_log(), started({"b"}));
  // One that runs already is stopped: the database answered late.
  registry->keep_paused("root/top/a");
  system.run();
  EXPECT_EQ(take_log(), names{"stop a"});
  EXPECT_EQ(of("a").state, actor_standing::paused);
}

TEST_F(pausing, child_is_stopped_alone_and_started_alone) {
  start({"a", "b", "c"});
  set_paused("b", true);
  EXPECT_EQ(take_log(), names{"stop b"});
  EXPECT_EQ(of("b").state, actor_standing::paused);
  system.advance(100'000);
  EXPECT_EQ(take_log(), names{});
  set_paused("b", false);
  EXPECT_EQ(take_log(), started({"b"}));
  EXPECT_EQ(of("b").state, actor_standing::running);
}

TEST_F(pausing, child_stays_down_while_others_are_restarted) {
  start({"a", "b", "c"});
  set_paused("b", true);
  take_log();
  fail("a");
  EXPECT_EQ(take_log(), names{"stop c"});
  system.advance(100);
  EXPECT_EQ(take_log(), started({"a", "c"}));
  EXPECT_EQ(of("b").state, actor_standing::paused);
}

TEST_F(pausing, child_that_waits_for_its_restart_is_not_started) {
  start({"a", "b"});
  fail("b");
  set_paused("b", true);
  system.advance(10'000);
  EXPECT_EQ(take_log(), names{});
  EXPECT_EQ(of("b").state, actor_standing::paused);
  set_paused("b", false);
  EXPECT_EQ(take_log(), started({"b"}));
}

TEST_F(pausing, child_that_ignores_its_stop_is_paused_after_its_grace_period) {
  stops["a"] = on_stop::ignores;
  start({"a"});
  set_paused("a", true);
  EXPECT_EQ(of("a").state, actor_standing::stopping);
  system.advance(1'000);
  EXPECT_EQ(of("a").state, actor_standing::paused);
  EXPECT_FALSE(over->came());
}

TEST_F(pausing, child_can_be_removed_and_the_supervisor_stopped) {
  start({"a", "b"});
  set_paused("a", true);
  remove("a");
  EXPECT_FALSE(registry->find("root/top/a").has_value());
  set_paused("b", true);
  take_log();
  stop();
  EXPECT_TRUE(over->came());
  EXPECT_EQ(take_log(), names{});
}

TEST_F(pausing, only_some_kinds_can_be) {
  kind = "book";
  start({"a"});
  EXPECT_FALSE(registry->set_paused("root/top/a", true));
  EXPECT_FALSE(registry->set_paused("root/top/nobody", true));
  EXPECT_FALSE(registry->is_paused("root/top/a"));
}

TEST_F(tended, child_that_is_there_already_is_not_added) {
  start({"a"});
  add("a");
  EXPECT_EQ(take_log(), names{});
}

TEST_F(tended, child_that_was_given_up_can_be_added_again) {
  options.survives_fatal_children = true;
  start({"a", "b"});
  fail("a", fatal_error("no such venue"));
  EXPECT_EQ(of("a").state, actor_standing::failed);
  add("a");
  EXPECT_EQ(take_log(), started({"a"}));
}

TEST_F(tended, changes_do_nothing_once_the_supervisor_stops) {
  stops["b"] = on_stop::ignores;
  start({"a", "b"});
  stop();
  take_log();
  add("c");
  remove("a");
  restart("a");
  EXPECT_EQ(take_log(), names{});
  system.advance(1'000);
  EXPECT_EQ(take_log(), names{"stop a"});
  EXPECT_TRUE(over->came());
}

TEST_F(tended, restart_that_is_asked_for_takes_the_others_along_as_the_strategy_says) {
  options.strategy = restart_strategy::rest_for_one;
  start({"a", "b", "c"});
  restart("b");
  EXPECT_EQ(take_log(), (names{"stop c", "stop b", "start b", "start c"}));
  EXPECT_EQ(of("b").restarts, 1u);
  EXPECT_EQ(of("a").restarts, 0u);
}

TEST_F(tended, restart_that_is_asked_for_touches_one_child_with_one_for_one) {
  start({"a", "b"});
  restart("a");
  EXPECT_EQ(take_log(), (names{"stop a", "start a"}));
}

TEST_F(tended, restarts_that_are_asked_for_are_no_failures) {
  start({"a"});
  for (int time = 0; time < 20; ++time) restart("a");
  EXPECT_FALSE(over->came());
  EXPECT_EQ(of("a").restarts, 20u);
  EXPECT_EQ(of("a").last_error, "");
}

TEST_F(tended, child_that_waits_is_restarted_at_once_when_asked_for) {
  start({"a"});
  fail("a");
  restart("a");
  EXPECT_EQ(take_log(), started({"a"}));
  system.advance(1'000);
  EXPECT_EQ(take_log(), names{});
}

TEST_F(tended, child_that_was_given_up_is_started_when_asked_for) {
  options.survives_fatal_children = true;
  start({"a", "b"});
  fail("a", fatal_error("bad certificate"));
  restart("a");
  EXPECT_EQ(take_log(), started({"a"}));
}

TEST_F(tended, tree_shows_what_became_of_each_child) {
  start({"a", "b"});
  EXPECT_EQ(of("a").kind, "child");
  EXPECT_EQ(of("a").state, actor_standing::running);
  system.advance(10);
  fail("a");
  EXPECT_EQ(of("a").state, actor_standing::restarting);
  EXPECT_EQ(of("a").last_error, "broken");
  EXPECT_EQ(of("a").since_ns, system.now_ms() * 1'000'000);
  EXPECT_EQ(of("b").state, actor_standing::running);
  system.advance(99);
  EXPECT_EQ(of("a").state, actor_standing::running);
  EXPECT_EQ(of("a").restarts, 1u);
  stop();
  EXPECT_EQ(of("a").state, actor_standing::stopped);
}

TEST_F(tended, tree_shows_which_child_failed_too_often) {
  options.restart.intensity = 0;
  start({"a", "b"});
  fail("a");
  EXPECT_EQ(of("a").state, actor_standing::failed);
  EXPECT_EQ(of("b").state, actor_standing::stopped);
}

TEST_F(tended, children_of_one_name_have_paths_of_their_own) {
  start({"sqlite", "sqlite", "sqlite"});
  std::vector<std::string> paths;
  for (const auto& info : registry->all()) paths.push_back(info.path);
  EXPECT_EQ(paths, (names{"root/top/sqlite", "root/top/sqlite-2", "root/top/sqlite-3"}));
}

}  // namespace
}  // namespace feedtree::actors
