#include "actors/book/validator.hpp"

#include <gtest/gtest.h>

#include <caf/stateful_actor.hpp>

#include "tests/actors/parties.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

using texts = std::vector<std::string>;

// A validator with credit for two events.
class validated : public testing::Test {
 protected:
  void SetUp() override {
    table->set(distributor.handle);
    validator_options options;
    options.name = "kraken/validator";
    options.sinks = table;
    options.credit = {2, 1'000'000};
    options.counters = &counters;
    options.edges = edges;
    actor = system.spawn(validator_behavior, options);
    over.emplace(system, actor);
  }

  batch_ptr trades(const texts& keys, const std::string& price = "100") {
    auto result = std::make_shared<event_batch>();
    for (const auto& key : keys) result->events.push_back(tests::sample_trade(where, key, price));
    return result;
  }
  void send(std::uint64_t sequence, const batch_ptr& batch) {
    caf::send_as(producer, actor, batch_atom::value, sequence, batch);
    system.run();
  }
  void acknowledge(const tests::fake_distributor& from, std::uint64_t sequence) {
    caf::send_as(from.handle, actor, ack_atom::value, sequence);
    system.run();
  }
  void ask(const std::string& reply_to) {
    caf::anon_send(actor, present_atom::value, book_question{0, reply_to}, trades({"book"}));
    system.run();
  }
  void stop() {
    caf::anon_send(actor, stop_atom::value);
    system.run();
  }
  std::uint64_t counted_trades() const {
    return counters.events[static_cast<std::size_t>(event_kind::trade)];
  }
  texts got() { return tests::take(distributor.got); }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  venue_statistics counters;
  std::shared_ptr<statistics> edges = std::make_shared<statistics>(texts{});
  tests::test_system system;
  tests::heard acks = tests::make_heard();
  producer_actor producer = tests::spawn_producer(system, acks);
  tests::fake_distributor distributor{system};
  std::shared_ptr<sink_table> table = std::make_shared<sink_table>(0);
  validator_actor actor;
  std::optional<tests::ending> over;
};

TEST_F(validated, batches_go_to_the_distributor_as_they_are) {
  const auto batch = trades({"a", "b"});
  send(7, batch);
  EXPECT_EQ(got(), texts{"1:a,b"});
  EXPECT_EQ(tests::take(acks), texts{"ack 7"});
  EXPECT_EQ(counted_trades(), 2u);
  EXPECT_EQ(batch.use_count(), 2);  // here and in the outbox
}

TEST_F(validated, batches_are_acknowledged_only_when_there_was_credit_for_them) {
  send(1, trades({"a", "b"}));
  EXPECT_EQ(tests::take(acks), texts{"ack 1"});
  send(2, trades({"c"}));
  EXPECT_EQ(got(), texts{"1:a,b"});
  EXPECT_EQ(tests::take(acks), texts{});
  acknowledge(distributor, 1);
  EXPECT_EQ(got(), texts{"2:c"});
  EXPECT_EQ(tests::take(acks), texts{"ack 2"});
}

TEST_F(validated, batches_of_two_producers_are_acknowledged_to_each) {
  const auto other_acks = tests::make_heard();
  const auto other = tests::spawn_producer(system, other_acks);
  send(1, trades({"a", "b"}));
  tests::take(acks);
  send(2, trades({"c"}));
  caf::send_as(other, actor, batch_atom::value, std::uint64_t{9}, trades({"d"}));
  send(3, trades({}));
  acknowledge(distributor, 1);
  EXPECT_EQ(tests::take(acks), texts{"ack 3"});  // for both
  EXPECT_EQ(tests::take(other_acks), texts{"ack 9"});
}

TEST_F(validated, batches_that_wait_are_shown_with_their_bound) {
  send(1, trades({"a", "b"}));
  send(2, trades({"c"}));
  acknowledge(distributor, 1);
  const auto edge = edges->edges().at(0);
  EXPECT_EQ(edge.name, "kraken/validator to distributor");
  EXPECT_EQ(edge.events, 1u);
  EXPECT_EQ(edge.events_max, 2u);
}

TEST_F(validated, batches_that_a_distributor_had_not_finished_go_to_its_successor) {
  send(1, trades({"a"}));
  send(2, trades({"b"}));
  acknowledge(distributor, 1);
  const tests::fake_distributor successor(system);
  table->set(successor.handle);
  system.run();
  EXPECT_EQ(tests::take(successor.got), texts{"2:b"});
  acknowledge(distributor, 2);  // says nothing any more
  send(3, trades({"c", "d"}));
  EXPECT_EQ(tests::take(successor.got), texts{});
  acknowledge(successor, 2);
  EXPECT_EQ(tests::take(successor.got), texts{"3:c,d"});
}

TEST_F(validated, present_book_comes_behind_the_batches_before_it_and_before_those_behind) {
  ask("inbox.0");
  EXPECT_EQ(got(), texts{"present inbox.0"});
  send(1, trades({"a", "b"}));
  send(2, trades({"c"}));
  ask("inbox.1");
  send(3, trades({"d"}));
  EXPECT_EQ(got(), texts{"1:a,b"});
  acknowledge(distributor, 1);
  EXPECT_EQ(got(), (texts{"2:c", "present inbox.1", "3:d"}));
}

