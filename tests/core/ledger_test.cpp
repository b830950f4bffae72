#include "core/ledger.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

constexpr std::int64_t second = 1'000'000'000;

struct one_feed : testing::Test {
  std::vector<std::string> keys() const {
    std::vector<std::string> result;
    for (const auto& what : out.events) result.emplace_back(what.key.view());
    return result;
  }
  const gap& last_entry() const {
    const gap* found = nullptr;
    for (const auto& what : out.events) {
      if (const auto* const entry = std::get_if<gap>(&what.body)) found = entry;
    }
    return *found;
  }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  feed_ledger ledger{where, event_kind::book};
  event_batch out;
};

TEST_F(one_feed, is_told_of_under_the_time_of_the_venue) {
  ledger.change_state(feed_state::live, {5 * second, 6 * second}, "snapshot", out);
  ledger.open_gap(gap_cause::sequence, {7 * second, 8 * second}, "missing", out);
  EXPECT_EQ(keys(), (std::vector<std::string>{"book-5000000000-live", "book-7000000000-begin"}));
}

TEST_F(one_feed, has_a_key_of_its_own_for_each_step_where_the_clock_of_the_venue_stands) {
  for (std::int64_t time = 1; time <= 4; ++time) {
    const moment at{3 * second, 10 * second + time};
    ledger.open_gap(gap_cause::sequence, at, "missing", out);
    ledger.change_state(feed_state::gap, at, "missing", out);
    ledger.note_repair(gap_repair::resubscribe, at, out);
    ledger.change_state(feed_state::live, at, "the same snapshot as before", out);
    ledger.close_gap(true, at, out);
  }
  const auto all = keys();
  EXPECT_EQ(all.size(), 20u);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST_F(one_feed, is_told_of_in_the_order_of_receive_times) {
  ledger.change_state(feed_state::crossed, {3 * second, 9 * second}, "snapshot", out);
  ledger.open_gap(gap_cause::crossed, {3 * second, 9 * second}, "crossed", out);
  const moment held_before{2 * second, 8 * second};
  ledger.change_state(feed_state::live, held_before, "no longer crossed", out);
  ledger.close_gap(true, held_before, out);
  for (const auto& what : out.events) EXPECT_EQ(what.receive_ns, 9 * second);
  EXPECT_EQ(last_entry().end_ns, 9 * second);
}

TEST_F(one_feed, that_had_data_has_a_gap_where_its_keeper_was_restarted) {
  ledger.resume({feed_state::live, false, {}, 0}, 4 * second, moment::ours(9 * second), out);
  EXPECT_EQ(last_entry().cause, gap_cause::restart);
  EXPECT_EQ(last_entry().begin_ns, 4 * second);
  EXPECT_EQ(last_entry().repair, gap_repair::restart);
  EXPECT_EQ(ledger.state(), feed_state::syncing);
  ledger.close_gap(true, {10 * second, 10 * second}, out);
  EXPECT_EQ(last_entry().end_ns, 10 * second);
}

TEST_F(one_feed, does_not_use_a_key_of_before_its_restart_again) {
  const moment ahead{20 * second, 5 * second};  // the venue's clock is
  ledger.change_state(feed_state::live, ahead, "snapshot", out);
  feed_ledger successor(where, event_kind::book);
  successor.resume(ledger.past(), 5 * second, moment::ours(6 * second), out);
  successor.change_state(feed_state::live, {20 * second, 7 * second}, "snapshot", out);
  const auto all = keys();
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST_F(one_feed, goes_on_with_the_gap_that_was_open_when_its_keeper_was_restarted) {
  feed_ledger before(where, event_kind::book);
  event_batch earlier;
  before.good(2 * second);
  before.change_state(feed_state::live, moment::ours(2 * second), "snapshot", earlier);
  before.open_gap(gap_cause::checksum, moment::ours(3 * second), "differs", earlier);
  ledger.resume(before.past(), 4 * second, moment::ours(9 * second), out);
  ledger.close_gap(true, moment::ours(10 * second), out);
  EXPECT_EQ(last_entry().cause, gap_cause::checksum);
  EXPECT_EQ(last_entry().begin_ns, 2 * second);
  EXPECT_EQ(last_entry().repair, gap_repair::restart);
  for (const auto& key : keys()) EXPECT_EQ(key.find("begin"), std::string::npos) << key;
}

TEST_F(one_feed, has_an_outage_since_the_last_event_that_is_stored) {
  ledger.resume_after_outage({feed_state::live, false, {}, 0}, 4 * second, moment::ours(9 * second),
                             out);
  EXPECT_EQ(last_entry().cause, gap_cause::outage);
  EXPECT_EQ(last_entry().begin_ns, 4 * second);
  EXPECT_EQ(last_entry().end_ns, 0);
  EXPECT_EQ(ledger.state(), feed_state::syncing);
  ledger.change_state(feed_state::live, {10 * second, 11 * second}, "data", out);
  ledger.close_gap(true, {10 * second, 11 * second}, out);
  EXPECT_EQ(last_entry().cause, gap_cause::outage);
  EXPECT_EQ(last_entry().begin_ns, 4 * second);
  EXPECT_EQ(last_entry().end_ns, 11 * second);
  EXPECT_TRUE(last_entry().recovered);
}

TEST_F(one_feed, that_had_nothing_but_a_start_has_an_outage_too) {
  ledger.resume_after_outage({}, 4 * second, moment::ours(9 * second), out);
  EXPECT_EQ(last_entry().cause, gap_cause::outage);
}

TEST_F(one_feed, goes_on_with_an_outage_in_which_nothing_came) {
  feed_ledger before(where, event_kind::book);
  event_batch earlier;
  before.resume_after_outage({feed_state::live, false, {}, 0}, 4 * second, moment::ours(9 * second),
                             earlier);
  ledger.resume_after_outage(before.past(), 4 * second, moment::ours(20 * second), out);
  ledger.close_gap(true, moment::ours(21 * second), out);
  EXPECT_EQ(last_entry().begin_ns, 4 * second);
  for (const auto& key : keys()) EXPECT_EQ(key.find("begin"), std::string::npos) << key;
}

TEST_F(one_feed, ends_the_gap_in_which_an_outage_began_with_the_outage) {
  ledger.resume_after_outage({feed_state::gap, true, gap_cause::sequence, 2 * second}, 4 * second,
                             moment::ours(9 * second), out);
  // Killed and started once more.
  feed_ledger successor(where, event_kind::book);
  successor.resume_after_outage(ledger.past(), 4 * second, moment::ours(15 * second), out);
  out.clear();
  successor.close_gap(true, moment::ours(16 * second), out);
  ASSERT_EQ(out.events.size(), 2U);
  EXPECT_EQ(std::get<gap>(out.events.front().body).cause, gap_cause::outage);
  EXPECT_EQ(last_entry().cause, gap_cause::sequence);
  EXPECT_EQ(last_entry().begin_ns, 2 * second);
  EXPECT_TRUE(last_entry().recovered);
  EXPECT_NE(keys().front(), keys().back());
}

TEST_F(one_feed, that_never_had_data_is_restarted_in_silence) {
  ledger.resume({}, 4 * second, moment::ours(9 * second), out);
  EXPECT_TRUE(out.events.empty());
}

}  // namespace
}  // namespace feedtree
