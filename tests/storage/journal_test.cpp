#include "storage/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <random>

#include "core/sink.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using positions = std::vector<std::uint64_t>;

class journalled : public testing::Test {
 protected:
  journal open(std::uint64_t bytes_max = std::uint64_t{1} << 30,
               journal_limit at_limit = journal_limit::block) {
    return journal({folder.file("journal"), bytes_max, at_limit}, registry);
  }
  journal_batch batch(std::uint64_t position, std::size_t events = 1) {
    auto result = std::make_shared<event_batch>();
    for (std::size_t at = 0; at < events; ++at) {
      result->events.push_back(
          tests::sample_trade(where, std::to_string(position) + "-" + std::to_string(at)));
      result->events.back().receive_ns = static_cast<std::int64_t>(position);
    }
    return {position, result};
  }
  bool append(journal& to, const positions& all, std::size_t events = 1) {
    std::vector<journal_batch> batches;
    for (const auto position : all) batches.push_back(batch(position, events));
    return to.append(batches);
  }
  static positions read(journal& from, std::uint64_t after = 0) {
    positions result;
    for (const auto& each : from.read(after, 1'000'000, 1 << 30).batches) {
      result.push_back(each.position);
    }
    return result;
  }

  tests::temporary_folder folder;
  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
};

TEST_F(journalled, batches_are_read_in_order_from_any_position) {
  auto store = open();
  EXPECT_TRUE(append(store, {1, 2, 3}));
  EXPECT_TRUE(append(store, {5, 6}));
  EXPECT_THAT(read(store), ElementsAre(1, 2, 3, 5, 6));
  EXPECT_THAT(read(store, 2), ElementsAre(3, 5, 6));
  EXPECT_THAT(read(store, 4), ElementsAre(5, 6));
  EXPECT_THAT(read(store, 6), IsEmpty());
}

TEST_F(journalled, batches_are_the_same_in_a_later_process) {
  {
    auto store = open();
    append(store, {1, 2}, 3);
  }
  listing_registry later;
  journal store({folder.file("journal")}, later);
  const auto page = store.read(1, 100, 1'000'000);
  ASSERT_EQ(page.batches.size(), 1U);
  ASSERT_EQ(page.batches[0].batch->events.size(), 3U);
  EXPECT_EQ(event_id(page.batches[0].batch->events[1]), "kraken:BTC-USD:trade:2-1");
  EXPECT_EQ(store.last_position(), 2U);
}

