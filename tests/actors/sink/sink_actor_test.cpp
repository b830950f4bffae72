#include "actors/sink/sink_actor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <caf/stateful_actor.hpp>

#include "tests/actors/parties.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

using texts = std::vector<std::string>;

// What a sink was told, and how often it shall fail; outlives the sink.
struct sink_script {
  texts calls;
  int write_failures = 0;
  int flush_failures = 0;
  int close_failures = 0;
  bool retryable = true;
  sink_counters counters;

  void call(const std::string& what, int& failures) {
    if (failures > 0) {
      --failures;
      calls.push_back(what + " failed");
      throw sink_error(retryable, "host:1: away");
    }
    calls.push_back(what);
  }
};

class scripted_sink : public sink {
 public:
  explicit scripted_sink(sink_script& script) : script_(script) {}
  void write(const batch_ptr& batch) override {
    script_.call("write " + std::string(batch->events.front().key.view()), script_.write_failures);
    script_.counters.events += batch->events.size();
  }
  void flush() override {
    script_.call("flush", script_.flush_failures);
    script_.counters.delivered = script_.counters.events;
  }
  void answer(const std::string& reply_to, const event_batch&) override {
    script_.calls.push_back("answer " + reply_to);
  }
  void refuse(const std::string& reply_to, std::string_view why) override {
    script_.calls.push_back("refuse " + reply_to + ": " + std::string(why));
  }
  sink_counters counters() const override { return script_.counters; }
  void close() override { script_.call("close", script_.close_failures); }

 private:
  sink_script& script_;
};

class sink_in_actor : public testing::Test {
 protected:
  void SetUp() override {
    sink_actor_options options;
    options.name = "test";
    options.make = [this] { return std::make_unique<scripted_sink>(script); };
    options.flush_interval_ms = 50;
    options.retry = {100, 400};
    options.random = tests::highest_random();
    options.counters = counters;
    options.flush_events = 4;
    options.now_ns = [this] { return now_ns; };
    actor = system.spawn(sink_actor_behavior, options);
    over.emplace(system, actor);
  }

  batch_ptr batch(const std::string& key) {
    auto result = std::make_shared<event_batch>();
    result->events.push_back(tests::sample_trade(where, key));
    return result;
  }
  void send(std::uint64_t sequence, const std::string& key) {
    caf::send_as(producer, actor, batch_atom::value, sequence, batch(key));
    system.run();
  }
  void ask(const std::string& reply_to, const batch_ptr& book) {
    caf::anon_send(actor, present_atom::value, book_question{0, reply_to}, book);
    system.run();
  }
  void stop() {
    caf::anon_send(actor, stop_atom::value);
    system.run();
  }
  texts take_calls() { return std::exchange(script.calls, {}); }
  std::string shown_error() { return counters->sinks().front().last_error; }

  std::int64_t now_ns = 0;
  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  sink_script script;
  std::shared_ptr<statistics> counters = std::make_shared<statistics>(texts{"test"});
  tests::test_system system;
  tests::heard acks = tests::make_heard();
  producer_actor producer = tests::spawn_producer(system, acks);
  sink_actor actor;
  std::optional<tests::ending> over;
};

TEST_F(sink_in_actor, acknowledges_what_it_took_when_a_flush_has_carried_it_through) {
  send(1, "a");
  send(2, "b");
  EXPECT_EQ(take_calls(), (texts{"write a", "write b"}));
  EXPECT_EQ(tests::take(acks), texts{});
  system.advance(50);
  EXPECT_EQ(take_calls(), texts{"flush"});
  EXPECT_EQ(tests::take(acks), texts{"ack 2"});  // and with it the one before
}

