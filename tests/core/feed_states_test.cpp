// Which state the feeds of one instrument are in, and what the ledger says of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/feed_keeper.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t second = 1'000'000'000;

kind_set kinds(std::initializer_list<event_kind> list) {
  kind_set result;
  for (const auto kind : list) result.set(static_cast<std::size_t>(kind));
  return result;
}
const auto all = kind_set().set();

struct feeds : testing::Test {
  void book(std::uint64_t number, bool snapshot, decimal bid = {10, 0}, decimal quantity = {1, 0}) {
    event_batch from;
    from.levels.emplace_back(bid, quantity);
    from.levels.emplace_back(decimal{20, 0}, decimal{1, 0});
    book_change change;
    change.snapshot = snapshot;
    change.bids = change.asks = 1;
    change.first_update_id = change.last_update_id = number;
    event what = tests::sample_trade(where, "b" + std::to_string(number));
    what.body = change;
    give(what, from);
  }
  void trade_event() { give(tests::sample_trade(where, "t"), {}); }
  void give(event what, const event_batch& from) {
    what.receive_ns = what.exchange_ns = now += second;
    keeper.process(what, from, out);
  }
  void stale(const kind_set& which = all) { keeper.stale(which, now += second, "silent", out); }
  void lost(const kind_set& which = all) {
    keeper.connection_lost(which, now += second, "closed", out);
  }
  bool proves(decimal bid, decimal quantity = {1, 0}) {
    event_batch from;
    from.levels.emplace_back(bid, quantity);
    from.levels.emplace_back(decimal{20, 0}, decimal{1, 0});
    book_change change;
    change.snapshot = true;
    change.bids = change.asks = 1;
    return keeper.proves(change, from, now += second, out);
  }

  // "trade live", "book: live to stale", "book gap silence", "book gap silence by data, whole".
  std::vector<std::string> said() {
    std::vector<std::string> result;
    for (const auto& what : out.events) {
      std::string text(to_string(what.kind()));
      if (const auto* const entry = std::get_if<gap>(&what.body)) {
        text = std::string(to_string(entry->feed)) + " gap " + std::string(to_string(entry->cause));
        if (entry->repair != gap_repair::none) text += " " + std::string(to_string(entry->repair));
        if (entry->end_ns != 0) text += entry->recovered ? ", whole" : ", over";
      } else if (const auto* const change = std::get_if<status_change>(&what.body)) {
        text = std::string(to_string(change->feed)) + ": " + std::string(to_string(change->from)) +
               " to " + std::string(to_string(change->to));
      } else {
        text += " " + std::string(to_string(what.state));
      }
      result.push_back(text);
    }
    out.clear();
    return result;
  }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  feed_keeper keeper{where, make_contiguous_guard(), {}};
  event_batch out;
  std::int64_t now = 1'000 * second;
};

TEST_F(feeds, that_are_stale_say_so_and_are_live_again_with_data) {
  book(1, true);
  trade_event();
  said();
  stale();
  EXPECT_THAT(said(), ElementsAre("book gap silence", "book: live to stale", "trade gap silence",
                                  "trade: live to stale"));
  book(2, false);
  EXPECT_THAT(said(), ElementsAre("book live", "book: stale to live", "book gap silence, whole"));
  EXPECT_EQ(keeper.state(event_kind::trade), feed_state::stale);
  trade_event();
  EXPECT_THAT(said(), ElementsAre("trade live", "trade: stale to live", "trade gap silence, over"));
}

TEST_F(feeds, that_are_not_live_do_not_become_stale) {
  stale();
  EXPECT_THAT(said(), IsEmpty());
  book(1, true);
  book(3, false);
  said();
  stale();
  EXPECT_THAT(said(), IsEmpty());
  EXPECT_EQ(keeper.state(), feed_state::gap);
}

TEST_F(feeds, are_stale_one_by_one) {
  book(1, true);
  trade_event();
  said();
  stale(kinds({event_kind::trade}));
  EXPECT_THAT(said(), ElementsAre("trade gap silence", "trade: live to stale"));
  EXPECT_EQ(keeper.state(), feed_state::live);
}

