#include "core/feed_keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace feedtree {
namespace {

using testing::ElementsAre;

decimal number(std::string_view text) {
  decimal result;
  EXPECT_EQ(parse_decimal(text, result), decimal_error::none) << text;
  return result;
}

// One book under a guard, fed by hand. Times are those of a counter: one second a message.
struct feed {
  explicit feed(guard_ptr guard, keeper_options options = {})
      : where(registry.intern("a", instrument::spot("BTC", "USD"), "BTC-USD")),
        keeper(where, std::move(guard), options) {}

  using side = std::vector<std::pair<const char*, const char*>>;

  void book(bool snapshot, book_change change, const side& bids, const side& asks) {
    event_batch from;
    for (const auto& list : {bids, asks}) {
      for (const auto& [price, quantity] : list) {
        from.levels.emplace_back(number(price), number(quantity));
      }
    }
    change.snapshot = snapshot;
    change.bids = static_cast<std::uint32_t>(bids.size());
    change.asks = static_cast<std::uint32_t>(asks.size());
    give(change, from);
  }
  void give(const decltype(event::body)& body, const event_batch& from = {}) {
    event what;
    what.where = where;
    what.exchange_ns = ++clock_s * 1'000'000'000;
    what.receive_ns = what.exchange_ns + 5;
    what.key.append(clock_s);
    what.body = body;
    out.clear();
    keeper.process(what, from, out);
    for (const auto& given : out.events) {
      if (const auto* change = std::get_if<book_change>(&given.body))
        last_id = change->last_update_id;
    }
  }

  // The next event has the time of the last one: it is a repetition.
  feed& repeat() {
    --clock_s;
    return *this;
  }
  void snapshot(std::uint64_t last, const side& bids = {{"10", "1"}},
                const side& asks = {{"11", "1"}}) {
    book(true, ids(0, last), bids, asks);
  }
  void delta(std::uint64_t first, std::uint64_t last, const side& bids = {{"9", "1"}},
             const side& asks = {}) {
    book(false, ids(first, last), bids, asks);
  }

  static book_change ids(std::uint64_t first, std::uint64_t last, std::uint64_t previous = 0) {
    book_change change;
    change.first_update_id = first;
    change.last_update_id = last;
    change.previous_update_id = previous;
    return change;
  }

  // What came out, in words: "book live", "status gap", "gap begin sequence".
  std::vector<std::string> said() const {
    std::vector<std::string> result;
    for (const auto& what : out.events) {
      std::string text(to_string(what.kind()));
      if (const auto* entry = std::get_if<gap>(&what.body)) {
        if (entry->feed != event_kind::book)
          text = std::string(to_string(entry->feed)) + " " + text;
        const bool is_step = entry->end_ns == 0 && entry->repair != gap_repair::none;
        text += entry->end_ns != 0 ? " end " : is_step ? " tries " : " begin ";
        text += is_step ? to_string(entry->repair) : to_string(entry->cause);
      } else {
        text += " " + std::string(to_string(what.state));
      }
      result.push_back(text);
    }
    return result;
  }

