#include "actors/operator/server_view.hpp"

#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

config::venue_config kraken() {
  config::venue_config venue;
  venue.venue = "kraken";
  venue.instruments = {"BTC-USD", "ETH-USD"};
  venue.feeds = {{event_kind::book, 0}};
  return venue;
}

class viewed : public testing::Test {
 protected:
  viewed() : counters_({"sqlite"}), registry_([] { return 1; }) {
    facts_->sink_policies = {"spool"};
  }
  void set_book(const char* symbol, feed_state state) {
    book_statistics book;
    book.where = listings_.intern("kraken", *parse_instrument(symbol), symbol);
    book.state = state;
    counters_.set_book(book);
  }
  server_view look(std::int64_t now_ns) {
    return maker_.make(counters_, registry_, wanted_, now_ns);
  }

  std::shared_ptr<server_facts> facts_ = std::make_shared<server_facts>();
  std::vector<config::venue_config> wanted_{kraken()};
  statistics counters_;
  actor_registry registry_;
  listing_registry listings_;
  view_maker maker_{facts_};
};

TEST_F(viewed, a_venue_begins_connects_and_is_live) {
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::starting);
  auto& venue = counters_.of_venue("kraken");
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::connecting);
  venue.connections_open = 1;
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::syncing);
  set_book("BTC-USD", feed_state::live);
  set_book("ETH-USD", feed_state::gap);
  const auto partly = look(second_ns);
  EXPECT_EQ(partly.venues[0].state, venue_standing::degraded);
  EXPECT_EQ(partly.venues[0].reason, "1 of 2 books are not live: ETH-USD gap");
  set_book("ETH-USD", feed_state::live);
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::live);
  EXPECT_EQ(look(second_ns).venues[0].reason, "");
  venue.connections_open = 0;
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::connecting);
}

TEST_F(viewed, a_venue_is_live_without_an_instrument_that_it_does_not_have) {
  counters_.of_venue("kraken").connections_open = 1;
  set_book("BTC-USD", feed_state::live);
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::degraded);
  counters_.set_unknown("kraken", {{"kraken", "ETH-USD", "kraken does not list it", 7}});
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::live);
  EXPECT_EQ(look(second_ns).venues[0].unknown.size(), 1U);
  // It stays unknown since when it was first seen so, until it is not wanted any more.
  counters_.set_unknown("kraken", {{"kraken", "ETH-USD", "it does not trade", 9}});
  EXPECT_EQ(look(second_ns).venues[0].unknown[0].since_ns, 7);
  wanted_[0].instruments = {"BTC-USD"};
  EXPECT_TRUE(look(second_ns).venues[0].unknown.empty());
}

TEST_F(viewed, a_venue_that_has_none_of_its_instruments_waits_for_them) {
  counters_.set_unknown("kraken", {{"kraken", "BTC-USD", "", 1}, {"kraken", "ETH-USD", "", 1}});
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::starting);
  EXPECT_EQ(look(second_ns).venues[0].reason, "it has none of its instruments at the moment");
}

TEST_F(viewed, a_venue_that_cannot_go_on_is_quoted) {
  counters_.set_trouble("kraken", "symbols", "HTTP 451: restricted location");
  EXPECT_EQ(look(second_ns).venues[0].reason, "asking for symbols: HTTP 451: restricted location");
  counters_.set_trouble("kraken", "symbols", "");
  auto& venue = counters_.of_venue("kraken");
  counters_.set_trouble("kraken", "kraken/connection-1", "HTTP status 403: go away");
  EXPECT_EQ(look(second_ns).venues[0].reason, "no connection is open: HTTP status 403: go away");
  venue.connections_open = 1;
  set_book("BTC-USD", feed_state::live);
  set_book("ETH-USD", feed_state::live);
  EXPECT_EQ(look(second_ns).venues[0].reason, "");
  counters_.forget_notes("kraken");
  EXPECT_EQ(counters_.trouble("kraken"), "");
}

TEST_F(viewed, a_venue_without_books_is_live_by_its_connection) {
  wanted_[0].feeds = {{event_kind::trade, 0}};
  counters_.of_venue("kraken").connections_open = 1;
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::live);
}

TEST_F(viewed, a_venue_whose_trades_are_silent_is_not_live) {
  counters_.of_venue("kraken").connections_open = 1;
  set_book("BTC-USD", feed_state::live);
  book_statistics book;
  book.where = listings_.intern("kraken", *parse_instrument("ETH-USD"), "ETH-USD");
  book.state = feed_state::live;
  const auto trade = static_cast<std::size_t>(event_kind::trade);
  book.kinds.set(trade);
  book.states[trade] = feed_state::stale;
  counters_.set_book(book);
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::degraded);
  EXPECT_EQ(look(second_ns).venues[0].reason, "no data of: ETH-USD trade");
}

