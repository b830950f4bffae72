#include "actors/sink/journal_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <caf/stateful_actor.hpp>

#include "tests/actors/parties.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

using texts = std::vector<std::string>;
using testing::HasSubstr;

// The actor on the test's thread, over a journal in a folder of its own.
class stored : public testing::Test {
 protected:
  void start(std::uint64_t bytes_max, storage::journal_limit at_limit) {
    table->set(distributor.handle);
    link->sinks = {"sink", ""};
    journal_store_options options;
    options.make = [=, this] {
      auto made = std::make_unique<storage::journal>(
          storage::journal_options{folder.file("journal"), bytes_max, at_limit}, registry);
      made->keep_cursors({"sink"});
      journal = made.get();
      return made;
    };
    options.link = link;
    options.table = table;
    options.counters = counters;
    options.retry_ms = 100;
    actor = system.spawn(journal_store_behavior, options);
    over.emplace(system, actor);
  }
  void SetUp() override { start(1 << 30, storage::journal_limit::block); }

  batch_ptr trades(const std::string& key, std::size_t events = 1) {
    auto result = std::make_shared<event_batch>();
    for (; events > 0; --events) result->events.push_back(tests::sample_trade(where, key));
    return result;
  }
  void post(std::uint64_t position, std::size_t events = 1) {
    caf::anon_send(actor, batch_atom::value, position, trades("k", events));
  }
  void passed(std::uint64_t position) {
    caf::anon_send(actor, cursor_atom::value, journal_cursors{{position, 99}});
    system.run();
  }
  texts told() { return tests::take(distributor.got); }

  tests::temporary_folder folder;
  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  std::shared_ptr<statistics> counters = std::make_shared<statistics>(texts{"a", "b"});
  storage::journal* journal = nullptr;
  tests::test_system system;
  tests::fake_distributor distributor{system};
  std::shared_ptr<sink_table> table = std::make_shared<sink_table>(2);
  std::shared_ptr<journal_link> link = std::make_shared<journal_link>();
  journal_store_actor actor;
  std::optional<tests::ending> over;
};

TEST_F(stored, batches_that_come_together_are_stored_in_one_commit) {
  for (std::uint64_t position = 1; position <= 5; ++position) post(position);
  system.run();
  EXPECT_EQ(told(), texts{"stored 5"});
  EXPECT_EQ(counters->journal().last_position, 5u);
  EXPECT_GT(counters->journal().bytes, 0u);
}

TEST_F(stored, batches_are_read_for_who_asks) {
  post(1);
  post(2);
  system.run();
  told();
  caf::send_as(distributor.handle, actor, read_atom::value, journal_request{0, 1, 10, 1'000});
  system.run();
  EXPECT_EQ(told(), texts{"page 2:k through 2"});
}

TEST_F(stored, batches_that_come_again_are_stored_once) {
  post(1);
  post(2);
  system.run();
  post(2);
  post(3);
  system.run();
  EXPECT_EQ(journal->read(0, 100, 10'000).batches.size(), 3u);
}

TEST_F(stored, cursors_of_sinks_that_spool_delete_what_was_passed) {
  for (std::uint64_t position = 1; position <= 3; ++position) {
    post(position);
    system.run();
  }
  passed(2);
  EXPECT_EQ(journal->read(0, 100, 10'000).batches.size(), 1u);
  EXPECT_EQ(journal->cursor("sink"), 2u);
  EXPECT_EQ(journal->cursor(""), 0u);
}

// A bound on the pages of the file has the effect of a full disk: SQLITE_FULL.
TEST_F(stored, a_full_disk_is_reported_and_what_waits_is_stored_when_there_is_room) {
  post(1);
  system.run();
  told();
  journal->limit_pages(12);
  for (std::uint64_t position = 2; position <= 9; ++position) post(position, 2'000);
  system.run();
  EXPECT_EQ(told(), texts{"stored 1 failing"});
  EXPECT_THAT(counters->journal().last_error, HasSubstr("free space on that disk"));
  post(10);
  system.advance(100);
  EXPECT_EQ(told(), texts{"stored 1 failing"});
  journal->limit_pages(1'000'000);
  system.advance(100);
  EXPECT_EQ(told(), texts{"stored 10"});
  EXPECT_EQ(counters->journal().last_error, "");
  EXPECT_FALSE(over->came());
}

TEST_F(stored, stop_stores_what_waits) {
  post(1);
  caf::anon_send(actor, stop_atom::value);
  system.run();
  ASSERT_TRUE(over->came());
  EXPECT_FALSE(over->reason());
  listing_registry later;
  EXPECT_EQ(storage::journal({folder.file("journal")}, later).last_position(), 1u);
}

class stored_up_to_a_bound : public stored {
 protected:
  void SetUp() override { start(400, storage::journal_limit::block); }
};

TEST_F(stored_up_to_a_bound, a_full_journal_waits_until_sinks_have_passed_something) {
  post(1);
  system.run();
  told();
  post(2, 100);
  post(3);
  system.run();
  EXPECT_EQ(told(), texts{"stored 1"});
  EXPECT_TRUE(counters->journal().at_limit);
  passed(1);
  EXPECT_EQ(told(), texts{"stored 3"});
  EXPECT_FALSE(counters->journal().at_limit);
}

}  // namespace
}  // namespace feedtree::actors
