#include "core/book_arbiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t ms = 1'000'000;

// A book of which two connections bring the updates; update n sets one bid to quantity n.
struct merged {
  merged()
      : arbiter([this] {
          return std::make_unique<feed_keeper>(where, make_contiguous_guard(), keeper_options{});
        }) {}

  void give(source_id from, std::uint64_t number, bool snapshot) {
    event_batch batch;
    book_change change;
    change.snapshot = snapshot;
    change.first_update_id = change.last_update_id = number;
    change.bids = 1;
    change.asks = snapshot ? 1 : 0;
    batch.levels.emplace_back(tests::number("10"), decimal{static_cast<std::int64_t>(number), 0});
    if (snapshot) batch.levels.emplace_back(tests::number("11"), tests::number("1"));
    auto what = tests::sample_event(where, (snapshot ? "s" : "") + std::to_string(number), change);
    what.receive_ns = what.exchange_ns = now_ns;
    arbiter.process(from, what, batch, out);
  }
  void snapshot(source_id from, std::uint64_t number) { give(from, number, true); }
  void update(source_id from, std::uint64_t first, std::uint64_t last) {
    for (auto number = first; number <= last; ++number) give(from, number, false);
  }
  // Keys of book events; of others their kind: "status", "gap".
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    for (const auto& what : out.events) {
      texts.emplace_back(what.kind() == event_kind::book ? what.key.view()
                                                         : to_string(what.kind()));
    }
    out.clear();
    return texts;
  }
  // Both are live, the first one leads, both at update 6.
  void both_live() {
    snapshot(1, 5);
    snapshot(2, 5);
    update(1, 6, 6);
    update(2, 6, 6);
    take();
  }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  std::int64_t now_ns = 1'618'678'200'000 * ms;
  book_arbiter arbiter;
  event_batch out;
};

TEST(book_arbiter, a_single_connection_passes_as_its_keeper_has_it) {
  merged with;
  with.snapshot(1, 5);
  with.update(1, 6, 7);
  EXPECT_THAT(with.take(), ElementsAre("s5", "status", "6", "7"));
  with.update(1, 9, 9);
  EXPECT_THAT(with.take(), ElementsAre("gap", "status"));
  EXPECT_THAT(with.arbiter.take_snapshot_requests(), ElementsAre(1U));
  with.snapshot(1, 9);
  EXPECT_THAT(with.take(), ElementsAre("s9", "status", "gap"));
}

TEST(book_arbiter, updates_of_the_one_that_stands_by_are_not_passed_on) {
  merged with;
  with.both_live();
  with.update(1, 7, 8);
  with.update(2, 7, 9);
  with.update(1, 9, 9);
  EXPECT_THAT(with.take(), ElementsAre("7", "8", "9"));
  EXPECT_EQ(with.arbiter.takeovers(), 0U);
}

TEST(book_arbiter, when_the_leader_is_lost_the_other_goes_on_where_it_left_off) {
  merged with;
  with.both_live();
  with.update(1, 7, 7);
  with.update(2, 7, 9);
  with.take();
  with.arbiter.connection_lost(1, with.now_ns, "closed", with.out);
  EXPECT_THAT(with.take(), ElementsAre("8", "9"));
  with.update(2, 10, 10);
  EXPECT_THAT(with.take(), ElementsAre("10"));
  EXPECT_EQ(with.arbiter.leader().state(), feed_state::live);
  EXPECT_EQ(with.arbiter.takeovers(), 1U);
}

TEST(book_arbiter, one_that_is_behind_goes_on_when_it_has_caught_up) {
  merged with;
  with.both_live();
  with.update(1, 7, 9);
  with.update(2, 7, 7);
  with.take();
  with.arbiter.connection_lost(1, with.now_ns, "closed", with.out);
  EXPECT_THAT(with.take(), IsEmpty());
  with.update(2, 8, 11);
  EXPECT_THAT(with.take(), ElementsAre("10", "11"));
}

TEST(book_arbiter, a_gap_of_the_leader_alone_is_none_of_the_feed) {
  merged with;
  with.both_live();
  with.update(2, 7, 8);
  with.update(1, 8, 8);  // 7 is missing
  EXPECT_THAT(with.take(), ElementsAre("7", "8"));
  EXPECT_THAT(with.arbiter.take_snapshot_requests(), ElementsAre(1U));
  with.snapshot(1, 8);
  with.update(2, 9, 9);
  with.update(1, 9, 9);
  EXPECT_THAT(with.take(), ElementsAre("9"));
}

TEST(book_arbiter, when_both_fail_the_feed_has_a_gap_and_the_first_to_recover_ends_it) {
  merged with;
  with.both_live();
  with.update(1, 8, 8);
  EXPECT_THAT(with.take(), IsEmpty());
  with.update(2, 9, 9);
  EXPECT_THAT(with.take(), ElementsAre("gap", "status"));
  with.snapshot(1, 10);
  EXPECT_THAT(with.take(), ElementsAre("s10", "status", "gap"));
  with.snapshot(2, 11);
  with.update(1, 11, 12);
  EXPECT_THAT(with.take(), ElementsAre("11", "12"));
}

