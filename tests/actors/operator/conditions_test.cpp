// What is wrong with a server, and since when: readiness and alerts without HTTP.
#include "actors/operator/conditions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t second_ns = 1'000'000'000;

venue_view venue_in(venue_standing state, std::string reason = {}) {
  venue_view venue;
  venue.venue = "kraken";
  venue.state = state;
  venue.reason = std::move(reason);
  return venue;
}

server_view view_of(venue_view venue) {
  server_view view;
  auto facts = std::make_shared<server_facts>();
  facts->insecure = {{"OPERATOR", "HTTP without a token"}};
  view.facts = facts;
  view.venues.push_back(std::move(venue));
  view.sinks.emplace_back();
  view.sinks.back().counters.name = "sqlite";
  return view;
}

std::vector<std::string> sentences(const server_view& view) {
  std::vector<std::string> result;
  for (const auto& each : assess(view)) result.push_back(each.sentence(view.now_ns));
  return result;
}

TEST(conditions, are_none_where_all_is_well) {
  EXPECT_THAT(sentences(view_of(venue_in(venue_standing::live))), IsEmpty());
}

TEST(conditions, name_a_venue_that_is_not_live) {
  const auto view = view_of(venue_in(venue_standing::connecting, "no connection is open"));
  EXPECT_THAT(sentences(view), ElementsAre("venue kraken: connecting, no connection is open"));
  EXPECT_EQ(assess(view)[0].how, severity::critical);
}

venue_view with_unknown(venue_view venue, std::size_t wanted, std::size_t unknown) {
  venue.instruments = wanted;
  for (std::size_t at = 0; at < unknown; ++at) {
    venue.unknown.push_back(
        {venue.venue, "A" + std::to_string(at) + "-USD", "kraken does not list it", second_ns});
  }
  return venue;
}

TEST(conditions, name_an_instrument_that_is_unknown_and_leave_the_server_ready) {
  auto view = view_of(with_unknown(venue_in(venue_standing::live), 2, 1));
  view.now_ns = 5 * second_ns;
  EXPECT_THAT(sentences(view), ElementsAre("instrument A0-USD at kraken: is unknown: kraken does "
                                           "not list it (for 4 s)"));
  EXPECT_EQ(assess(view)[0].how, severity::warning);
  EXPECT_FALSE(assess(view)[0].advice.empty());
  const auto ready = judge_readiness(assess(view));
  EXPECT_TRUE(ready.is_ready);
  ASSERT_EQ(ready.warnings.size(), 1U);
}

TEST(conditions, of_a_venue_without_any_instrument_are_those_of_its_instruments) {
  auto view = view_of(with_unknown(venue_in(venue_standing::starting), 1, 1));
  EXPECT_EQ(assess(view).size(), 1U);
  // Nothing is collected at all.
  EXPECT_FALSE(judge_readiness(assess(view)).is_ready);
  view.venues.push_back(venue_in(venue_standing::live));
  EXPECT_TRUE(judge_readiness(assess(view)).is_ready);
}

TEST(conditions, of_many_unknown_instruments_are_bounded) {
  const auto view = view_of(with_unknown(venue_in(venue_standing::live), 500, 300));
  const auto all = assess(view);
  ASSERT_EQ(all.size(), 21U);
  EXPECT_EQ(all.back().component, "instruments of kraken");
  EXPECT_THAT(all.back().text, testing::HasSubstr("280 more are unknown"));
}

TEST(conditions, tell_why_a_poller_fails) {
  auto view = view_of(venue_in(venue_standing::live));
  auto facts = std::make_shared<server_facts>(*view.facts);
  const auto gauge = std::make_shared<poller_gauge>();
  gauge->name = "prices";
  facts->pollers =
      std::make_shared<poller_board>(poller_board{gauge, std::make_shared<poller_gauge>()});
  view.facts = facts;
  EXPECT_THAT(sentences(view), IsEmpty());
  gauge->trouble.set("given up: ticker: HTTP 500");
  EXPECT_THAT(sentences(view), ElementsAre("poller prices: given up: ticker: HTTP 500"));
  EXPECT_FALSE(assess(view)[0].blocks_readiness);
}

TEST(conditions, say_for_how_long_a_sink_is_behind) {
  auto view = view_of(venue_in(venue_standing::live));
  view.now_ns = 100 * second_ns;
  view.sinks[0].behind_ns = 88 * second_ns;
  EXPECT_THAT(sentences(view), ElementsAre("sink sqlite: is behind and catches up from the journal "
                                           "(for 12 s)"));
}

TEST(conditions, tell_why_a_sink_fails_rather_than_that_it_is_behind) {
  auto view = view_of(venue_in(venue_standing::live));
  view.sinks[0].behind_ns = view.sinks[0].failing_ns = second_ns;
  view.sinks[0].counters.last_error = "disk full";
  view.now_ns = second_ns;
  EXPECT_THAT(sentences(view), ElementsAre("sink sqlite: fails: disk full (for 0 s)"));
}

TEST(conditions, tell_of_a_full_journal_and_of_actors_that_are_down) {
  auto view = view_of(venue_in(venue_standing::live));
  view.journal.bytes_max = 1;
  view.journal.at_limit = true;
  actor_info down;
  down.path = "root/venues/kraken/validator";
  down.state = actor_standing::failed;
  down.last_error = "broken";
  view.actors.push_back(down);
  EXPECT_THAT(sentences(view), ElementsAre("journal: is full",
                                           "actor root/venues/kraken/validator: is given up: "
                                           "broken"));
}