  std::int64_t clock_s = 0;
  listing_registry registry;
  const listing* where;
  feed_keeper keeper;
  event_batch out;
  std::uint64_t last_id = 0;  // of the book messages that came out
};

TEST(feed_keeper, is_syncing_until_the_snapshot_and_asks_for_it_once) {
  feed with(make_contiguous_guard());
  EXPECT_EQ(with.keeper.state(), feed_state::syncing);
  EXPECT_FALSE(with.keeper.take_snapshot_request());
  with.delta(0, 5);
  EXPECT_THAT(with.said(), ElementsAre());
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.delta(0, 6);
  EXPECT_FALSE(with.keeper.take_snapshot_request());
  EXPECT_EQ(with.keeper.counters().without_snapshot, 2u);
  with.snapshot(7);
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live"));
  with.delta(0, 8);
  EXPECT_THAT(with.said(), ElementsAre("book live"));
  EXPECT_EQ(with.keeper.counters().sequence_ok, 1u);
}

TEST(feed_keeper, lets_other_kinds_pass_with_the_state_of_their_own_feed) {
  feed with(make_contiguous_guard());
  with.give(trade{number("1"), number("2"), trade_side::sell});
  EXPECT_THAT(with.said(), ElementsAre("trade live", "status live"));
  EXPECT_EQ(std::get<status_change>(with.out.events[1].body).feed, event_kind::trade);
  with.give(trade{number("1"), number("2"), trade_side::sell});
  EXPECT_THAT(with.said(), ElementsAre("trade live"));
  EXPECT_EQ(with.keeper.state(event_kind::trade), feed_state::live);
  EXPECT_EQ(with.keeper.state(event_kind::quote), feed_state::syncing);
  EXPECT_FALSE(with.keeper.take_snapshot_request());
}

TEST(feed_keeper, drops_duplicates_without_a_word) {
  feed with(make_contiguous_guard());
  with.snapshot(7);
  with.delta(0, 8, {{"9", "1"}});
  const auto hash = with.keeper.book().hash();
  with.repeat().delta(0, 8, {{"9", "5"}});
  EXPECT_THAT(with.said(), ElementsAre());
  EXPECT_EQ(with.keeper.book().hash(), hash);
  EXPECT_EQ(with.keeper.counters().duplicates, 1u);
  EXPECT_EQ(with.keeper.repeated(), 1u);
  EXPECT_EQ(with.keeper.state(), feed_state::live);
}

TEST(feed_keeper, asks_for_a_snapshot_when_the_venue_counts_again) {
  feed with(make_contiguous_guard());
  with.snapshot(900'000);
  with.delta(0, 900'001);
  with.delta(0, 1);
  EXPECT_THAT(with.said(), ElementsAre("gap begin sequence", "status gap"));
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  EXPECT_EQ(with.keeper.counters().numbers_back, 1u);
  EXPECT_EQ(with.keeper.counters().duplicates, 0u);
  with.snapshot(2);
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "gap end sequence"));
  with.delta(0, 3);
  EXPECT_THAT(with.said(), ElementsAre("book live"));
}

// The keys of the test are times; those of venues are numbers, which come a second time.
TEST(feed_keeper, gives_keys_of_their_own_to_numbers_that_come_again) {
  feed with(make_contiguous_guard());
  const auto key = [&with] { return std::string(with.out.events.front().key.view()); };
  with.snapshot(7);
  with.delta(0, 8);
  EXPECT_EQ(key().find('~'), std::string::npos);
  with.delta(0, 4);
  with.snapshot(6);
  EXPECT_NE(key().find('~'), std::string::npos);
  with.delta(0, 7);
  EXPECT_NE(key().find('~'), std::string::npos);
  const auto first = key().substr(key().find('~'));
  with.delta(0, 8);
  EXPECT_NE(key().substr(key().find('~')), first);
  with.delta(0, 9);
  EXPECT_EQ(key().find('~'), std::string::npos) << "above all that was given before";
}

// Deltas of the old numbering that are held would be too new for every snapshot of the new one.
TEST(feed_keeper, does_not_hold_what_was_numbered_before_the_venue_counted_again) {
  feed with(make_range_guard());
  with.delta(900'001, 900'005);
  with.delta(900'006, 900'009);
  with.delta(1, 5);
  with.delta(6, 9);
  EXPECT_EQ(with.keeper.counters().without_snapshot, 2u);
  with.snapshot(7);
  EXPECT_EQ(with.keeper.state(), feed_state::live);
  EXPECT_EQ(with.keeper.counters().snapshots_too_old, 0u);
  with.delta(10, 12);
  EXPECT_THAT(with.said(), ElementsAre("book live"));
}

TEST(feed_keeper, counts_levels_that_fall_off_the_depth) {
  feed with(make_unchecked_guard(), {2, 10, 100});
  with.snapshot(1, {{"10", "1"}, {"9", "1"}}, {{"11", "1"}});
  with.delta(0, 2, {{"9.5", "1"}});
  EXPECT_EQ(with.keeper.counters().levels_cut, 1u);
}

TEST(feed_keeper, stops_at_a_gap_and_goes_on_with_the_next_snapshot) {
  feed with(make_contiguous_guard());
  with.snapshot(7);
  with.delta(0, 8);
  const auto hash = with.keeper.book().hash();
  with.delta(0, 10, {{"9.5", "1"}});
  EXPECT_THAT(with.said(), ElementsAre("gap begin sequence", "status gap"));
  EXPECT_EQ(with.keeper.book().hash(), hash);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  const auto& opened = std::get<gap>(with.out.events[0].body);
  EXPECT_EQ(opened.begin_ns, 2'000'000'005);  // the last good message
  EXPECT_EQ(opened.end_ns, 0);
  EXPECT_FALSE(opened.recovered);
  with.delta(0, 11);
  EXPECT_THAT(with.said(), ElementsAre());
  EXPECT_FALSE(with.keeper.take_snapshot_request());
  with.snapshot(12);
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "gap end sequence"));
  const auto& closed = std::get<gap>(with.out.events[2].body);
  EXPECT_TRUE(closed.recovered);
  EXPECT_EQ(closed.begin_ns, 2'000'000'005);
  EXPECT_EQ(closed.end_ns, 5'000'000'005);
  with.delta(0, 13);
  EXPECT_THAT(with.said(), ElementsAre("book live"));
}

TEST(feed_keeper, holds_deltas_for_a_snapshot_over_rest_and_applies_what_follows_it) {
  feed with(make_range_guard());
  with.delta(1, 5, {{"1", "1"}});
  with.delta(6, 8, {{"2", "1"}});
  with.delta(9, 12, {{"3", "1"}});
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  EXPECT_FALSE(with.keeper.take_snapshot_request());
  with.snapshot(7);
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "book live", "book live"));
  EXPECT_EQ(with.keeper.counters().old_deltas, 1u);
  EXPECT_EQ(with.keeper.counters().sequence_ok,
            1u);  // the one that joins the snapshot is not counted
  EXPECT_FALSE(with.keeper.book().quantity_at(book_part::bids, number("1")));
  EXPECT_TRUE(with.keeper.book().quantity_at(book_part::bids, number("2")));
  EXPECT_TRUE(with.keeper.book().quantity_at(book_part::bids, number("3")));
  with.delta(13, 13);
  EXPECT_THAT(with.said(), ElementsAre("book live"));
}

