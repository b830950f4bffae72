#include "actors/edges/owed.hpp"

#include <gtest/gtest.h>

#include <caf/event_based_actor.hpp>

#include "tests/actors/parties.hpp"

namespace feedtree::actors {
namespace {

using texts = std::vector<std::string>;

// Settles what is owed, as an actor.
void settle(tests::test_system& system, owed_acknowledgements& owed) {
  const auto body = [](caf::event_based_actor* self, owed_acknowledgements* what) {
    what->settle(self);
  };
  system.system().spawn(body, &owed);
  system.run();
}

TEST(owed_acknowledgements, go_once_to_each_producer_with_its_last_sequence) {
  tests::test_system system;
  const auto heard_a = tests::make_heard();
  const auto heard_b = tests::make_heard();
  const auto a = tests::spawn_producer(system, heard_a);
  const auto b = tests::spawn_producer(system, heard_b);
  owed_acknowledgements owed;
  owed.add(caf::actor_cast<caf::strong_actor_ptr>(a), 1);
  owed.add(caf::actor_cast<caf::strong_actor_ptr>(b), 7);
  owed.add(caf::actor_cast<caf::strong_actor_ptr>(a), 2);
  settle(system, owed);
  EXPECT_EQ(tests::take(heard_a), texts{"ack 2"});
  EXPECT_EQ(tests::take(heard_b), texts{"ack 7"});
  settle(system, owed);
  EXPECT_EQ(tests::take(heard_a), texts{});
}

TEST(owed_acknowledgements, to_nobody_are_not_kept) {
  tests::test_system system;
  owed_acknowledgements owed;
  owed.add(nullptr, 1);
  settle(system, owed);
}

}  // namespace
}  // namespace feedtree::actors
