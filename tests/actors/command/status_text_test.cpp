#include "actors/command/status_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/operator/operator_json.hpp"

namespace feedtree::actors {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string overview(venue_standing state) {
  server_view view;
  auto facts = std::make_shared<server_facts>();
  facts->version = "1.2.3";
  facts->insecure = {{"NATS", "no NATS"}};
  view.facts = facts;
  venue_view venue;
  venue.venue = "kraken";
  venue.state = state;
  venue.reason = state == venue_standing::live ? "" : "no connection is open";
  venue.events_per_second = 1234;
  view.venues.push_back(venue);
  view.sinks.emplace_back();
  view.sinks.back().counters.name = "sqlite";
  return overview_json(view, assess(view), {});
}

TEST(status, shows_what_the_overview_has) {
  const auto report = read_status(overview(venue_standing::live), false);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->is_ready);
  EXPECT_THAT(report->text, HasSubstr("feedtree 1.2.3  ready"));
  EXPECT_THAT(report->text, HasSubstr("kraken           live"));
  EXPECT_THAT(report->text, HasSubstr("1234 events/s"));
  EXPECT_THAT(report->text, HasSubstr("sqlite           ok"));
  EXPECT_THAT(report->text, HasSubstr("insecure default for NATS: no NATS"));
  EXPECT_THAT(report->text, Not(HasSubstr("\x1b")));
}

TEST(status, gives_each_reason_why_the_server_is_not_ready) {
  const auto report = read_status(overview(venue_standing::connecting), true);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->is_ready);
  EXPECT_THAT(report->text, HasSubstr("! venue kraken: connecting, no connection is open"));
  EXPECT_THAT(report->text, HasSubstr("\x1b[31mconnecting  \x1b[0m"));
}

TEST(status, takes_nothing_that_is_no_overview) {
  for (const auto* bad : {"", "{", "[]", "{}", "null", R"({"ready":"yes"})"}) {
    EXPECT_FALSE(read_status(bad, false)) << bad;
  }
}

}  // namespace
}  // namespace feedtree::actors