TEST(feed_keeper, wants_one_newer_snapshot_where_this_one_is_too_old) {
  feed with(make_range_guard());
  with.delta(10, 12);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.snapshot(8);
  EXPECT_THAT(with.said(), ElementsAre());
  EXPECT_EQ(with.keeper.state(), feed_state::syncing);
  EXPECT_EQ(with.keeper.counters().snapshots_too_old, 1u);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  // While that request is under way no second one is made.
  with.delta(13, 14);
  EXPECT_FALSE(with.keeper.take_snapshot_request());
  with.snapshot(11);
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "book live", "book live"));
}

TEST(feed_keeper, finds_a_gap_among_held_deltas) {
  feed with(make_range_guard());
  with.delta(1, 5);
  with.delta(8, 9);  // 6 and 7 are missing
  with.keeper.take_snapshot_request();
  with.snapshot(3);
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "book live",
                                       "gap begin sequence", "status gap"));
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  // What broke the chain is held, and the next snapshot continues with it.
  with.snapshot(7);
  EXPECT_THAT(with.said(),
              ElementsAre("book live", "status live", "gap end sequence", "book live"));
}

TEST(feed_keeper, holds_what_comes_after_a_gap) {
  feed with(make_range_guard());
  with.snapshot(10);
  with.delta(11, 12);
  with.delta(15, 16, {{"5", "1"}});
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.delta(17, 18, {{"6", "1"}});
  with.snapshot(15);
  EXPECT_EQ(with.keeper.state(), feed_state::live);
  EXPECT_TRUE(with.keeper.book().quantity_at(book_part::bids, number("5")));
  EXPECT_TRUE(with.keeper.book().quantity_at(book_part::bids, number("6")));
}

