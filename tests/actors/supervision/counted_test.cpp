#include "actors/supervision/counted.hpp"

#include <gtest/gtest.h>

#include <caf/stateful_actor.hpp>

#include "tests/actors/test_system.hpp"

namespace feedtree::actors {
namespace {

struct counting_state {
  std::vector<std::uint64_t>* depths = nullptr;
  std::shared_ptr<actor_gauge> gauge;
};
struct counting_options {
  std::vector<std::uint64_t>* depths = nullptr;
  std::shared_ptr<actor_gauge> gauge;
};

// Notes what the gauge says while each message is handled; fails at the message 99.
producer_actor::behavior_type counting_behavior(
    producer_actor::stateful_pointer<counting_state> self, counting_options options) {
  self->state = {options.depths, options.gauge};
  fail_on_exception(self, "counting");
  return {[self](ack_atom, std::uint64_t number) {
    if (number == 99) throw std::runtime_error("ninety-nine");
    if (self->state.gauge) self->state.depths->push_back(self->state.gauge->mailbox_depth);
  }};
}

// Hands a spawned actor over to the test.
struct counted : testing::Test {
  producer_actor spawn(const std::shared_ptr<actor_gauge>& counts) {
    producer_actor result;
    const auto parent = system.system().spawn(
        [&](caf::event_based_actor* self, const std::shared_ptr<actor_gauge>& gauge) {
          result = spawn_counted(self, gauge, counting_behavior, counting_options{&depths, gauge});
          return caf::behavior{[](timer_atom) {}};
        },
        counts);
    system.know(parent);
    system.run();
    system.know(result);
    return result;
  }
  void send(const producer_actor& to, std::uint64_t number) {
    caf::anon_send(to, ack_atom::value, number);
  }

  tests::test_system system;
  std::vector<std::uint64_t> depths;
};

TEST_F(counted, actor_counts_what_it_handles_and_what_waits_behind_it) {
  const auto gauge = std::make_shared<actor_gauge>();
  const auto actor = spawn(gauge);
  for (std::uint64_t number = 0; number < 4; ++number) send(actor, number);
  system.run();
  EXPECT_EQ(gauge->messages_handled, 4u);
  EXPECT_EQ(gauge->mailbox_depth, 0u);
  EXPECT_EQ(gauge->handling.counts().total(), 4u) << "the time of each message";
  EXPECT_EQ(depths, (std::vector<std::uint64_t>{3, 2, 1, 0}));
}

TEST_F(counted, actor_fails_as_it_would_without_counting) {
  const auto gauge = std::make_shared<actor_gauge>();
  const auto actor = spawn(gauge);
  const tests::ending over(system, actor);
  send(actor, 99);
  system.run();
  EXPECT_EQ(over.text(), "ninety-nine");
  EXPECT_EQ(gauge->messages_handled, 1u);
}

TEST_F(counted, actor_without_a_gauge_works) {
  const auto actor = spawn(nullptr);
  const tests::ending over(system, actor);
  send(actor, 1);
  send(actor, 99);
  system.run();
  EXPECT_EQ(over.text(), "ninety-nine");
}

}  // namespace
}  // namespace feedtree::actors
