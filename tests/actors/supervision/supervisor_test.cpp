#include "tests/actors/supervision/supervised.hpp"

namespace feedtree::actors {
namespace {

using tests::on_stop;
using tests::supervised;
using names = std::vector<std::string>;

TEST_F(supervised, children_start_in_order_and_stop_in_reverse) {
  start({"a", "b", "c"});
  stop();
  EXPECT_EQ(take_log(), (names{"stop c", "stop b", "stop a"}));
  ASSERT_TRUE(over->came());
  EXPECT_FALSE(over->reason());
}

TEST_F(supervised, child_is_restarted_alone_after_its_delay) {
  options.strategy = restart_strategy::one_for_one;
  start({"a", "b", "c"});
  fail("b");
  system.advance(98);
  EXPECT_EQ(take_log(), names{});
  system.advance(1);
  EXPECT_EQ(take_log(), started({"b"}));
}

TEST_F(supervised, children_are_all_restarted_in_order_with_one_for_all) {
  options.strategy = restart_strategy::one_for_all;
  start({"a", "b", "c"});
  fail("b");
  EXPECT_EQ(take_log(), (names{"stop c", "stop a"}));
  system.advance(99);
  EXPECT_EQ(take_log(), started({"a", "b", "c"}));
}

TEST_F(supervised, children_behind_the_failed_one_are_restarted_with_rest_for_one) {
  options.strategy = restart_strategy::rest_for_one;
  start({"a", "b", "c", "d"});
  fail("b");
  EXPECT_EQ(take_log(), (names{"stop d", "stop c"}));
  system.advance(99);
  EXPECT_EQ(take_log(), started({"b", "c", "d"}));
}

TEST_F(supervised, children_that_fail_while_others_wait_widen_what_is_restarted) {
  options.strategy = restart_strategy::rest_for_one;
  start({"a", "b", "c"});
  fail("c");
  fail("a");
  EXPECT_EQ(take_log(), names{"stop b"});
  system.advance(198);  // c could be started, but it comes behind a
  EXPECT_EQ(take_log(), names{});
  system.advance(1);
  EXPECT_EQ(take_log(), started({"a", "b", "c"}));
}

TEST_F(supervised, restarts_wait_until_all_that_must_go_have_gone) {
  options.strategy = restart_strategy::one_for_all;
  stops["b"] = on_stop::ignores;
  start({"a", "b"});
  fail("a");
  system.advance(999);
  EXPECT_EQ(take_log(), names{"stop b"});
  system.advance(20);
  EXPECT_EQ(take_log(), started({"a", "b"}));
}

TEST_F(supervised, delays_double_while_failures_go_on) {
  start({"a"});
  for (const std::int64_t delay_ms : {99, 199, 399}) {
    fail("a");
    system.advance(delay_ms - 1);
    EXPECT_EQ(take_log(), names{});
    system.advance(1);
    EXPECT_EQ(take_log(), started({"a"}));
  }
}

TEST_F(supervised, children_that_fail_one_by_one_wait_each_for_its_own_delay) {
  options.strategy = restart_strategy::one_for_one;
  start({"a", "b"});
  fail("a");
  system.advance(50);
  fail("b");
  system.advance(49);
  EXPECT_EQ(take_log(), started({"a"}));
  system.advance(199 - 49 - 1);
  EXPECT_EQ(take_log(), names{});
  system.advance(1);
  EXPECT_EQ(take_log(), started({"b"}));
}

TEST_F(supervised, child_whose_delay_is_drawn_as_zero_is_restarted_at_once) {
  options.random = [] { return 0U; };
  start({"a"});
  fail("a");
  system.advance(1);
  EXPECT_EQ(take_log(), started({"a"}));
}

TEST_F(supervised, delays_end_at_their_cap) {
  options.restart = {100, 60'000'000, {400, 1'000}};
  start({"a"});
  for (const std::int64_t delay_ms : {399, 799, 999, 999}) {
    fail("a");
    system.advance(delay_ms - 1);
    EXPECT_EQ(take_log(), names{});
    system.advance(1);
    EXPECT_EQ(take_log(), started({"a"}));
  }
}

TEST_F(supervised, failures_that_are_too_many_end_the_supervisor_with_the_reason) {
  start({"a", "b"});
  for (int failure = 0; failure < 3; ++failure) {
    fail("b");
    system.advance(1'000);
  }
  take_log();
  EXPECT_FALSE(over->came());
  fail("b");
  EXPECT_EQ(take_log(), names{"stop a"});
  EXPECT_EQ(over->text(), "top/b failed too often, last: broken");
  EXPECT_FALSE(is_fatal(over->reason()));
}

TEST_F(supervised, failures_that_are_far_apart_never_end_the_supervisor) {
  start({"a"});
  for (int failure = 0; failure < 10; ++failure) {
    fail("a");
    system.advance(30'000);
  }
  EXPECT_FALSE(over->came());
  EXPECT_EQ(take_log().size(), 10u);
}

TEST_F(supervised, child_that_fails_for_good_is_not_restarted) {
  start({"a", "b", "c"});
  fail("b", fatal_error("bad certificate"));
  EXPECT_EQ(take_log(), (names{"stop c", "stop a"}));
  EXPECT_EQ(over->text(), "bad certificate");
  EXPECT_TRUE(is_fatal(over->reason()));
  system.advance(1'000);
  EXPECT_EQ(take_log(), names{});
}

TEST_F(supervised, children_go_on_without_one_that_failed_for_good_where_that_is_allowed) {
  options.survives_fatal_children = true;
  start({"a", "b"});
  fail("a", fatal_error("no such venue"));
  system.advance(1'000);
  EXPECT_EQ(take_log(), names{});
  EXPECT_FALSE(over->came());
  fail("b", fatal_error("no such venue either"));
  EXPECT_EQ(over->text(), "no such venue either");
}

TEST_F(supervised, child_that_waits_for_its_restart_counts_as_left) {
  options.survives_fatal_children = true;
  start({"a", "b"});
  fail("a");
  fail("b", fatal_error("no such venue"));
  EXPECT_FALSE(over->came());
  system.advance(99);
  EXPECT_EQ(take_log(), started({"a"}));
}

TEST_F(supervised, child_that_ignores_its_stop_is_killed_after_its_grace_period) {
  stops["b"] = on_stop::ignores;
  start({"a", "b"});
  stop();
  system.advance(999);
  EXPECT_EQ(take_log(), names{"stop b"});
  EXPECT_FALSE(over->came());
  system.advance(1);
  EXPECT_EQ(take_log(), names{"stop a"});
  EXPECT_TRUE(over->came());
}

TEST_F(supervised, grace_timer_of_an_earlier_run_kills_nobody) {
  options.strategy = restart_strategy::one_for_all;
  start({"a", "b"});
  fail("a");
  system.advance(500);
  stops["b"] = on_stop::ignores;
  take_log();
  stop();
  system.advance(900);  // the first timer is over, the second is not
  EXPECT_EQ(take_log(), names{"stop b"});
  system.advance(100);
  EXPECT_EQ(take_log(), names{"stop a"});
}

TEST_F(supervised, child_that_fails_while_it_stops_gives_the_reason) {
  stops["b"] = on_stop::fails;
  start({"a", "b"});
  stop();
  EXPECT_EQ(take_log(), (names{"stop b", "stop a"}));
  EXPECT_EQ(over->text(), "stopped badly");
}

TEST_F(supervised, child_that_fails_while_another_stops_is_not_restarted) {
  stops["b"] = on_stop::ignores;
  start({"a", "b"});
  stop();
  fail("a");
  system.advance(1'000);
  EXPECT_EQ(take_log(), names{"stop b"});
  EXPECT_TRUE(over->came());
}

TEST_F(supervised, stop_before_a_restart_starts_nothing) {
  start({"a", "b"});
  fail("a");
  stop();
  system.advance(1'000);
  EXPECT_EQ(take_log(), names{"stop b"});
  ASSERT_TRUE(over->came());
  EXPECT_FALSE(over->reason());
}

TEST_F(supervised, child_that_is_kept_trying_fails_for_ever_and_nobody_else_notices) {
  options.strategy = restart_strategy::one_for_one;
  keep_trying = {"sink"};
  start({"sink", "other"});
  for (int quick = 0; quick < 3; ++quick) {
    fail("sink");
    system.advance(1'000);
    EXPECT_EQ(take_log(), started({"sink"}));
  }
  for (int slow = 0; slow < 20; ++slow) {
    fail("sink");
    system.advance(30'000);
    EXPECT_EQ(take_log(), names{});
    system.advance(30'000);
    EXPECT_EQ(take_log(), started({"sink"}));
  }
  EXPECT_FALSE(over->came());
  fail("other");
  system.advance(99);
  EXPECT_EQ(take_log(), started({"other"}));
}

TEST_F(supervised, child_that_is_kept_trying_is_restarted_quickly_again_when_it_has_lived) {
  keep_trying = {"sink"};
  start({"sink"});
  for (int failures = 0; failures < 4; ++failures) {
    fail("sink");
    system.advance(60'000);
  }
  take_log();
  system.advance(60'000);
  fail("sink");
  system.advance(1'000);
  EXPECT_EQ(take_log(), started({"sink"}));
}

}  // namespace
}  // namespace feedtree::actors