TEST_F(journalled, pages_are_bounded_and_say_where_to_go_on) {
  auto store = open();
  for (std::uint64_t position = 1; position <= 10; ++position) append(store, {position}, 10);
  const auto first = store.read(0, 25, 1 << 30);
  EXPECT_EQ(first.batches.size(), 3U);
  EXPECT_EQ(first.through, 3U);
  EXPECT_FALSE(first.at_end);
  const auto small = store.read(first.through, 1'000, 1);
  EXPECT_EQ(small.through, 4U);
  const auto rest = store.read(4, 1'000, 1 << 30);
  EXPECT_EQ(rest.batches.size(), 6U);
  EXPECT_TRUE(rest.at_end);
  EXPECT_EQ(rest.through, 10U);
}

TEST_F(journalled, batches_are_deleted_when_every_sink_has_passed_them) {
  auto store = open();
  store.keep_cursors({"fast", "slow"});
  for (std::uint64_t position = 1; position <= 4; ++position) append(store, {position});
  store.advance({{"fast", 4}});
  EXPECT_THAT(read(store), ElementsAre(1, 2, 3, 4));
  store.advance({{"slow", 2}});
  EXPECT_THAT(read(store), ElementsAre(3, 4));
  store.advance({{"slow", 4}});
  EXPECT_THAT(read(store), IsEmpty());
  EXPECT_EQ(store.bytes(), 0U);
}

TEST_F(journalled, positions_and_cursors_outlive_what_was_deleted) {
  std::string id;
  {
    auto store = open();
    id = store.id();
    store.keep_cursors({"sink"});
    append(store, {1, 2, 3});
    store.advance({{"sink", 3}});
  }
  auto store = open();
  EXPECT_EQ(store.id(), id);
  EXPECT_EQ(store.last_position(), 3U);
  EXPECT_EQ(store.cursor("sink"), 3U);
  EXPECT_EQ(store.cursor("another"), 0U);
}

TEST_F(journalled, cursors_never_go_back) {
  auto store = open();
  store.keep_cursors({"sink"});
  append(store, {1, 2, 3});
  store.advance({{"sink", 2}});
  store.advance({{"sink", 1}});
  EXPECT_EQ(store.cursor("sink"), 2U);
}

TEST_F(journalled, sinks_that_are_gone_hold_nothing_back) {
  auto store = open();
  store.keep_cursors({"gone", "here"});
  append(store, {1});
  append(store, {2});
  store.advance({{"here", 2}});
  EXPECT_THAT(read(store), ElementsAre(1, 2));
  store.keep_cursors({"here"});
  store.advance({{"here", 2}});
  EXPECT_THAT(read(store), IsEmpty());
}

TEST_F(journalled, another_journal_has_another_name) {
  auto first = open();
  journal second({folder.file("second")}, registry);
  EXPECT_NE(first.id(), second.id());
  EXPECT_EQ(first.id().size(), 16U);
}

TEST_F(journalled, nothing_is_taken_at_the_bound_until_sinks_have_passed_something) {
  auto store = open(2'000);
  store.keep_cursors({"sink"});
  std::uint64_t position = 0;
  while (append(store, {position + 1})) ++position;
  EXPECT_GT(position, 5U);
  EXPECT_LE(store.bytes(), 2'000U);
  EXPECT_EQ(read(store).size(), position);
  EXPECT_FALSE(append(store, {position + 1}));
  store.advance({{"sink", 2}});
  EXPECT_TRUE(append(store, {position + 1}));
  EXPECT_EQ(store.last_position(), position + 1);
}

TEST_F(journalled, a_batch_larger_than_the_bound_is_taken_alone) {
  auto store = open(100);
  EXPECT_TRUE(append(store, {1}, 50));
  EXPECT_FALSE(append(store, {2}));
}

TEST_F(journalled, the_oldest_make_room_and_leave_a_ledger_entry_in_their_place) {
  auto store = open(2'000, journal_limit::drop_oldest);
  store.keep_cursors({"sink"});
  std::uint64_t position = 0;
  while (store.events_dropped() == 0) ASSERT_TRUE(append(store, {++position}));
  const auto first_drop = store.events_dropped();
  EXPECT_LE(store.bytes(), 2'000U);
  auto page = store.read(0, 1'000, 1 << 30);
  ASSERT_EQ(page.batches.front().position, first_drop);
  ASSERT_EQ(page.batches.front().batch->events.size(), 1U);
  const auto& entry = page.batches.front().batch->events.front();
  const auto& body = std::get<gap>(entry.body);
  EXPECT_EQ(entry.where, where);
  EXPECT_EQ(body.cause, gap_cause::journal);
  EXPECT_EQ(body.feed, event_kind::trade);
  EXPECT_EQ(body.begin_ns, 1);
  EXPECT_EQ(body.end_ns, static_cast<std::int64_t>(first_drop));
  EXPECT_EQ(page.batches.back().position, position);
  // Later drops widen the entry.
  while (store.events_dropped() == first_drop) append(store, {++position});
  page = store.read(0, 1'000, 1 << 30);
  const auto& wider = std::get<gap>(page.batches.front().batch->events.front().body);
  EXPECT_EQ(wider.begin_ns, 1);
  EXPECT_EQ(wider.end_ns, static_cast<std::int64_t>(store.events_dropped()));
  EXPECT_EQ(page.batches.size() - 1 + store.events_dropped(), position);
}

TEST_F(journalled, a_sink_that_passed_what_was_dropped_does_not_see_the_entry) {
  auto store = open(2'000, journal_limit::drop_oldest);
  store.keep_cursors({"fast", "slow"});
  std::uint64_t position = 0;
  while (store.events_dropped() == 0) append(store, {++position});
  const auto page = store.read(store.events_dropped(), 1'000, 1 << 30);
  for (const auto& each : page.batches) {
    EXPECT_EQ(each.batch->events.front().kind(), event_kind::trade);
  }
}

// A bound on the pages of the file has the effect of a full disk: SQLITE_FULL in a transaction.
TEST_F(journalled, a_full_disk_is_told_and_nothing_is_half_stored) {
  auto store = open();
  store.keep_cursors({"sink"});
  append(store, {1, 2});
  store.limit_pages(20);
  std::uint64_t position = 2;
  try {
    while (position < 10'000) {
      append(store, {position + 1}, 200);
      ++position;
    }
    FAIL() << "the disk was not full";
  } catch (const sink_error& error) {
    EXPECT_TRUE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("free space on that disk"));
  }
  EXPECT_EQ(store.last_position(), position);
  EXPECT_EQ(read(store).size(), position);
  store.advance({{"sink", position}});
  EXPECT_TRUE(append(store, {position + 1}, 200));
}

TEST_F(journalled, a_damaged_file_is_an_error_and_no_crash) {
  {
    auto store = open();
    append(store, {1}, 500);
  }
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(folder.file("journal").c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "UPDATE entry SET body = zeroblob(length(body))", nullptr, nullptr,
                         nullptr),
            SQLITE_OK);
  sqlite3_close(handle);
  try {
    open();
    FAIL() << "nothing was thrown";
  } catch (const sink_error& error) {
    EXPECT_FALSE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("is damaged"));
  }
}

TEST_F(journalled, the_file_is_for_one_process) {
  auto first = open();
  try {
    journal second({folder.file("journal"), 1 << 30, journal_limit::block, journal_sync::normal, 1},
                   registry);
    FAIL() << "nothing was thrown";
  } catch (const sink_error& error) {
    EXPECT_TRUE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("another process holds it"));
  }
}

TEST_F(journalled, space_is_used_again_and_given_back) {
  auto store = open();
  store.keep_cursors({"sink"});
  std::uint64_t position = 0;
  const auto fill = [&](int batches) {
    for (; batches > 0; --batches) append(store, {++position}, 2'000);
  };
  fill(1'200);
  store.advance({{"sink", position}});
  const auto large = std::filesystem::file_size(folder.file("journal"));
  fill(1'200);
  store.advance({{"sink", position}});
  EXPECT_LE(std::filesystem::file_size(folder.file("journal")), large + (16 << 20));
  for (int step = 0; step < 50; ++step) store.advance({{"sink", position}});
  EXPECT_LT(std::filesystem::file_size(folder.file("journal")), large);
}

TEST_F(journalled, any_order_of_calls_gives_every_sink_every_batch_once) {
  std::mt19937 random(3);
  auto store = std::make_unique<journal>(open());
  store->keep_cursors({"a", "b"});
  std::uint64_t position = 0;
  std::map<std::string, std::uint64_t> at{{"a", 0}, {"b", 0}};
  for (int step = 0; step < 2'000; ++step) {
    const std::string sink = random() % 2 == 0 ? "a" : "b";
    switch (random() % 4) {
      case 0: {
        positions next;
        for (auto left = 1 + random() % 5; left > 0; --left) next.push_back(++position);
        append(*store, next);
        break;
      }
      case 1:
      case 2:
        for (const auto& each : store->read(at[sink], 1 + random() % 6, 1 << 20).batches) {
          ASSERT_EQ(each.position, at[sink] + 1);
          at[sink] = each.position;
        }
        store->advance({{sink, at[sink]}});
        break;
      default:
        store.reset();
        store = std::make_unique<journal>(open());
        ASSERT_EQ(store->cursor(sink), at[sink]);
        ASSERT_EQ(store->last_position(), position);
    }
  }
  EXPECT_GT(position, 1'000U);
}

}  // namespace
}  // namespace feedtree::storage
