#include "actors/sink/distributor.hpp"

#include <gtest/gtest.h>

#include <caf/stateful_actor.hpp>

#include "actors/supervision/failure.hpp"
#include "tests/actors/parties.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

using texts = std::vector<std::string>;

// Three sinks with credit for two events: a store and a live one that spool, and one that blocks.
class distributed : public testing::Test {
 protected:
  void SetUp() override {
    table->set(0, store.handle);
    table->set(1, live.handle);
    table->set(2, blocking.handle);
    table->set(journal.handle);
    link->sinks = {"store", "live", "", ""};
    link->passed_at_start = {0, 0, 0, 0};
    start();
    tests::take(journal.got);
    for (const std::size_t sink : {0U, 1U}) page(sink, {}, 0, true);
  }
  void start() {
    distributor_options options;
    options.table = table;
    options.routes = {{"store", sink_policy::spool, true},
                      {"live", sink_policy::spool, false},
                      {"blocking", sink_policy::block, false}};
    if (is_cache) options.routes.push_back({"cache", sink_policy::block, false, true});
    options.ask_books = [to = asked](std::size_t sink) { to->push_back(std::to_string(sink)); };
    options.link = link;
    options.credit = {2, 1'000'000};
    options.counters = counters;
    actor = system.spawn(distributor_behavior, options);
    over.emplace(system, actor);
  }

  batch_ptr trades(const texts& keys) {
    auto result = std::make_shared<event_batch>();
    for (const auto& key : keys) result->events.push_back(tests::sample_trade(where, key));
    return result;
  }
  void send(std::uint64_t sequence, const texts& keys) {
    caf::send_as(producer, actor, batch_atom::value, sequence, trades(keys));
    system.run();
  }
  void acknowledge(const tests::fake_sink& from, std::uint64_t position) {
    caf::send_as(from.handle, actor, ack_atom::value, position);
    system.run();
  }
  void stored(std::uint64_t position, bool failing = false) {
    caf::anon_send(actor, stored_atom::value,
                   journal_report{position, failing, failing ? "disk full" : ""});
    system.run();
  }
  void page(std::size_t sink, const std::map<std::uint64_t, std::string>& batches,
            std::uint64_t through, bool at_end) {
    journal_answer answer{sink, {}, through, at_end};
    for (const auto& [position, key] : batches) {
      answer.batches.emplace_back(position, trades({key}));
    }
    caf::anon_send(actor, page_atom::value, answer);
    system.run();
  }
  edge_statistics edge(const std::string& to) {
    for (const auto& each : counters->edges()) {
      if (each.name == "distributor to " + to) return each;
    }
    ADD_FAILURE() << "no edge to " << to;
    return {};
  }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  std::shared_ptr<statistics> counters = std::make_shared<statistics>(texts{"a", "b", "c"});
  tests::test_system system;
  tests::heard acks = tests::make_heard();
  producer_actor producer = tests::spawn_producer(system, acks);
  tests::fake_sink store{system};
  tests::fake_sink live{system};
  tests::fake_sink blocking{system};
  tests::fake_journal journal{system};
  std::shared_ptr<sink_table> table = std::make_shared<sink_table>(3);
  bool is_cache = false;
  tests::heard asked = tests::make_heard();  // the sinks for which all books were asked for
  std::shared_ptr<journal_link> link = std::make_shared<journal_link>();
  distributor_actor actor;
  std::optional<tests::ending> over;
};

TEST_F(distributed, batches_reach_a_store_only_when_the_journal_has_them_and_others_at_once) {
  send(7, {"a"});
  EXPECT_EQ(tests::take(journal.got), texts{"1:a"});
  EXPECT_EQ(tests::take(live.got), texts{"1:a"});
  EXPECT_EQ(tests::take(blocking.got), texts{"1:a"});
  EXPECT_EQ(tests::take(store.got), texts{});
  stored(1);
  EXPECT_EQ(tests::take(store.got), texts{"1:a"});
}

TEST_F(distributed, batches_are_acknowledged_when_the_journal_has_them) {
  send(7, {"a"});
  EXPECT_EQ(tests::take(acks), texts{});
  stored(1);
  EXPECT_EQ(tests::take(acks), texts{"ack 7"});
}