TEST_F(feeds, a_stale_book_stays_in_doubt_when_an_update_is_missing) {
  book(1, true);
  said();
  stale();
  said();
  book(3, false);
  EXPECT_THAT(said(), ElementsAre("book: stale to gap"));  // the gap that is open goes on
  book(4, true);
  EXPECT_THAT(said(), ElementsAre("book live", "book: gap to live", "book gap silence, whole"));
}

TEST_F(feeds, a_duplicate_does_not_prove_a_stale_book) {
  book(1, true);
  book(2, false);
  const auto sent_ns = now;
  stale();
  said();
  const auto came_ns = std::exchange(now, sent_ns - second);  // it has the time of the first one
  book(2, false);
  now = came_ns + second;
  EXPECT_EQ(keeper.counters().duplicates, 1U);
  EXPECT_EQ(keeper.state(), feed_state::stale);
}

TEST_F(feeds, the_old_book_is_gone_before_the_new_snapshot) {
  book(1, true, {11, 0});
  trade_event();
  said();
  lost();
  EXPECT_TRUE(keeper.book().empty());
  EXPECT_EQ(keeper.state(event_kind::trade), feed_state::syncing);
  EXPECT_THAT(said(), ElementsAre("book gap connection", "book: live to gap",
                                  "book gap connection reconnect", "book: gap to syncing",
                                  "trade gap connection", "trade gap connection reconnect",
                                  "trade: live to syncing"));
  book(2, false, {12, 0});  // of the new connection, before its snapshot
  EXPECT_TRUE(keeper.book().empty());
  EXPECT_THAT(said(), IsEmpty());
  book(7, true, {13, 0});
  EXPECT_FALSE(keeper.book().quantity_at(book_part::bids, {11, 0}));
  EXPECT_FALSE(keeper.book().quantity_at(book_part::bids, {12, 0}));
  EXPECT_TRUE(keeper.book().quantity_at(book_part::bids, {13, 0}));
  EXPECT_THAT(said(), ElementsAre("book live", "book: syncing to live",
                                  "book gap connection reconnect, whole"));
}

TEST_F(feeds, of_another_connection_live_on) {
  book(1, true);
  trade_event();
  said();
  lost(kinds({event_kind::trade}));
  EXPECT_THAT(said(), ElementsAre("trade gap connection", "trade gap connection reconnect",
                                  "trade: live to syncing"));
  EXPECT_EQ(keeper.state(), feed_state::live);
  EXPECT_FALSE(keeper.book().empty());
}

TEST_F(feeds, the_ledger_has_each_step_and_the_one_that_helped) {
  book(1, true);
  book(3, false);
  keeper.note_repair(all, gap_repair::resubscribe, now, out);
  lost();
  keeper.note_repair(all, gap_repair::restart, now, out);
  said();
  book(9, true);
  EXPECT_THAT(said(), ElementsAre("book live", "book: syncing to live",
                                  "book gap sequence restart, whole"));
  keeper.note_repair(all, gap_repair::resubscribe, now, out);
  EXPECT_THAT(said(), IsEmpty());  // there is no gap
}

TEST_F(feeds, the_same_book_at_the_venue_proves_a_quiet_market) {
  book(1, true);
  said();
  EXPECT_TRUE(proves({10, 0}));
  EXPECT_TRUE(proves({100, -1}));  // the same value, other digits
  EXPECT_FALSE(proves({11, 0}));
  EXPECT_FALSE(proves({10, 0}, {2, 0}));
  EXPECT_THAT(said(), IsEmpty());
  stale();
  said();
  EXPECT_FALSE(proves({11, 0}));
  EXPECT_EQ(keeper.state(), feed_state::stale);
  EXPECT_TRUE(proves({10, 0}));
  EXPECT_THAT(said(), ElementsAre("book: stale to live", "book gap silence, whole"));
}

TEST_F(feeds, nothing_proves_a_book_that_is_not_there) {
  EXPECT_FALSE(proves({10, 0}));
  book(1, true);
  book(3, false);
  EXPECT_FALSE(proves({10, 0}));
}

}  // namespace
}  // namespace feedtree
