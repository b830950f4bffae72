#include "actors/command/overview.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

using testing::HasSubstr;

class server_overview : public testing::Test {
 protected:
  // 10 frames: 8 decoded, 2 ignored; 5 trades passed on and delivered by both sinks.
  void SetUp() override {
    venue.frames_received = 10;
    venue.frames_decoded = 8;
    venue.frames_ignored = 2;
    venue.events[static_cast<std::size_t>(event_kind::trade)] = 5;
    set_sink(0, 5, 5);
    set_sink(1, 5, 5);
  }
  void set_sink(std::size_t index, std::uint64_t taken, std::uint64_t delivered) {
    sink_counters sink;
    sink.events = taken;
    sink.delivered = delivered;
    counters.set_sink(index, sink, "");
  }
  void set_book(const keeper_counters& book) {
    book_statistics entry;
    entry.where = btc;
    entry.state = feed_state::live;
    entry.counters = book;
    entry.bids = 3;
    entry.asks = 4;
    entry.best_bid = level(tests::number("61234.10"), tests::number("1"));
    counters.set_book(entry);
  }

  listing_registry registry;
  const listing* btc = tests::sample_listing(registry);
  statistics counters{{"nats", "sqlite"}};
  venue_statistics& venue = counters.of_venue("kraken");
};

TEST_F(server_overview, shows_feeds_that_are_stale) {
  book_statistics entry;
  entry.where = btc;
  entry.state = feed_state::stale;
  entry.counters.snapshots = 1;
  entry.kinds.set(static_cast<std::size_t>(event_kind::book));
  entry.kinds.set(static_cast<std::size_t>(event_kind::trade));
  entry.states[static_cast<std::size_t>(event_kind::book)] = feed_state::stale;
  entry.states[static_cast<std::size_t>(event_kind::trade)] = feed_state::stale;
  entry.states[static_cast<std::size_t>(event_kind::quote)] = feed_state::stale;  // not wanted
  counters.set_book(entry);
  const auto text = overview().text(counters, 1);
  EXPECT_THAT(text, HasSubstr(" stale "));
  EXPECT_THAT(text, HasSubstr("failed  trade stale\n"));
  entry.counters.snapshots = 0;  // there is no book
  counters.set_book(entry);
  EXPECT_THAT(overview().text(counters, 1), HasSubstr("  trade stale\n"));
}

TEST_F(server_overview, finds_no_problem_in_totals_that_add_up) {
  EXPECT_EQ(totals_problem(counters), "");
}

TEST_F(server_overview, finds_that_nothing_came) {
  EXPECT_EQ(totals_problem(statistics({})), "no frame was received");
}

TEST_F(server_overview, finds_a_frame_that_is_not_accounted_for) {
  venue.frames_received = 11;
  EXPECT_THAT(totals_problem(counters), HasSubstr("frames received are not"));
}

TEST_F(server_overview, finds_rejected_frames) {
  venue.frames_received = 13;
  venue.frames_rejected = 3;
  EXPECT_EQ(totals_problem(counters), "3 frames were rejected");
}

TEST_F(server_overview, finds_parts_of_frames_that_were_left_out) {
  venue.entries_lost = 1;
  venue.fields_lost = 2;
  EXPECT_EQ(totals_problem(counters), "3 entries or fields of frames did not fit");
}

TEST_F(server_overview, finds_failed_checks_of_both_kinds) {
  keeper_counters book;
  book.checksum_failed = 1;
  book.sequence_gaps = 1;
  set_book(book);
  EXPECT_EQ(totals_problem(counters), "2 continuity checks failed");
}

TEST_F(server_overview, finds_quarantined_events) {
  venue.quarantined = 1;
  EXPECT_EQ(totals_problem(counters), "1 events are in quarantine");
}

TEST_F(server_overview, finds_a_sink_that_delivered_less_than_was_passed_on) {
  set_sink(1, 5, 4);
  EXPECT_EQ(totals_problem(counters), "sqlite was given 5 events, took 5 and delivered 4");
}

TEST_F(server_overview, finds_a_sink_that_took_more_than_was_passed_on) {
  set_sink(0, 6, 6);
  EXPECT_EQ(totals_problem(counters), "nats was given 5 events, took 6 and delivered 6");
}

TEST_F(server_overview, shows_rates_since_the_call_before) {
  constexpr std::int64_t s = 1'000'000'000;
  overview view;
  EXPECT_THAT(view.text(counters, 100 * s), HasSubstr("10 frames/s, 5 events/s; 5 trades"));
  venue.frames_received = 30;
  EXPECT_THAT(view.text(counters, 102 * s), HasSubstr("10 frames/s, 0 events/s; 5 trades"));
}

TEST_F(server_overview, shows_books_once_they_have_a_snapshot) {
  overview view;
  set_book({});
  EXPECT_THAT(view.text(counters, 1), Not(HasSubstr("BTC-USD")));
  keeper_counters book;
  book.snapshots = 1;
  book.checksum_ok = 7;
  set_book(book);
  const auto text = view.text(counters, 2);
  EXPECT_THAT(text, HasSubstr("BTC-USD"));
  EXPECT_THAT(text, HasSubstr("61234.10 | - "));
  EXPECT_THAT(text, HasSubstr("3 x 4"));
  EXPECT_THAT(text, HasSubstr("checks 7 ok, 0 failed"));
}

TEST_F(server_overview, shows_the_last_error_of_a_sink) {
  counters.set_sink(0, {}, "127.0.0.1:4222: connection refused");
  EXPECT_THAT(overview().text(counters, 1), HasSubstr("127.0.0.1:4222: connection refused\n"));
}

TEST_F(server_overview, sums_up_all_venues_as_json) {
  counters.of_venue("binance").frames_received = 5;
  counters.of_venue("binance").frames_rejected = 5;
  const auto text = summary_json(counters);
  EXPECT_THAT(text, HasSubstr(R"({"frames":{"received":15,"decoded":8,"ignored":2,"rejected":5,)"
                              R"("parts_lost":0},)"));
  EXPECT_THAT(text, HasSubstr(R"("events":{"trade":5,"book":0,)"));
  EXPECT_THAT(text, HasSubstr(R"("sqlite":{"taken":5,"delivered":5}}})"));
  EXPECT_EQ(text.back(), '\n');
}

}  // namespace
}  // namespace feedtree::actors