TEST_F(distributed, batches_wait_for_a_sink_that_blocks_and_for_no_other) {
  send(1, {"a", "b"});
  send(2, {"c"});
  stored(2);
  EXPECT_EQ(tests::take(acks), texts{"ack 1"});
  acknowledge(blocking, 1);
  EXPECT_EQ(tests::take(acks), texts{"ack 2"});
  EXPECT_EQ(tests::take(live.got), texts{"1:a,b"});  // had no credit for c, and held up nobody
}

TEST_F(distributed, a_sink_without_credit_reads_the_journal_and_goes_back_to_memory) {
  send(1, {"a", "b"});
  acknowledge(blocking, 1);
  send(2, {"c"});
  acknowledge(blocking, 2);
  stored(2);
  EXPECT_TRUE(edge("store").behind);  // "distributor to store"
  tests::take(journal.got);
  tests::take(store.got);
  acknowledge(store, 1);
  EXPECT_EQ(tests::take(journal.got), (texts{"passed 1 0 2", "read 0 after 1"}));
  page(0, {{2, "c"}}, 2, true);
  EXPECT_EQ(tests::take(store.got), texts{"2:c"});
  send(3, {"d"});
  stored(3);
  EXPECT_EQ(tests::take(store.got), texts{"3:d"});
}

TEST_F(distributed, a_live_sink_that_caught_up_gets_what_the_journal_has_not_yet) {
  send(1, {"a", "b"});
  acknowledge(blocking, 1);
  send(2, {"c"});
  acknowledge(blocking, 2);
  stored(1);
  tests::take(live.got);
  acknowledge(live, 1);
  page(1, {}, 1, true);
  EXPECT_EQ(tests::take(live.got), texts{"2:c"});
}

TEST_F(distributed, a_journal_that_fails_holds_up_nobody_and_its_loss_is_told) {
  send(1, {"a"});
  stored(0, true);
  EXPECT_EQ(tests::take(acks), texts{"ack 1"});  // it waits in memory
  acknowledge(live, 1);
  acknowledge(blocking, 1);
  tests::take(live.got);
  tests::take(journal.got);
  send(2, {"b"});
  EXPECT_EQ(tests::take(live.got), texts{"2:b"});
  EXPECT_EQ(tests::take(acks), texts{"ack 2"});
  EXPECT_EQ(tests::take(journal.got), texts{});
  acknowledge(live, 2);
  EXPECT_EQ(edge("store").events_dropped, 1U);
  EXPECT_EQ(edge("journal").events_dropped, 1U);
  EXPECT_EQ(tests::take(store.got), texts{});
  stored(1);  // there is room again
  EXPECT_EQ(tests::take(store.got), texts{"1:a"});
  const auto entry = tests::take(live.got);
  ASSERT_EQ(entry.size(), 1U);
  EXPECT_EQ(entry.front().substr(0, 16), "3:journal-trade-");
  stored(3);
  EXPECT_EQ(tests::take(store.got), entry);
  acknowledge(store, 3);
  send(3, {"c"});
  stored(4);
  EXPECT_EQ(tests::take(store.got), texts{"4:c"});
}

TEST_F(distributed, batches_that_a_sink_had_not_finished_go_to_its_successor) {
  send(1, {"a"});
  send(2, {"b"});
  stored(2);
  acknowledge(store, 1);
  const tests::fake_sink successor(system);
  table->set(0, successor.handle);
  system.run();
  EXPECT_EQ(tests::take(successor.got), texts{"2:b"});
}

TEST_F(distributed, batches_that_are_not_stored_go_to_the_journals_successor) {
  send(1, {"a"});
  stored(1);
  send(2, {"b"});
  const tests::fake_journal successor(system);
  table->set(successor.handle);
  system.run();
  EXPECT_EQ(tests::take(successor.got), texts{"2:b"});
}

TEST_F(distributed, positions_are_given_once_even_by_a_successor) {
  send(1, {"a"});
  system.end(actor, failure_error("test"));
  start();
  tests::take(journal.got);
  send(1, {"a"});
  EXPECT_EQ(tests::take(journal.got), texts{"2:a"});
}