TEST(feed_keeper, holds_no_more_than_its_bounds) {
  feed with(make_range_guard(), {.depth = 0, .held_events_max = 10, .held_levels_max = 400'000});
  for (std::uint64_t id = 1; id <= 25; ++id) with.delta(id, id);
  EXPECT_EQ(with.keeper.counters().without_snapshot, 20u);
  with.snapshot(10);  // what would continue it is gone
  EXPECT_EQ(with.keeper.counters().snapshots_too_old, 1u);
  with.snapshot(20);
  EXPECT_THAT(with.said().size(), 7u);  // the book, its status, five deltas
  EXPECT_EQ(with.keeper.state(), feed_state::live);

  feed by_levels(make_range_guard(), {.depth = 0, .held_events_max = 4096, .held_levels_max = 4});
  for (std::uint64_t id = 1; id <= 9; ++id) {
    by_levels.delta(id, id, {{"1", "1"}, {"2", "1"}}, {{"20", "1"}});
  }
  EXPECT_EQ(by_levels.keeper.counters().without_snapshot, 8u);
}

TEST(feed_keeper, asks_again_after_a_snapshot_that_could_not_be_had) {
  feed with(make_range_guard());
  with.delta(1, 1);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.delta(2, 2);
  EXPECT_FALSE(with.keeper.take_snapshot_request());
  with.keeper.snapshot_failed();
  EXPECT_FALSE(with.keeper.take_snapshot_request());
  with.delta(3, 3);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
}

TEST(feed_keeper, forgets_the_book_when_the_connection_is_lost) {
  feed with(make_contiguous_guard());
  with.snapshot(7);
  with.out.clear();
  with.keeper.connection_lost(kind_set().set(), 9'000'000'000, "closed by the venue", with.out);
  EXPECT_THAT(with.said(), ElementsAre("gap begin connection", "status gap", "gap tries reconnect",
                                       "status syncing"));
  EXPECT_TRUE(with.keeper.book().empty());
  EXPECT_FALSE(with.keeper.take_snapshot_request());  // the new connection brings one by itself
  with.clock_s = 10;
  with.snapshot(3);
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "gap end connection"));
}

TEST(feed_keeper, says_nothing_of_a_connection_lost_before_there_was_a_book) {
  feed with(make_range_guard());
  with.delta(1, 1);
  with.keeper.connection_lost(kind_set().set(), 9, "reset", with.out);
  EXPECT_THAT(with.said(), ElementsAre());
  with.delta(100, 100);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.snapshot(99);  // reaches what was held since, not what was held before
  EXPECT_EQ(with.keeper.counters().snapshots_too_old, 0u);
  EXPECT_EQ(with.keeper.state(), feed_state::live);
}

TEST(feed_keeper, goes_on_as_suspect_after_a_gap_of_the_connection) {
  feed with(make_unchecked_guard());
  with.snapshot(0);
  with.out.clear();
  with.keeper.connection_gap(2'000'000'000, "frames 3 to 4 are missing", with.out);
  EXPECT_THAT(with.said(), ElementsAre("gap begin sequence", "status gap"));
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.delta(0, 0);
  EXPECT_THAT(with.said(), ElementsAre("book gap"));
  EXPECT_FALSE(with.keeper.take_snapshot_request());
  with.snapshot(0);
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "gap end sequence"));
}

TEST(feed_keeper, asks_anew_where_the_snapshot_may_be_among_what_is_missing) {
  feed with(make_unchecked_guard());
  with.snapshot(0);
  with.keeper.connection_gap(1, "once", with.out);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.keeper.connection_gap(2, "again", with.out);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  EXPECT_EQ(with.said().size(), 4u);  // still one gap: of the snapshot, then begin and status
}

TEST(feed_keeper, asks_anew_where_the_first_snapshot_may_be_missing) {
  feed with(make_unchecked_guard());
  with.delta(0, 0);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.keeper.connection_gap(2, "again", with.out);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
}

TEST(feed_keeper, asks_again_for_a_suspect_book_whose_snapshot_could_not_be_had) {
  feed with(make_unchecked_guard());
  with.snapshot(0);
  with.keeper.connection_gap(1, "once", with.out);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.keeper.snapshot_failed();
  with.delta(0, 0);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  EXPECT_EQ(with.keeper.state(), feed_state::gap);
}

