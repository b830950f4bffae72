#include "actors/sink/sink_plans.hpp"

#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

sink_policy policy_of(const char* kind, const char* policy) {
  return plans_of({{kind, "target", {}, policy}})[0].policy;
}

TEST(sink_plans, take_the_policy_that_was_asked_for) {
  EXPECT_EQ(policy_of("nats", "conflate"), sink_policy::conflate);
  EXPECT_EQ(policy_of("nats", "block"), sink_policy::block);
  EXPECT_EQ(policy_of("none", "spool"), sink_policy::spool);
}

TEST(sink_plans, spool_but_for_sinks_that_keep_nothing) {
  EXPECT_EQ(policy_of("sqlite", ""), sink_policy::spool);
  EXPECT_EQ(policy_of("none", ""), sink_policy::block);
}

TEST(sink_plans, name_a_place_in_the_journal_by_kind_and_target_without_credentials) {
  const auto plans = plans_of({{"nats", "tls://me:secret@host", {}, ""},
                               {"nats", "tls://you:other@host", {}, ""},
                               {"nats", "tls://host2", {}, ""}});
  EXPECT_EQ(plans[0].cursor, plans[1].cursor);
  EXPECT_NE(plans[0].cursor, plans[2].cursor);
}

}  // namespace
}  // namespace feedtree::actors