TEST_F(sink_in_actor, counts_how_long_events_were_on_their_way_when_they_are_through) {
  const auto received_ns = batch("a")->events.front().receive_ns;
  script.flush_failures = 1;
  send(1, "a");
  now_ns = received_ns + 1'000'000;
  system.advance(50);
  EXPECT_EQ(counters->sinks().front().latency.total(), 0u) << "the flush failed";
  send(2, "b");
  now_ns = received_ns + 70'000'000;
  system.advance(1'000);
  const auto latency = counters->sinks().front().latency;
  EXPECT_EQ(latency.total(), 2u);
  EXPECT_EQ(latency.sum_us, 140'000u);
}

TEST_F(sink_in_actor, is_flushed_early_when_many_events_wait_for_it) {
  for (std::uint64_t sequence = 1; sequence <= 4; ++sequence) send(sequence, "a");
  EXPECT_EQ(tests::take(acks), texts{"ack 4"});
  EXPECT_EQ(take_calls().back(), "flush");
}

TEST_F(sink_in_actor, is_flushed_once_its_interval_is_over) {
  send(1, "a");
  system.advance(30);
  send(2, "b");
  system.advance(19);
  EXPECT_EQ(take_calls(), (texts{"write a", "write b"}));
  system.advance(1);
  EXPECT_EQ(take_calls(), texts{"flush"});
  system.advance(1'000);
  EXPECT_EQ(take_calls(), texts{});
  EXPECT_EQ(counters->sinks().front().counters.delivered, 2u);
}

TEST_F(sink_in_actor, keeps_what_it_could_not_take_and_everything_behind_it) {
  script.write_failures = 2;
  send(1, "a");
  send(2, "b");
  EXPECT_EQ(take_calls(), texts{"write a failed"});
  system.advance(99);
  EXPECT_EQ(take_calls(), texts{});
  system.advance(1);
  EXPECT_EQ(take_calls(), texts{"write a failed"});
  EXPECT_EQ(tests::take(acks), texts{});
  system.advance(199);
  EXPECT_EQ(take_calls(), texts{});
  system.advance(1);
  EXPECT_EQ(take_calls(), (texts{"write a", "write b", "flush"}));
  EXPECT_EQ(tests::take(acks), texts{"ack 2"});
  EXPECT_FALSE(over->came());
}

TEST_F(sink_in_actor, waits_no_longer_than_the_cap_and_begins_anew_when_it_works) {
  script.write_failures = 5;
  send(1, "a");
  system.advance(100 + 200 + 400 + 400);
  EXPECT_EQ(take_calls().size(), 5u);
  system.advance(400);
  EXPECT_EQ(take_calls(), (texts{"write a", "flush"}));
  script.write_failures = 1;
  send(2, "b");
  take_calls();
  system.advance(100);
  EXPECT_EQ(take_calls(), (texts{"write b", "flush"}));
}

TEST_F(sink_in_actor, shows_its_error_until_a_flush_goes_through) {
  script.write_failures = 1;
  send(1, "a");
  EXPECT_EQ(shown_error(), "host:1: away");
  system.advance(100);
  EXPECT_EQ(shown_error(), "");
}

TEST_F(sink_in_actor, tries_a_failed_flush_again_with_growing_delays) {
  script.flush_failures = 2;
  send(1, "a");
  system.advance(50);
  EXPECT_EQ(take_calls(), (texts{"write a", "flush failed"}));
  EXPECT_EQ(shown_error(), "host:1: away");
  send(2, "b");
  EXPECT_EQ(take_calls(), texts{});  // the sink has enough to do
  system.advance(100);
  EXPECT_EQ(take_calls(), (texts{"write b", "flush failed"}));
  system.advance(199);
  EXPECT_EQ(take_calls(), texts{});
  system.advance(1);
  EXPECT_EQ(take_calls(), texts{"flush"});
}

TEST_F(sink_in_actor, ends_with_an_error_that_no_retry_can_help) {
  script.write_failures = 1;
  script.retryable = false;
  send(1, "a");
  EXPECT_EQ(over->text(), "host:1: away");
  EXPECT_EQ(tests::take(acks), texts{});
}

TEST_F(sink_in_actor, ends_with_an_error_of_a_flush_that_no_retry_can_help) {
  script.flush_failures = 1;
  script.retryable = false;
  send(1, "a");
  system.advance(50);
  EXPECT_EQ(over->text(), "host:1: away");
}

TEST_F(sink_in_actor, closes_when_it_stops) {
  send(1, "a");
  stop();
  EXPECT_EQ(take_calls(), (texts{"write a", "close"}));
  ASSERT_TRUE(over->came());
  EXPECT_FALSE(over->reason());
}

TEST_F(sink_in_actor, tries_a_last_time_when_it_stops) {
  script.write_failures = 1;
  send(1, "a");
  stop();
  EXPECT_EQ(take_calls(), (texts{"write a failed", "write a", "close"}));
  EXPECT_EQ(tests::take(acks), texts{"ack 1"});
  EXPECT_EQ(over->text(), "");
}

TEST_F(sink_in_actor, says_when_it_stops_with_batches_that_nobody_took) {
  script.write_failures = 9;
  send(1, "a");
  stop();
  EXPECT_EQ(script.calls.back(), "close");
  EXPECT_EQ(over->text(), "stopped with batches that the sink had not taken");
}

TEST_F(sink_in_actor, says_when_it_cannot_be_closed) {
  script.close_failures = 1;
  send(1, "a");
  stop();
  EXPECT_EQ(over->text(), "host:1: away");
}

TEST_F(sink_in_actor, answers_a_question_between_writes) {
  send(1, "a");
  ask("inbox.1", batch("book"));
  send(2, "b");
  ask("inbox.2", nullptr);
  EXPECT_EQ(take_calls(),
            (texts{"write a", "answer inbox.1", "write b", "refuse inbox.2: no such book"}));
}

TEST_F(sink_in_actor, gives_no_answer_that_would_overtake_batches) {
  script.write_failures = 1;
  send(1, "a");
  ask("inbox.1", batch("book"));
  system.advance(100);
  EXPECT_EQ(take_calls(), (texts{"write a failed", "write a", "flush"}));
  ask("inbox.2", batch("book"));
  EXPECT_EQ(take_calls(), texts{"answer inbox.2"});
}

TEST(sink_actor_start, that_fails_ends_the_actor_with_the_reason) {
  tests::test_system system;
  sink_actor_options options;
  options.name = "test";
  options.make = []() -> std::unique_ptr<sink> { throw sink_error(true, "host:1: refused"); };
  options.random = tests::highest_random();
  const auto actor = system.spawn(sink_actor_behavior, options);
  const tests::ending over(system, actor);
  EXPECT_TRUE(over.came());
  EXPECT_THAT(over.text(), testing::HasSubstr("host:1: refused"));
}

}  // namespace
}  // namespace feedtree::actors