TEST(book_arbiter, a_leader_that_is_silent_is_replaced) {
  merged with;
  with.both_live();
  with.update(2, 7, 7);
  with.now_ns += 2'000 * ms;
  with.update(2, 8, 8);
  EXPECT_THAT(with.take(), ElementsAre("7", "8"));
  EXPECT_EQ(with.arbiter.takeovers(), 1U);
  with.update(1, 7, 9);
  EXPECT_THAT(with.take(), IsEmpty()) << "late, and 9 is the new leader's to bring";
  with.update(2, 9, 9);
  EXPECT_THAT(with.take(), ElementsAre("9"));
}

TEST(book_arbiter, one_that_begins_behind_the_leader_does_not_bring_anything_again) {
  merged with;
  with.snapshot(1, 5);
  with.update(1, 6, 9);
  with.take();
  with.snapshot(2, 5);
  with.update(2, 6, 8);
  with.arbiter.connection_lost(1, with.now_ns, "closed", with.out);
  EXPECT_THAT(with.take(), IsEmpty());
  with.update(2, 9, 11);
  EXPECT_THAT(with.take(), ElementsAre("10", "11"));
}

TEST(book_arbiter, where_keys_do_not_meet_the_new_leader_begins_with_its_book) {
  merged with;
  with.snapshot(1, 5);
  with.update(1, 6, 8);
  with.snapshot(2, 100);
  with.update(2, 101, 5'300);  // more than is kept
  with.take();
  with.arbiter.connection_lost(1, with.now_ns, "closed", with.out);
  EXPECT_THAT(with.take(), ElementsAre("s5300"));
  with.update(2, 5'301, 5'301);
  EXPECT_THAT(with.take(), ElementsAre("5301"));
}

TEST(book_arbiter, a_planned_change_of_connections_leaves_no_mark) {
  merged with;
  with.snapshot(1, 5);
  with.update(1, 6, 10);
  with.take();
  with.snapshot(2, 9);
  with.update(2, 10, 10);
  with.update(1, 11, 12);
  with.update(2, 11, 13);
  EXPECT_THAT(with.take(), ElementsAre("11", "12"));
  with.arbiter.end(1, with.now_ns, "replaced", with.out);
  EXPECT_THAT(with.take(), ElementsAre("13"));
  EXPECT_EQ(with.arbiter.sources(), 1U);
  with.update(2, 14, 15);
  EXPECT_THAT(with.take(), ElementsAre("14", "15"));
}

// Two connections, each some updates late, each losing frames now and then but never both at a
// time: the feed is whole and in order, and live all the while.
TEST(book_arbiter, losses_of_one_connection_at_a_time_are_never_seen) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    std::mt19937 random(seed);
    merged with;
    with.snapshot(1, 100);
    with.snapshot(2, 100);
    std::uint64_t at[2] = {100, 100};
    std::uint64_t waits[2] = {0, 0};     // for a snapshot, so many updates more
    std::uint64_t repaired[2] = {0, 0};  // by a snapshot, at this update
    std::uint64_t newest = 100;
    while (newest < 3'000) {
      ++newest;
      with.now_ns += ms;
      for (const unsigned who : {0U, 1U}) {
        const auto lag = random() % 4;
        while (at[who] + lag < newest) {
          const auto number = ++at[who];
          // The other must have had this update itself.
          const bool other_is_well = waits[1 - who] == 0 && number > repaired[1 - who];
          const bool lost = other_is_well && number > 110 && random() % 40 == 0;
          if (!lost) with.update(who + 1, number, number);
          if (waits[who] != 0 && --waits[who] == 0) {
            with.snapshot(who + 1, number);
            repaired[who] = number;
          }
          for (const auto asks : with.arbiter.take_snapshot_requests()) {
            waits[asks - 1] = 1 + random() % 10;
          }
          // The next update shows the loss; until the snapshot the other must not fail.
          if (lost && waits[who] == 0) waits[who] = 3 + random() % 10;
        }
      }
    }
    std::vector<std::uint64_t> passed;
    for (const auto& what : with.out.events) {
      const auto* const change = std::get_if<book_change>(&what.body);
      EXPECT_TRUE(change != nullptr || what.state == feed_state::live) << "seed " << seed;
      if (change != nullptr && !change->snapshot) passed.push_back(change->last_update_id);
    }
    for (std::size_t index = 0; index < passed.size(); ++index) {
      ASSERT_EQ(passed[index], 101 + index) << "seed " << seed;
    }
    EXPECT_GT(passed.size(), 2'890U);
    EXPECT_GT(with.arbiter.takeovers(), 5U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace feedtree
