#include "actors/venue/venue_layout.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

using names = std::vector<std::string>;

// Two instruments a connection; open interest is polled.
class laid_out : public testing::Test {
 protected:
  std::vector<venues::stream> of(std::vector<const listing*> instruments) {
    std::vector<venues::stream> result;
    for (const auto* where : instruments) {
      result.push_back({event_kind::book, where});
      result.push_back({event_kind::trade, where});
    }
    return result;
  }
  const listing* make(const std::string& symbol) {
    return tests::sample_listing(registry, symbol, "small");
  }
  static layout_rules rules() {
    venues::venue_limits limits;
    limits.instruments_per_connection = 2;
    return {[limits](const auto& streams) {
              return venues::split_streams(streams, limits, "wss://small");
            },
            [](const venues::stream& what) -> std::optional<venues::rest_request> {
              if (what.kind != event_kind::open_interest) return {};
              return venues::rest_request{venues::rest_purpose::open_interest,
                                          "https://small/" + what.where->symbol, what.where};
            }};
  }

  listing_registry registry;
  const listing* a = make("A-USD");
  const listing* b = make("B-USD");
  const listing* c = make("C-USD");
  venue_layout layout{rules()};
};

TEST_F(laid_out, instruments_are_spread_over_connections_within_the_limits) {
  const auto change = layout.add(of({a, b, c}));
  EXPECT_EQ(change.books, (std::vector<const listing*>{a, b, c}));
  EXPECT_EQ(change.connections, (names{"connection-1", "connection-2"}));
  EXPECT_FALSE(change.polls);
  EXPECT_EQ(layout.plan("connection-1").streams, of({a, b}));
  EXPECT_EQ(layout.plan("connection-2").streams, of({c}));
}

TEST_F(laid_out, instrument_that_comes_later_touches_no_connection_that_is_there) {
  layout.add(of({a}));
  const auto change = layout.add(of({b}));
  EXPECT_EQ(change.books, (std::vector<const listing*>{b}));
  EXPECT_EQ(change.connections, names{"connection-2"});
  EXPECT_TRUE(change.shrunk.empty());
  EXPECT_EQ(layout.plan("connection-1").streams, of({a}));
  EXPECT_EQ(layout.last_connection(), "connection-2");
  EXPECT_EQ(layout.last_book(), b);
}

TEST_F(laid_out, instrument_that_goes_leaves_its_connection_to_its_neighbour) {
  layout.add(of({a, b}));
  const auto change = layout.remove(a);
  EXPECT_EQ(change.books, (std::vector<const listing*>{a}));
  EXPECT_TRUE(change.connections.empty());
  EXPECT_EQ(change.shrunk, names{"connection-1"});
  EXPECT_EQ(layout.plan("connection-1").streams, of({b}));
  EXPECT_FALSE(layout.has(a));
  EXPECT_TRUE(layout.has(b));
}

TEST_F(laid_out, connection_goes_with_the_last_instrument_on_it) {
  layout.add(of({a, b, c}));
  const auto change = layout.remove(c);
  EXPECT_EQ(change.connections, names{"connection-2"});
  EXPECT_TRUE(change.shrunk.empty());
  EXPECT_EQ(layout.last_connection(), "connection-1");
  EXPECT_TRUE(layout.plan("connection-2").streams.empty());
}

TEST_F(laid_out, name_of_a_connection_that_is_gone_is_not_used_again) {
  layout.add(of({a}));
  layout.remove(a);
  EXPECT_EQ(layout.add(of({a})).connections, names{"connection-2"});
}

TEST_F(laid_out, polled_streams_need_no_connection) {
  const auto change = layout.add({{event_kind::open_interest, a}});
  EXPECT_TRUE(change.polls);
  EXPECT_TRUE(change.connections.empty());
  EXPECT_EQ(change.books, (std::vector<const listing*>{a}));
  ASSERT_EQ(layout.polls().size(), 1u);
  EXPECT_EQ(layout.polls().front().url, "https://small/A-USD");
  EXPECT_TRUE(layout.remove(a).polls);
  EXPECT_TRUE(layout.polls().empty());
}

TEST_F(laid_out, instrument_that_is_not_there_changes_nothing_when_it_goes) {
  layout.add(of({a}));
  const auto change = layout.remove(b);
  EXPECT_TRUE(change.books.empty());
  EXPECT_TRUE(change.connections.empty());
  EXPECT_TRUE(change.shrunk.empty());
  EXPECT_FALSE(change.polls);
}

}  // namespace
}  // namespace feedtree::actors