class with_cache : public distributed {
 protected:
  void SetUp() override {
    table = std::make_shared<sink_table>(4);
    table->set(3, cache.handle);
    is_cache = true;
    distributed::SetUp();
    EXPECT_EQ(tests::take(asked), texts{"3"});
  }
  void end_cache() { system.end(cache.handle, failure_error("gone")); }
  void give_book(const std::string& key) {
    caf::anon_send(actor, present_atom::value, book_question{3, ""}, trades({key}));
    system.run();
  }
  tests::fake_sink cache{system};
};

TEST_F(with_cache, nothing_waits_for_a_cache_that_is_down) {
  end_cache();
  send(1, {"a", "b"});
  send(2, {"c", "d"});
  send(3, {"e"});
  acknowledge(blocking, 1);
  acknowledge(blocking, 2);
  stored(3);
  EXPECT_EQ(tests::take(acks), (texts{"ack 3"}));
  EXPECT_EQ(tests::take(cache.got), texts{});
  EXPECT_EQ(edge("cache").events, 0U);
}

TEST_F(with_cache, what_was_on_the_way_to_a_cache_that_ended_waits_no_more) {
  send(1, {"a", "b"});
  send(2, {"c"});
  stored(2);
  acknowledge(blocking, 1);
  EXPECT_EQ(tests::take(acks), texts{"ack 1"});  // the cache has no credit for the second
  end_cache();
  EXPECT_EQ(tests::take(acks), texts{"ack 2"});
}

TEST_F(with_cache, its_successor_begins_with_the_books_as_they_are) {
  end_cache();
  send(1, {"missed"});
  give_book("asked before the end");
  tests::fake_sink successor{system};
  table->set(3, successor.handle);
  system.run();
  EXPECT_EQ(tests::take(asked), texts{"3"});
  send(2, {"b"});
  give_book("book");
  send(3, {"c"});
  EXPECT_EQ(tests::take(successor.got), (texts{"2:b", "2:book"}));
  acknowledge(successor, 2);
  EXPECT_EQ(tests::take(successor.got), texts{"3:c"});
  // Its own handle, told again, is none of another sink.
  table->set(journal.handle);
  system.run();
  EXPECT_EQ(tests::take(asked), texts{});
}

TEST_F(distributed, present_book_comes_behind_the_batches_before_it) {
  const auto ask = [&](std::size_t sink, const std::string& reply_to) {
    caf::anon_send(actor, present_atom::value, book_question{sink, reply_to}, trades({"book"}));
    system.run();
  };
  send(1, {"a", "b"});
  send(2, {"c"});
  ask(2, "inbox.1");
  send(3, {"d"});
  EXPECT_EQ(tests::take(blocking.got), texts{"1:a,b"});
  acknowledge(blocking, 1);
  EXPECT_EQ(tests::take(blocking.got), (texts{"2:c", "present inbox.1", "3:d"}));
  tests::take(live.got);
  ask(1, "inbox.2");  // it is behind: whoever asked, asks again
  ask(9, "inbox.3");
  EXPECT_EQ(tests::take(live.got), texts{});
}

TEST_F(distributed, stop_waits_until_every_sink_has_everything) {
  send(1, {"a"});
  caf::anon_send(actor, stop_atom::value);
  stored(1);
  acknowledge(live, 1);
  acknowledge(blocking, 1);
  EXPECT_FALSE(over->came());
  acknowledge(store, 1);
  ASSERT_TRUE(over->came());
  EXPECT_FALSE(over->reason());
}

TEST_F(distributed, stop_leaves_to_the_journal_what_a_sink_does_not_take_in_time) {
  send(1, {"a"});
  stored(1);
  acknowledge(live, 1);
  acknowledge(blocking, 1);
  caf::anon_send(actor, stop_atom::value);
  system.advance(4'999);
  EXPECT_FALSE(over->came());
  system.advance(1);
  ASSERT_TRUE(over->came());
  EXPECT_FALSE(over->reason());
}

TEST_F(distributed, stop_says_that_the_journal_could_not_take_everything) {
  send(1, {"a"});
  stored(0, true);
  caf::anon_send(actor, stop_atom::value);
  system.advance(5'000);
  EXPECT_EQ(over->text(), "stopped with events that the journal could not take");
}

}  // namespace
}  // namespace feedtree::actors
