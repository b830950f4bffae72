#include <gtest/gtest.h>

#include "actors/venue/wanted_streams.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

// A venue that gives no funding for instruments that are not perpetual.
class small_venue : public venues::venue {
 public:
  std::string_view name() const override { return "small"; }
  venues::venue_limits limits() const override { return {}; }
  std::vector<event_kind> kinds() const override { return {event_kind::book, event_kind::funding}; }
  std::vector<venues::rest_request> symbol_requests(const venues::venue_addresses&) const override {
    return {};
  }
  std::vector<venues::connection_plan> plan(std::span<const venues::stream>,
                                            const venues::venue_addresses&) const override {
    return {};
  }
  std::string refuses(const venues::stream& what) const override {
    const bool spot = what.where->details.type == market_type::spot;
    return what.kind == event_kind::funding && spot ? "spot has no funding" : "";
  }
  std::unique_ptr<venues::session> make_session(venues::venue_symbols&, std::string_view,
                                                const venues::venue_addresses&) const override {
    return nullptr;
  }
  guard_ptr make_guard(const venues::stream&) const override { return make_unchecked_guard(); }
  keeper_options book_options(const venues::stream&) const override { return {}; }
};

class wanted : public testing::Test {
 protected:
  void SetUp() override {
    config.venue = "small";
    config.instruments = {"BTC-USD", "BTC-USD-PERP"};
    config.feeds = {{event_kind::book, 0}, {event_kind::funding, 0}};
    config.book_depth = 25;
  }
  std::vector<venues::stream> streams() {
    const auto found = find_wanted(config, small_venue(), registry,
                                   [this](const listing* each) { return each != not_known; });
    unknown = found.unknown;
    refusals = found.refusals;
    return found.streams;
  }

  listing_registry registry;
  const listing* spot = tests::sample_listing(registry, "BTC-USD", "small");
  const listing* perpetual = tests::sample_listing(registry, "BTC-USD-PERP", "small");
  config::venue_config config;
  std::vector<std::string> unknown;
  std::vector<std::string> refusals;
  const listing* not_known = nullptr;
};

TEST_F(wanted, streams_are_every_feed_of_every_instrument_that_has_it) {
  const std::vector<venues::stream> expected{{event_kind::book, spot, 0, 25},
                                             {event_kind::book, perpetual, 0, 25},
                                             {event_kind::funding, perpetual, 0, 25}};
  EXPECT_EQ(streams(), expected);
  EXPECT_TRUE(unknown.empty());
  EXPECT_EQ(refusals, std::vector<std::string>{"BTC-USD goes without: spot has no funding"});
}

TEST_F(wanted, streams_of_an_unknown_instrument_are_left_out_and_the_others_go_on) {
  config.instruments = {"ETH-USD", "BTC-USD"};
  EXPECT_EQ(streams(), (std::vector<venues::stream>{{event_kind::book, spot, 0, 25}}));
  EXPECT_EQ(unknown, std::vector<std::string>{"ETH-USD"});
  // The registry knows it from earlier, and the venue does not have it now.
  not_known = spot;
  EXPECT_TRUE(streams().empty());
  EXPECT_EQ(unknown, (std::vector<std::string>{"ETH-USD", "BTC-USD"}));
}

TEST_F(wanted, streams_of_another_venue_with_the_same_instrument_are_not_found) {
  tests::sample_listing(registry, "SOL-USD", "other");
  config.instruments = {"SOL-USD"};
  EXPECT_TRUE(streams().empty());
  EXPECT_EQ(unknown.size(), 1u);
}

TEST_F(wanted, candles_keep_their_interval) {
  config.instruments = {"BTC-USD"};
  config.feeds = {{event_kind::candle, 60'000'000'000}};
  ASSERT_EQ(streams().size(), 1u);
  EXPECT_EQ(streams().front().interval_ns, 60'000'000'000);
}

}  // namespace
}  // namespace feedtree::actors