TEST(conditions, say_what_can_be_done) {
  auto view = view_of(venue_in(venue_standing::failed, "given up"));
  view.sinks[0].policy = "block";
  view.sinks[0].failing_ns = second_ns;
  view.journal.bytes_max = 1;
  view.journal.at_limit = true;
  for (const auto& each : assess(view)) EXPECT_FALSE(each.advice.empty()) << each.component;
  EXPECT_THAT(assess(view)[1].advice, testing::HasSubstr("everything waits"));
}

TEST(conditions, tell_a_crash_loop_from_a_failure) {
  auto view = view_of(venue_in(venue_standing::live));
  view.now_ns = 100 * second_ns;
  actor_info actor;
  actor.path = "root/sinks/sqlite";
  actor.state = actor_standing::restarting;
  actor.last_error = "no database";
  actor.last_error_ns = 90 * second_ns;
  actor.failures_lately = 2;
  view.actors.push_back(actor);
  EXPECT_THAT(sentences(view),
              ElementsAre("actor root/sinks/sqlite: failed and is restarted: no database"));
  // Also while it runs for a moment.
  view.actors[0].state = actor_standing::running;
  view.actors[0].failures_lately = 3;
  view.actors[0].failing_since_ns = 80 * second_ns;
  EXPECT_THAT(sentences(view), ElementsAre("actor root/sinks/sqlite: fails again and again and is "
                                           "restarted each time: no database (for 20 s)"));
  EXPECT_EQ(assess(view)[0].how, severity::critical);
  EXPECT_FALSE(judge_readiness(assess(view)).is_ready);
  view.now_ns = 151 * second_ns;
  EXPECT_THAT(sentences(view), IsEmpty());
}

TEST(conditions, do_not_hold_against_what_is_paused_that_it_does_nothing) {
  auto view = view_of(venue_in(venue_standing::connecting, "no connection is open"));
  view.sinks[0].behind_ns = second_ns;
  for (const auto* path : {"root/venues/kraken", "root/sinks/sqlite"}) {
    actor_info actor;
    actor.path = path;
    actor.state = actor_standing::paused;
    view.actors.push_back(actor);
  }
  EXPECT_THAT(sentences(view), ElementsAre("actor root/venues/kraken: is paused by an operator",
                                           "actor root/sinks/sqlite: is paused by an operator"));
  EXPECT_FALSE(judge_readiness(assess(view)).is_ready);
}

TEST(readiness, does_not_hold_an_allowed_insecure_default_against_the_server) {
  EXPECT_TRUE(judge_readiness(assess(view_of(venue_in(venue_standing::live)))).is_ready);
}

TEST(readiness, gives_each_reason_why_not) {
  auto view = view_of(venue_in(venue_standing::syncing, "3 of 3 books are not live"));
  view.sinks[0].behind_ns = second_ns;
  const auto ready = judge_readiness(assess(view));
  EXPECT_FALSE(ready.is_ready);
  EXPECT_EQ(ready.reasons.size(), 2U);
}

TEST(readiness, is_not_lost_by_an_actor_that_is_restarted) {
  auto view = view_of(venue_in(venue_standing::live));
  actor_info actor;
  actor.path = "root/venues/kraken/book-BTC-USD";
  actor.state = actor_standing::restarting;
  view.actors.push_back(actor);
  EXPECT_EQ(assess(view).size(), 1U);
  EXPECT_TRUE(judge_readiness(assess(view)).is_ready);
}

TEST(liveness, ends_when_the_last_look_is_too_old) {
  EXPECT_TRUE(judge_alive(20 * second_ns, 10 * second_ns));
  EXPECT_FALSE(judge_alive(20 * second_ns + 1, 10 * second_ns));
}

TEST(alerts, begin_and_end_once) {
  alert_book book(10);
  const auto wrong = assess(view_of(venue_in(venue_standing::connecting)));
  const auto begun = book.update(wrong, 5 * second_ns);
  ASSERT_EQ(begun.size(), 1U);
  EXPECT_EQ(begun[0].number, 1U);
  EXPECT_EQ(begun[0].what.since_ns, 5 * second_ns);
  EXPECT_THAT(book.update(wrong, 6 * second_ns), IsEmpty());
  EXPECT_EQ(book.present()[0].since_ns, 5 * second_ns);
  const auto ended = book.update({}, 9 * second_ns);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].number, 1U);
  EXPECT_EQ(ended[0].cleared_ns, 9 * second_ns);
  EXPECT_THAT(book.present(), IsEmpty());
}

TEST(alerts, are_told_again_when_they_get_worse) {
  alert_book book(10);
  book.update(assess(view_of(venue_in(venue_standing::syncing))), second_ns);
  const auto worse = book.update(assess(view_of(venue_in(venue_standing::connecting))), second_ns);
  ASSERT_EQ(worse.size(), 1U);
  EXPECT_EQ(worse[0].number, 1U);
  EXPECT_EQ(worse[0].what.how, severity::critical);
}

TEST(alerts, that_ended_are_kept_up_to_a_bound) {
  alert_book book(3);
  const auto wrong = assess(view_of(venue_in(venue_standing::connecting)));
  for (int i = 1; i <= 10; ++i) {
    book.update(wrong, i * second_ns);
    book.update({}, i * second_ns);
  }
  const auto all = book.all();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].number, 10U);
}

}  // namespace
}  // namespace feedtree::actors
