#include "core/continuity.hpp"

#include <gtest/gtest.h>

namespace feedtree {
namespace {

using verdict = continuity_verdict;

book_change ids(std::uint64_t first, std::uint64_t last, std::uint64_t previous = 0) {
  book_change change;
  change.first_update_id = first;
  change.last_update_id = last;
  change.previous_update_id = previous;
  return change;
}

event timed(std::int64_t exchange_ns, std::string_view key) {
  event what;
  what.exchange_ns = exchange_ns;
  what.key.append(key);
  return what;
}

struct guard_test : testing::Test {
  verdict at(std::int64_t exchange_ns, const book_change& change) {
    return guard->on_delta(timed(exchange_ns, ""), change);
  }
  void snapshot(std::uint64_t last) { guard->on_snapshot({}, ids(0, last)); }
  verdict delta(std::uint64_t first, std::uint64_t last, std::uint64_t previous = 0) {
    return guard->on_delta({}, ids(first, last, previous));
  }
  guard_ptr guard;
};

struct unchecked_guard : guard_test {
  unchecked_guard() { guard = make_unchecked_guard(); }
};

TEST_F(unchecked_guard, applies_everything_and_counts_no_check) {
  snapshot(5);
  EXPECT_EQ(delta(1, 1), verdict::apply);
  EXPECT_EQ(delta(1, 1), verdict::apply);
  EXPECT_FALSE(guard->checks_sequence());
  EXPECT_FALSE(guard->holds_deltas());
  EXPECT_FALSE(guard->checksum_holds(ids(1, 1), order_book()).has_value());
}

struct contiguous_guard : guard_test {
  contiguous_guard() { guard = make_contiguous_guard(); }
};

TEST_F(contiguous_guard, gives_each_verdict) {
  snapshot(10);
  EXPECT_EQ(delta(0, 11), verdict::apply);
  EXPECT_EQ(delta(0, 11), verdict::duplicate);
  EXPECT_EQ(delta(0, 10), verdict::duplicate);
  EXPECT_EQ(delta(0, 13), verdict::broken);
  EXPECT_EQ(delta(0, 12), verdict::apply);  // a broken one is not remembered
  EXPECT_TRUE(guard->checks_sequence());
}

TEST_F(contiguous_guard, begins_anew_with_a_snapshot) {
  snapshot(10);
  EXPECT_EQ(delta(0, 15), verdict::broken);
  snapshot(20);
  EXPECT_EQ(delta(0, 21), verdict::apply);
  snapshot(3);
  EXPECT_EQ(delta(0, 4), verdict::apply);
}

TEST_F(contiguous_guard, takes_a_lower_number_with_a_later_time_for_no_repetition) {
  guard->on_snapshot(timed(100, "s"), ids(0, 10));
  EXPECT_EQ(at(101, ids(0, 11)), verdict::apply);
  EXPECT_EQ(at(101, ids(0, 11)), verdict::duplicate);
  EXPECT_EQ(at(100, ids(0, 10)), verdict::duplicate);
  EXPECT_EQ(at(102, ids(0, 1)), verdict::went_back);
  guard->on_snapshot(timed(103, "s"), ids(0, 2));
  EXPECT_EQ(at(104, ids(0, 3)), verdict::apply);
  EXPECT_EQ(at(104, ids(0, 0)), verdict::duplicate);
  EXPECT_EQ(at(105, ids(0, 0)), verdict::went_back) << "0 is a number";
}

struct range_guard : guard_test {
  range_guard() { guard = make_range_guard(); }
};

TEST_F(range_guard, lets_the_first_update_cover_the_end_of_the_snapshot) {
  EXPECT_TRUE(guard->holds_deltas());
  snapshot(100);
  EXPECT_EQ(delta(90, 95), verdict::old);
  EXPECT_EQ(delta(96, 100), verdict::old);
  EXPECT_EQ(delta(98, 105), verdict::apply);
  EXPECT_EQ(delta(106, 110), verdict::apply);
  EXPECT_EQ(delta(106, 110), verdict::duplicate);
  EXPECT_EQ(delta(112, 115), verdict::broken);
}

TEST_F(range_guard, wants_the_number_after_the_snapshot_to_be_covered) {
  snapshot(100);
  EXPECT_EQ(delta(102, 105), verdict::broken);
  snapshot(100);
  EXPECT_EQ(delta(101, 105), verdict::apply);
}

TEST_F(range_guard, takes_an_overlap_in_steady_state_for_a_break) {
  snapshot(100);
  EXPECT_EQ(delta(101, 105), verdict::apply);
  EXPECT_EQ(delta(105, 108), verdict::broken);
}

TEST_F(range_guard, takes_a_lower_number_with_a_later_time_for_no_repetition) {
  snapshot(100);
  EXPECT_EQ(at(50, ids(96, 100)), verdict::old);
  EXPECT_EQ(at(60, ids(101, 105)), verdict::apply);
  EXPECT_EQ(at(60, ids(101, 105)), verdict::duplicate);
  EXPECT_EQ(at(61, ids(1, 5)), verdict::went_back);
  EXPECT_EQ(at(62, ids(6, 9)), verdict::duplicate) << "it follows what went back";
}

// A snapshot of the old numbering: what is below it is old, but not if it went back before it.
TEST_F(range_guard, notices_between_two_snapshots_that_the_numbers_went_back) {
  snapshot(100);
  EXPECT_EQ(at(60, ids(101, 105)), verdict::apply);
  snapshot(106);
  EXPECT_EQ(at(61, ids(1, 5)), verdict::went_back);
  snapshot(5);
  EXPECT_EQ(at(61, ids(1, 5)), verdict::old);
  EXPECT_EQ(at(62, ids(6, 9)), verdict::apply);
}

TEST_F(range_guard, knows_nothing_of_the_numbers_of_another_connection) {
  snapshot(100);
  EXPECT_EQ(at(60, ids(101, 105)), verdict::apply);
  guard->on_connection_lost();
  snapshot(7);
  EXPECT_EQ(at(61, ids(3, 7)), verdict::old);
}

TEST_F(range_guard, tells_a_snapshot_that_is_too_old) {
  EXPECT_TRUE(guard->reaches(ids(0, 100), ids(101, 105)));
  EXPECT_TRUE(guard->reaches(ids(0, 100), ids(50, 55)));
  EXPECT_FALSE(guard->reaches(ids(0, 100), ids(102, 105)));
}

struct link_guard : guard_test {
  link_guard() { guard = make_link_guard({.holds_deltas = false}); }
};

TEST_F(link_guard, wants_each_update_to_name_the_one_before) {
  EXPECT_FALSE(guard->holds_deltas());
  snapshot(10);
  EXPECT_EQ(delta(0, 14, 10), verdict::apply);
  EXPECT_EQ(delta(0, 14, 10), verdict::duplicate);
  EXPECT_EQ(delta(0, 20, 15), verdict::broken);
  EXPECT_EQ(delta(0, 15, 14), verdict::apply);
}

TEST_F(link_guard, takes_a_lower_number_with_a_later_time_for_no_repetition) {
  snapshot(10);
  EXPECT_EQ(at(60, ids(0, 14, 10)), verdict::apply);
  EXPECT_EQ(at(60, ids(0, 14, 10)), verdict::duplicate);
  EXPECT_EQ(at(61, ids(0, 3, 2)), verdict::went_back);
  EXPECT_EQ(at(62, ids(0, 5, 14)), verdict::apply) << "it names the one before";
}

struct link_guard_with_held_deltas : guard_test {
  link_guard_with_held_deltas() { guard = make_link_guard({.holds_deltas = true}); }
};

TEST_F(link_guard_with_held_deltas, lets_the_first_update_cover_the_snapshot) {
  EXPECT_TRUE(guard->holds_deltas());
  snapshot(100);
  EXPECT_EQ(delta(80, 90, 79), verdict::old);
  EXPECT_EQ(delta(95, 105, 94), verdict::apply);
  EXPECT_EQ(delta(107, 110, 105), verdict::apply);
  EXPECT_EQ(delta(112, 115, 111), verdict::broken);
  EXPECT_EQ(delta(107, 110, 105), verdict::duplicate);
}

TEST_F(link_guard_with_held_deltas, notices_between_two_snapshots_that_the_numbers_went_back) {
  snapshot(100);
  EXPECT_EQ(at(60, ids(95, 105, 94)), verdict::apply);
  snapshot(110);
  EXPECT_EQ(at(61, ids(106, 108, 105)), verdict::old);
  EXPECT_EQ(at(62, ids(1, 5, 0)), verdict::went_back);
}

TEST_F(link_guard_with_held_deltas, breaks_where_the_first_update_begins_too_late) {
  snapshot(100);
  EXPECT_EQ(delta(103, 105, 102), verdict::broken);
  EXPECT_TRUE(guard->reaches(ids(0, 100), ids(95, 105, 94)));
  EXPECT_TRUE(guard->reaches(ids(0, 100), ids(101, 105, 100)));
  EXPECT_FALSE(guard->reaches(ids(0, 100), ids(103, 105, 102)));
}

TEST(checksum_guard, drops_what_has_the_key_of_the_one_before) {
  const auto guard = make_checksum_guard([](const order_book&) { return 7U; });
  guard->on_snapshot(timed(10, "a"), {});
  EXPECT_EQ(guard->on_delta(timed(10, "a"), {}), verdict::duplicate);
  EXPECT_EQ(guard->on_delta(timed(10, "b"), {}), verdict::apply);
  EXPECT_EQ(guard->on_delta(timed(10, "b"), {}), verdict::duplicate);
  EXPECT_EQ(guard->on_delta(timed(9, "c"), {}), verdict::broken);
  EXPECT_EQ(guard->on_delta(timed(11, "d"), {}), verdict::apply);
  EXPECT_FALSE(guard->checks_sequence());
}

TEST(checksum_guard, compares_the_book_with_the_venues_checksum) {
  const auto guard = make_checksum_guard([](const order_book& book) {
    return static_cast<std::uint32_t>(book.size(book_part::bids));
  });
  order_book book;
  book_change change;
  EXPECT_FALSE(guard->checksum_holds(change, book).has_value());
  change.has_checksum = true;
  EXPECT_EQ(guard->checksum_holds(change, book), true);
  change.checksum = 1;
  EXPECT_EQ(guard->checksum_holds(change, book), false);
}

}  // namespace
}  // namespace feedtree
