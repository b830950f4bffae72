#include "core/noticed_holes.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

class holes_of_connections : public testing::Test {
 protected:
  using texts = std::vector<std::string>;
  // The details of what comes of a hole.
  texts take(source_id from, std::uint64_t first, std::uint64_t last, std::size_t sources,
             std::int64_t seconds = 0) {
    event_batch out;
    gap body;
    body.feed = event_kind::trade;
    auto entry = tests::sample_event(
        where_, "trade-" + std::to_string(first) + "-" + std::to_string(last), body);
    entry.receive_ns += seconds * 1'000'000'000;
    holes_.take(from, entry, sources, out);
    texts result;
    for (const auto& each : out.events) {
      result.push_back(std::string(each.key.view()) + ": " +
                       std::string(std::get<gap>(each.body).detail.view()));
    }
    return result;
  }
  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_);
  noticed_holes holes_;
};

TEST_F(holes_of_connections, are_told_as_they_are_where_there_is_one_connection) {
  EXPECT_EQ(take(1, 5, 7, 1), texts{"trade-5-7: "});
}

TEST_F(holes_of_connections, are_none_where_another_connection_has_the_trades) {
  EXPECT_EQ(take(1, 5, 7, 2), texts{});
  EXPECT_EQ(take(2, 12, 14, 2), texts{});
  EXPECT_EQ(take(1, 20, 30, 2), texts{});
}

TEST_F(holes_of_connections, are_told_for_what_all_lack) {
  EXPECT_EQ(take(1, 5, 7, 2), texts{});
  EXPECT_EQ(take(2, 7, 9, 2), texts{"trade-7-7: trades 7 to 7 are missing"});
  EXPECT_EQ(take(1, 20, 30, 3), texts{});
  EXPECT_EQ(take(2, 22, 40, 3), texts{});
  EXPECT_EQ(take(3, 1, 25, 3), texts{"trade-22-25: trades 22 to 25 are missing"});
}

TEST_F(holes_of_connections, are_forgotten_after_a_while) {
  EXPECT_EQ(take(1, 5, 7, 2), texts{});
  EXPECT_EQ(take(2, 5, 7, 2, 90), texts{});
}

TEST_F(holes_of_connections, without_numbers_are_told_as_they_are) {
  event_batch out;
  auto entry = tests::sample_event(where_, "trade-volume-17", gap{});
  holes_.take(1, entry, 2, out);
  entry.key = event_key("trade-5");
  holes_.take(1, entry, 2, out);
  EXPECT_EQ(out.events.size(), 2U);
}

}  // namespace
}  // namespace feedtree