TEST_F(viewed, a_venue_that_is_not_wanted_any_more_is_not_there) {
  wanted_.clear();
  EXPECT_TRUE(look(second_ns).venues.empty());
}

TEST_F(viewed, a_venue_that_was_given_up_has_failed) {
  registry_.add("root/venues/kraken", "venue", {});
  registry_.started("root/venues/kraken");
  registry_.failed("root/venues/kraken", "certificate", actor_standing::failed);
  EXPECT_EQ(look(second_ns).venues[0].state, venue_standing::failed);
  EXPECT_EQ(look(second_ns).venues[0].reason, "given up: certificate");
}

TEST_F(viewed, rates_are_of_the_last_seconds) {
  auto& venue = counters_.of_venue("kraken");
  EXPECT_EQ(look(second_ns).venues[0].frames_per_second, 0U);
  venue.frames_received = 500;
  EXPECT_EQ(look(second_ns * 3 / 2).venues[0].frames_per_second, 1'000U);
  for (int half = 4; half < 12; ++half) look(half * second_ns / 2);
  EXPECT_EQ(look(6 * second_ns).venues[0].frames_per_second, 0U);
}

TEST_F(viewed, latencies_are_of_the_last_seconds) {
  auto& venue = counters_.of_venue("kraken");
  for (int i = 0; i < 100; ++i) venue.pass_latency.add_ns(100'000);
  EXPECT_GE(look(second_ns).venues[0].pass.p99_us, 100U);
  EXPECT_LE(look(second_ns).venues[0].pass.p99_us, 150U);
  for (int half = 3; half < 20; ++half) look(half * second_ns / 2);
  EXPECT_EQ(look(10 * second_ns).venues[0].pass.p99_us, 0U);
}

TEST_F(viewed, a_sink_is_behind_since_it_was_first_seen_so) {
  edge_statistics edge;
  edge.name = "distributor to sqlite";
  edge.behind = true;
  counters_.set_edge(edge);
  EXPECT_EQ(look(5 * second_ns).sinks[0].behind_ns, 5 * second_ns);
  EXPECT_EQ(look(9 * second_ns).sinks[0].behind_ns, 5 * second_ns);
  edge.behind = false;
  counters_.set_edge(edge);
  EXPECT_EQ(look(10 * second_ns).sinks[0].behind_ns, 0);
}

TEST_F(viewed, restarts_below_a_venue_are_its_own) {
  for (const auto* path : {"root/venues/kraken", "root/venues/kraken/book-BTC-USD"}) {
    registry_.add(path, "book", {});
    registry_.started(path);
    registry_.started(path);
  }
  EXPECT_EQ(look(second_ns).venues[0].restarts, 2U);
}

TEST(gauge_mark, counts_once_from_begin_to_end) {
  std::atomic<std::uint64_t> gauge{0};
  {
    gauge_mark mark;
    mark.begin(gauge);
    mark.begin(gauge);
    EXPECT_EQ(gauge, 1U);
    mark.end();
    mark.end();
    EXPECT_EQ(gauge, 0U);
    mark.begin(gauge);
  }
  EXPECT_EQ(gauge, 0U);
}

TEST(latency_histogram, finds_quantiles_within_half_of_their_value) {
  latency_histogram histogram;
  for (int us = 1; us <= 10'000; ++us) histogram.add_ns(us * 1'000);
  const auto counts = histogram.counts();
  EXPECT_EQ(counts.total(), 10'000U);
  for (const std::uint64_t thousandths : {10, 500, 900, 990, 1000}) {
    const auto exact = thousandths * 10;
    EXPECT_GE(counts.quantile_us(thousandths), exact);
    EXPECT_LE(counts.quantile_us(thousandths), exact * 3 / 2 + 1);
  }
}

TEST(latency_histogram, puts_every_value_below_the_end_of_its_bucket) {
  for (std::uint64_t us = 0; us < 100'000; us = us * 5 / 4 + 1) {
    const auto bucket = latency_counts::bucket_of(us);
    EXPECT_LT(us, latency_counts::end_us(bucket)) << us;
    if (bucket > 0) {
      EXPECT_GE(us, latency_counts::end_us(bucket - 1)) << us;
    }
  }
  EXPECT_EQ(latency_counts::bucket_of(~std::uint64_t{0}), latency_counts::buckets - 1);
}

TEST(latency_histogram, counts_what_is_below_zero_as_zero) {
  latency_histogram histogram;
  histogram.add_ns(-5);
  EXPECT_EQ(histogram.counts().count[0], 1U);
  EXPECT_EQ(histogram.counts().sum_us, 0U);
}

}  // namespace
}  // namespace feedtree::actors
