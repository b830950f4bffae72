// A REST body that is cut off, or goes on behind its end, is rejected, whatever its strings hold.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "adapters/venues/venue.hpp"

namespace feedtree::venues {
namespace {

constexpr std::string_view url = "https://api.kraken.com/0/public/AssetPairs";

frame_outcome outcome_of(std::string_view text) {
  listing_registry registry;
  venue_symbols symbols(registry);
  const auto session = find_venue("kraken")->make_session(symbols, "", {});
  raw_frame body;
  body.text.reserve(text.size() + frame_padding);
  body.text.assign(text);
  event_batch out;
  frame_report report;
  session->decode_rest(url, body, out, report);
  return report.outcome;
}

std::string body_with(std::string_view name) {
  return R"({"error":[],"result":{"XBTUSD":{"altname":")" + std::string(name) + R"("}}})";
}

TEST(rest_bodies, are_whole_with_quotes_brackets_and_backslashes_in_their_strings) {
  for (const auto* const name : {"", "a", R"(\")", R"(\\)", R"(\\\")", R"(}]{[)", R"(\"}}})"}) {
    EXPECT_EQ(outcome_of(body_with(name)), frame_outcome::decoded) << name;
  }
}

TEST(rest_bodies, that_end_within_a_string_are_rejected) {
  for (const auto* const name : {R"(\)", R"(\\\)", R"(}}}\)"}) {
    EXPECT_EQ(outcome_of(body_with(name)), frame_outcome::rejected) << name;
  }
}

TEST(rest_bodies, that_are_cut_off_anywhere_are_rejected) {
  const auto body = body_with(R"(}]\"\\)");
  ASSERT_EQ(outcome_of(body), frame_outcome::decoded);
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(outcome_of(body.substr(0, size)), frame_outcome::rejected) << size;
  }
  EXPECT_EQ(outcome_of(body + "\n "), frame_outcome::decoded);
  EXPECT_EQ(outcome_of(body + "}"), frame_outcome::rejected);
  EXPECT_EQ(outcome_of(body + "\""), frame_outcome::rejected);
}

TEST(rest_bodies, that_are_a_page_say_what_stands_on_it) {
  for (const auto& name : venue_names()) {
    listing_registry registry;
    venue_symbols symbols(registry);
    const auto& venue = *find_venue(name);
    event_batch out;
    frame_report report;
    raw_frame body;
    body.text.reserve(200);
    body.text = "\n<html><h1>403 ERROR</h1>configured to block access from your country.</html>";
    venue.make_session(symbols, "", {})
        ->decode_rest(venue.symbol_requests({}).front().url, body, out, report);
    EXPECT_EQ(report.reason,
              "the answer is not JSON: 403 ERROR configured to block access from your country.")
        << name;
  }
}

}  // namespace
}  // namespace feedtree::venues