TEST_F(validated, keeps_no_more_answers_than_its_bound_and_counts_the_others) {
  send(1, trades({"a", "b"}));
  send(2, trades({"c"}));  // waits for credit, and the answers behind it
  got();
  for (int at = 0; at < 300; ++at) ask("inbox");
  const auto all = edges->edges();
  const auto queue = std::find_if(all.begin(), all.end(), [](const auto& edge) {
    return edge.name == "kraken/validator answers";
  });
  ASSERT_NE(queue, all.end());
  EXPECT_EQ(queue->events_dropped, 300u - 256u);
  acknowledge(distributor, 1);
  EXPECT_EQ(got().size(), 1u + 256u);
}

TEST_F(validated, stop_waits_until_the_distributor_has_finished) {
  send(1, trades({"a", "b"}));
  send(2, trades({"c"}));
  stop();
  acknowledge(distributor, 1);
  EXPECT_FALSE(over->came());
  acknowledge(distributor, 2);
  ASSERT_TRUE(over->came());
  EXPECT_FALSE(over->reason());
}

TEST_F(validated, stop_with_nothing_on_the_way_ends_at_once) {
  stop();
  EXPECT_TRUE(over->came());
}

// The same with a rule about drift, which raises an alert.
class ruled : public testing::Test {
 protected:
  void SetUp() override {
    table->set(distributor.handle);
    rules::rule_spec rule;
    rule.name = "drift";
    rule.check = rule_check::schema_drift;
    rule.alert = alert_severity::warning;
    validator_options options;
    options.name = "kraken/validator";
    options.sinks = table;
    options.credit = {100, 1'000'000};
    options.counters = &all->of_venue("kraken");
    options.recent = recent;
    options.now_ns = [this] { return now_ns; };
    options.rules = std::make_shared<const rules::rule_list>(rules::rule_list{rule});
    options.prices = std::make_shared<rules::price_board>();
    options.rule_counts = all->rules_of("kraken", *options.rules);
    actor = system.spawn(validator_behavior, options);
  }
  // What a connection noticed while it decoded.
  batch_ptr noticed(const std::string& rule) {
    auto result = std::make_shared<event_batch>();
    result->events.push_back(tests::sample_trade(where, "a"));
    result->alerts.push_back(
        {alert_severity::info, "kraken", "", rule, "a new field", "", now_ns, 0});
    return result;
  }
  void send(std::uint64_t sequence, const batch_ptr& batch) {
    caf::send_as(producer, actor, batch_atom::value, sequence, batch);
    system.run();
  }
  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  std::int64_t now_ns = 1'618'678'124'000'000'000;
  std::shared_ptr<statistics> all = std::make_shared<statistics>(texts{});
  std::shared_ptr<recent_log> recent = std::make_shared<recent_log>(10);
  tests::test_system system;
  tests::heard acks = tests::make_heard();
  producer_actor producer = tests::spawn_producer(system, acks);
  tests::fake_distributor distributor{system};
  std::shared_ptr<sink_table> table = std::make_shared<sink_table>(0);
  validator_actor actor;
};

TEST_F(ruled, a_batch_without_drift_is_not_copied) {
  const auto batch = noticed("disagreement");
  send(1, batch);
  EXPECT_EQ(batch.use_count(), 2);  // here and in the outbox
  EXPECT_EQ(tests::take(distributor.got), texts{"1:a^info disagreement"});
}

TEST_F(ruled, drift_goes_on_as_the_alert_of_its_rule_and_is_counted) {
  const auto batch = noticed("drift");
  send(1, batch);
  EXPECT_EQ(batch.use_count(), 1);
  const auto& counts = all->of_venue("kraken").rules.load()->of_rule[0];
  EXPECT_EQ(counts.broken, 1U);
  EXPECT_EQ(counts.alerted, 1U);
  EXPECT_EQ(tests::take(distributor.got), texts{"1:a^warning drift"});
}

TEST_F(ruled, old_trades_are_no_samples_of_the_clocks) {
  auto batch = std::make_shared<event_batch>();
  for (const std::int64_t seconds : {-84, -39, -1}) {  // what the venue repeats at the start
    batch->events.push_back(tests::sample_trade(where, std::to_string(seconds)));
    batch->events.back().receive_ns = now_ns;
    batch->events.back().exchange_ns = now_ns + seconds * 1'000'000'000;
  }
  send(1, batch);
  EXPECT_EQ(all->of_venue("kraken").skew.total(), 0U);
  auto next = std::make_shared<event_batch>();
  next->events.push_back(tests::sample_trade(where, "now"));
  next->events.back().exchange_ns = now_ns + 900'000'000;
  next->events.back().receive_ns = now_ns + 1'000'000'000;
  send(2, next);
  EXPECT_EQ(all->of_venue("kraken").skew.total(), 1U);
  EXPECT_EQ(all->of_venue("kraken").skew.sum_us(), 100'000);
}

TEST_F(ruled, a_breaker_that_opened_raises_one_alert_each_time) {
  system.advance(1'000);
  EXPECT_EQ(tests::take(distributor.got), texts{});
  auto& opened = all->of_venue("kraken").breaker_opened;
  opened = 1;
  system.advance(3'000);
  EXPECT_EQ(tests::take(distributor.got), texts{"1:^critical breaker"});
  opened = 2;
  system.advance(3'000);
  EXPECT_EQ(tests::take(distributor.got), texts{"2:^critical breaker"});
}

}  // namespace
}  // namespace feedtree::actors
