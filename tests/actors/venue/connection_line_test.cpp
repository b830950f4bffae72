#include "actors/venue/connection_line.hpp"

#include <gtest/gtest.h>

#include <caf/stateful_actor.hpp>

#include "tests/actors/parties.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

using texts = std::vector<std::string>;
constexpr std::int64_t second_ns = 1'000'000'000;

class no_venue final : public venues::venue {
 public:
  std::string_view name() const override { return "none"; }
  venues::venue_limits limits() const override { return {}; }
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
};

// A line whose connections are small actors that hear "retire 1" and "stop 2", and end then.
class connection_line : public testing::Test {
 protected:
  void start(std::int64_t lifetime_ns = 100 * second_ns) {
    connection_line_options options;
    options.connection.name = "none/connection-1";
    options.connection.venue = &venue;
    options.connection.counters = counters;
    options.connection.random = [] { return std::uint32_t{0}; };
    options.lifetime_ns = lifetime_ns;
    options.start = [this](connection_line_actor::pointer self, connection_options) {
      const auto number = std::to_string(connections.size() + 1);
      connections.push_back(self->spawn<caf::linked>(behavior_of, got, number));
      got->push_back("open " + number);
      return connections.back();
    };
    actor = system.spawn(connection_line_behavior, options);
    over.emplace(system, actor);
    system.run();
  }
  static connection_actor::behavior_type behavior_of(connection_actor::pointer self,
                                                     tests::heard to, std::string number) {
    return {
        [](ack_atom, std::uint64_t) {},
        [](opened_atom, std::uint64_t) {},
        [](frames_atom) {},
        [](closed_atom, std::uint64_t, const connection_end&) {},
        [](rest_atom, const rest_result&) {},
        [](resync_atom, const feed_ref&) {},
        [to, number](drop_atom, const feed_ref& feed) {
          to->push_back("drop " + feed.where->symbol + " " + number);
        },
        [](proof_atom, const feed_ref&) {},
        [](repeats_atom, const feed_ref&, bool) {},
        [](fill_atom, const missing_trades&) {},
        [self, to, number](retire_atom) {
          to->push_back("retire " + number);
          self->quit();
        },
        [](timer_atom) {},
        [self, to, number](stop_atom) {
          to->push_back("stop " + number);
          self->quit();
        },
    };
  }
  void ready(std::size_t index) {
    caf::send_as(connections.at(index), actor, ready_atom::value);
    system.run();
  }
  void announce_close(std::size_t index) {
    caf::send_as(connections.at(index), actor, retire_atom::value);
    system.run();
  }
  void fail(std::size_t index) { system.end(connections.at(index), failure_error("broken")); }
  void stop() {
    caf::anon_send(actor, stop_atom::value);
    system.run();
  }
  texts heard() { return tests::take(got); }

  no_venue venue;
  std::shared_ptr<statistics> counters = std::make_shared<statistics>(texts{});
  tests::heard got = tests::make_heard();
  std::vector<connection_actor> connections;
  tests::test_system system;
  connection_line_actor actor;
  std::optional<tests::ending> over;
};

TEST_F(connection_line, opens_a_new_connection_first_and_ends_the_old_one_then) {
  start();
  EXPECT_EQ(heard(), texts{"open 1"});
  ready(0);
  system.advance(74'000);
  EXPECT_EQ(heard(), texts{});
  system.advance(2'000);
  EXPECT_EQ(heard(), texts{"open 2"});
  system.advance(5'000);
  EXPECT_EQ(heard(), texts{}) << "it does not have everything yet";
  ready(1);
  EXPECT_EQ(heard(), texts{}) << "both run side by side for a moment";
  system.advance(2'000);
  EXPECT_EQ(heard(), texts{"retire 1"});
  EXPECT_EQ(counters->of_venue("none").connections_replaced, 1U);
  system.advance(76'000);
  EXPECT_EQ(heard(), texts{"open 3"});
  stop();
  EXPECT_EQ(heard(), (texts{"stop 2", "stop 3"}));
  EXPECT_TRUE(over->came());
  EXPECT_FALSE(over->reason());
}

TEST_F(connection_line, keeps_the_old_connection_when_the_new_one_fails_and_tries_again) {
  start();
  system.advance(76'000);
  EXPECT_EQ(heard(), (texts{"open 1", "open 2"}));
  fail(1);
  EXPECT_FALSE(over->came());
  system.advance(5'000);
  EXPECT_EQ(heard(), texts{"open 3"});
  ready(2);
  system.advance(2'000);
  EXPECT_EQ(heard(), texts{"retire 1"});
}

TEST_F(connection_line, whose_venue_announces_a_close_opens_a_new_connection_at_once) {
  start(0);
  ready(0);
  announce_close(0);
  EXPECT_EQ(heard(), (texts{"open 1", "open 2"}));
  announce_close(0);
  EXPECT_EQ(heard(), texts{}) << "one is on its way";
  ready(1);
  system.advance(2'000);
  EXPECT_EQ(heard(), texts{"retire 1"});
  EXPECT_EQ(counters->of_venue("none").connections_replaced, 1U);
  announce_close(1);
  EXPECT_EQ(heard(), texts{"open 3"});
}

TEST_F(connection_line, whose_new_connection_is_to_be_closed_too_opens_a_third_one) {
  start(0);
  announce_close(0);
  announce_close(1);
  EXPECT_EQ(heard(), (texts{"open 1", "open 2"}));
  ready(1);
  system.advance(2'000);
  EXPECT_EQ(heard(), (texts{"open 3", "retire 1"}));
}

TEST_F(connection_line, both_connections_drop_an_instrument_that_is_not_wanted) {
  start();
  system.advance(76'000);
  heard();
  listing_registry registry;
  caf::anon_send(actor, drop_atom::value, feed_ref{tests::sample_listing(registry)});
  system.run();
  EXPECT_EQ(heard(), (texts{"drop BTC-USD 1", "drop BTC-USD 2"}));
}

TEST_F(connection_line, fails_with_its_connection) {
  start();
  fail(0);
  ASSERT_TRUE(over->came());
  EXPECT_EQ(failure_text(over->reason()), "broken");
}

TEST_F(connection_line, without_a_lifetime_a_connection_is_kept) {
  start(0);
  system.advance(300'000);
  EXPECT_EQ(heard(), texts{"open 1"});
  stop();
  EXPECT_EQ(heard(), texts{"stop 1"});
  EXPECT_TRUE(over->came());
}

TEST(replacement_age, lies_in_the_last_quarter_of_the_lifetime) {
  for (const auto random : {0U, 1U, 1U << 31U, ~0U}) {
    for (const std::int64_t lifetime_ns :
         {4 * second_ns, 86'400 * second_ns, 604'800 * second_ns}) {
      const auto age = replacement_age_ns(lifetime_ns, random);
      EXPECT_GE(age, lifetime_ns / 4 * 3);
      EXPECT_LE(age, lifetime_ns / 20 * 19);
    }
  }
  EXPECT_LT(replacement_age_ns(86'400 * second_ns, 0), replacement_age_ns(86'400 * second_ns, ~0U));
}

}  // namespace
}  // namespace feedtree::actors