// Else the deltas that the coming REST snapshot must be continued with would be used up.
TEST(feed_keeper, holds_deltas_after_a_gap_of_the_connection_where_snapshots_come_over_rest) {
  feed with(make_range_guard());
  with.snapshot(10);
  with.delta(11, 11);
  with.keeper.connection_gap(9, "frames are missing", with.out);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.delta(12, 12, {{"5", "1"}});
  with.delta(13, 13, {{"6", "1"}});
  with.snapshot(12);
  EXPECT_EQ(with.keeper.state(), feed_state::live);
  EXPECT_TRUE(with.keeper.book().quantity_at(book_part::bids, number("6")));
  EXPECT_EQ(with.keeper.counters().sequence_gaps, 0u);
}

TEST(feed_keeper, says_when_the_book_is_crossed_and_when_no_longer) {
  feed with(make_contiguous_guard());
  with.snapshot(1);
  with.delta(0, 2, {{"12", "1"}});
  EXPECT_THAT(with.said(), ElementsAre("book crossed", "status crossed", "gap begin crossed"));
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.delta(0, 3, {{"9", "1"}});
  EXPECT_THAT(with.said(), ElementsAre("book crossed"));
  EXPECT_FALSE(with.keeper.take_snapshot_request());
  with.delta(0, 4, {{"12", "0"}});
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "gap end crossed"));
  EXPECT_EQ(with.keeper.counters().crossed, 2u);
}

TEST(feed_keeper, holds_deltas_while_a_crossed_book_waits_for_a_snapshot_over_rest) {
  feed with(make_range_guard());
  with.snapshot(1);
  with.delta(2, 2, {{"12", "1"}});
  EXPECT_THAT(with.said(),
              ElementsAre("book crossed", "status crossed", "gap begin crossed", "status gap"));
  with.delta(3, 3, {{"5", "1"}});
  EXPECT_THAT(with.said(), ElementsAre());
  with.snapshot(2);
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "gap end crossed", "book live"));
}

TEST(feed_keeper, gives_a_crossed_snapshot_as_crossed) {
  feed with(make_contiguous_guard());
  with.snapshot(1, {{"12", "1"}}, {{"11", "1"}});
  EXPECT_THAT(with.said(), ElementsAre("book crossed", "status crossed", "gap begin crossed"));
  with.delta(0, 2, {{"12", "0"}});
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "gap end crossed"));
  EXPECT_EQ(with.keeper.state(), feed_state::live);
}

guard_ptr size_checksum() {
  return make_checksum_guard([](const order_book& book) {
    return static_cast<std::uint32_t>(book.size(book_part::bids) + book.size(book_part::asks));
  });
}

book_change checked(std::uint32_t checksum) {
  book_change change;
  change.has_checksum = true;
  change.checksum = checksum;
  return change;
}

TEST(feed_keeper, stops_at_a_checksum_that_differs) {
  feed with(size_checksum());
  with.book(true, checked(2), {{"10", "1"}}, {{"11", "1"}});
  EXPECT_EQ(with.keeper.counters().checksum_ok, 1u);
  with.book(false, checked(3), {{"9", "1"}}, {});
  EXPECT_THAT(with.said(), ElementsAre("book live"));
  with.book(false, checked(5), {{"8", "1"}}, {});
  EXPECT_THAT(with.said(), ElementsAre("gap begin checksum", "status gap"));
  EXPECT_EQ(with.keeper.counters().checksum_failed, 1u);
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.book(true, checked(9), {{"10", "1"}}, {{"11", "1"}});
  EXPECT_THAT(with.said(), ElementsAre());
  EXPECT_TRUE(with.keeper.take_snapshot_request());
  with.book(true, checked(2), {{"10", "1"}}, {{"11", "1"}});
  EXPECT_THAT(with.said(), ElementsAre("book live", "status live", "gap end checksum"));
}

TEST(feed_keeper, cuts_to_the_depth_before_it_compares) {
  feed with(size_checksum(), {.depth = 1});
  with.book(true, checked(2), {{"10", "1"}, {"9", "1"}}, {{"11", "1"}});
  EXPECT_EQ(with.keeper.counters().checksum_ok, 1u);
  EXPECT_EQ(with.keeper.book().size(book_part::bids), 1u);
}

TEST(feed_keeper, rejects_levels_that_no_book_can_hold) {
  feed with(make_unchecked_guard());
  with.snapshot(0);
  with.delta(0, 0, {{"9", "-1"}});
  EXPECT_THAT(with.said(), ElementsAre("gap begin rejected", "status gap"));
  EXPECT_TRUE(with.keeper.take_snapshot_request());
}

TEST(feed_keeper, gives_the_present_book_on_request) {
  feed with(make_contiguous_guard());
  with.snapshot(1, {{"10", "1.50"}, {"9", "2"}}, {{"11", "1"}});
  event_batch answer;
  answer.levels.resize(4);
  with.keeper.append_present_book(99, answer);
  ASSERT_EQ(answer.events.size(), 1u);
  const auto& change = std::get<book_change>(answer.events[0].body);
  EXPECT_TRUE(change.snapshot);
  ASSERT_EQ(answer.bids(change).size(), 2u);
  EXPECT_EQ(answer.bids(change)[0].quantity().to_string(), "1.50");
  EXPECT_EQ(answer.asks(change)[0].price().to_string(), "11");
  EXPECT_EQ(answer.events[0].receive_ns, 99);
}

// Whatever is lost, doubled or reordered on the way: a book that calls itself live is the venue's.
class lossy_feed : public testing::TestWithParam<std::uint64_t> {};

TEST_P(lossy_feed, is_never_live_with_a_wrong_book) {
  std::mt19937_64 random(GetParam());
  const auto below = [&random](std::uint64_t bound) { return random() % bound; };
  feed with(make_range_guard());
  // The venue: one level changes an update; what it was after each is kept.
  std::vector<std::pair<std::string, std::string>> updates{{}};
  std::vector<std::uint64_t> hashes;
  order_book venue;
  hashes.push_back(venue.hash());
  for (std::uint64_t id = 1; id <= 3000; ++id) {
    updates.emplace_back(std::to_string(1 + below(30)), std::to_string(below(5)));
    apply_counts counts;
    const level change{number(updates[id].first), number(updates[id].second)};
    venue.apply(book_part::bids, {&change, 1}, counts);
    hashes.push_back(venue.hash());
  }
  const auto send = [&](std::uint64_t id) {
    with.delta(id, id, {{updates[id].first.c_str(), updates[id].second.c_str()}});
  };
  const auto snapshot_at = [&](std::uint64_t id) {
    order_book then;
    for (std::uint64_t at = 1; at <= id; ++at) {
      apply_counts counts;
      const level change{number(updates[at].first), number(updates[at].second)};
      then.apply(book_part::bids, {&change, 1}, counts);
    }
    std::vector<std::pair<std::string, std::string>> text;
    then.for_top(book_part::bids, then.size(book_part::bids), [&](const level& entry) {
      text.emplace_back(entry.price().to_string(), entry.quantity().to_string());
    });
    feed::side bids;
    for (const auto& [price, quantity] : text) bids.emplace_back(price.c_str(), quantity.c_str());
    with.snapshot(id, bids, {});
  };
  std::uint64_t repairs = 0;
  std::uint64_t live = 0;
  std::uint64_t asked_at = 0;
  for (std::uint64_t id = 1; id <= 3000; ++id) {
    switch (below(40)) {
      case 0:
        break;  // lost
      case 1:
        send(id), send(id);
        break;
      case 2:
        send(id), send(id - below(std::min<std::uint64_t>(id, 9)));
        break;
      case 3:
        if (id < 3000) send(id + 1), send(id), ++id;
        break;
      default:
        send(id);
    }
    if (with.keeper.take_snapshot_request()) asked_at = id;
    // The answer takes its time, and may be of a moment before the question.
    if (asked_at != 0 && id >= asked_at + below(6)) {
      snapshot_at(asked_at - std::min(asked_at, below(3)));
      asked_at = with.keeper.take_snapshot_request() ? id : 0;
      ++repairs;
    }
    if (with.keeper.state() != feed_state::live) continue;
    ++live;
    // It is the venue's book of the last message that was passed on, which is no old one.
    ASSERT_EQ(with.keeper.book().hash(), hashes[with.last_id]) << "after update " << id;
    ASSERT_GE(with.last_id + 12, id);
  }
  EXPECT_GT(repairs, 50u);
  EXPECT_GT(live, 1000u);
}

INSTANTIATE_TEST_SUITE_P(of_many_seeds, lossy_feed, testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace feedtree
