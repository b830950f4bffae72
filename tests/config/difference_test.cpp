#include "config/difference.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace feedtree::config {
namespace {

using texts = std::vector<std::string>;

venue_config venue(const std::string& name, const texts& instruments) {
  venue_config result;
  result.venue = name;
  result.instruments = instruments;
  result.feeds = {{event_kind::book, 0}};
  return result;
}

server_config two_venues() {
  server_config result;
  result.venues = {venue("kraken", {"BTC-USD", "ETH-USD"}), venue("binance", {"BTC-USDT"})};
  result.sinks = {{"jsonl", "events.jsonl", {}}};
  return result;
}

class compared : public testing::Test {
 protected:
  difference found() { return difference_of(now, wanted); }

  server_config now = two_venues();
  server_config wanted = two_venues();
};

TEST_F(compared, equal_configurations_differ_in_nothing) {
  EXPECT_TRUE(found().changes_nothing());
  EXPECT_TRUE(found().fixed_keys.empty());
}

TEST_F(compared, instruments_come_and_go_at_their_venue) {
  wanted.venues[0].instruments = {"SOL-USD", "ETH-USD", "ADA-USD"};
  const auto result = found();
  EXPECT_EQ(result.instruments,
            (std::vector<instruments_change>{{"kraken", {"SOL-USD", "ADA-USD"}, {"BTC-USD"}}}));
  EXPECT_TRUE(result.added_venues.empty());
  EXPECT_TRUE(result.removed_venues.empty());
  EXPECT_TRUE(result.fixed_keys.empty());
  EXPECT_FALSE(result.changes_nothing());
}

TEST_F(compared, another_order_is_no_change) {
  std::swap(wanted.venues[0], wanted.venues[1]);
  std::swap(wanted.venues[1].instruments[0], wanted.venues[1].instruments[1]);
  EXPECT_TRUE(found().changes_nothing());
  EXPECT_TRUE(found().fixed_keys.empty());
}

TEST_F(compared, venues_come_and_go) {
  wanted.venues[1] = venue("okx", {"BTC-USDT"});
  const auto result = found();
  EXPECT_EQ(result.added_venues, std::vector<venue_config>{venue("okx", {"BTC-USDT"})});
  EXPECT_EQ(result.removed_venues, texts{"binance"});
  EXPECT_TRUE(result.instruments.empty());
  EXPECT_TRUE(result.fixed_keys.empty());
}

TEST_F(compared, log_level_can_change) {
  wanted.log_level = "debug";
  EXPECT_TRUE(found().log_level);
  EXPECT_FALSE(found().changes_nothing());
  EXPECT_TRUE(found().fixed_keys.empty());
}

TEST_F(compared, keys_of_the_server_that_only_a_start_reads_are_named) {
  const std::vector<std::pair<std::string, std::function<void(server_config&)>>> changes{
      {"sinks", [](auto& config) { config.sinks[0].target = "secret"; }},
      {"reconnect", [](auto& config) { config.reconnect.max_ms = 1; }},
      {"restart", [](auto& config) { config.restart.intensity = 1; }},
      {"breaker", [](auto& config) { config.breaker.failures = 1; }},
      {"credit", [](auto& config) { config.credit.events = 1; }},
      {"journal", [](auto& config) { config.journal.path = "elsewhere"; }},
      {"archive", [](auto& config) { config.archive.path = "elsewhere"; }},
      {"http", [](auto& config) { config.http.port = 1; }},
      {"metrics", [](auto& config) { config.metrics.file.path = "elsewhere"; }},
      {"alerts", [](auto& config) { config.alerts.webhook.queue = 1; }},
      {"grace_period", [](auto& config) { config.grace_period_ms = 1; }},
      {"startup_timeout", [](auto& config) { config.startup_timeout_ms = 1; }},
      {"log_format", [](auto& config) { config.log_format = "json"; }},
  };
  for (const auto& [key, change] : changes) {
    wanted = now;
    change(wanted);
    EXPECT_EQ(found().fixed_keys, texts{key});
    EXPECT_TRUE(found().changes_nothing());
  }
}

TEST_F(compared, keys_of_a_venue_that_only_a_start_reads_are_named) {
  const std::vector<std::pair<std::string, std::function<void(venue_config&)>>> changes{
      {"feeds",
       [](auto& each) {
         each.feeds.push_back({event_kind::trade, 0});
       }},
      {"book_depth", [](auto& each) { each.book_depth = 10; }},
      {"websocket_url", [](auto& each) { each.websocket_url = "wss://elsewhere"; }},
      {"rest_url", [](auto& each) { each.rest_url = "https://elsewhere"; }},
      {"tls", [](auto& each) { each.tls.ca_file = "ca.pem"; }},
      {"instruments_per_connection", [](auto& each) { each.instruments_per_connection = 1; }},
      {"connections_per_stream", [](auto& each) { each.connections_per_stream = 2; }},
      {"connection_lifetime", [](auto& each) { each.connection_lifetime_ms = 1; }},
      {"freshness", [](auto& each) { each.freshness.floor_ms = 1; }},
      {"idle_timeout", [](auto& each) { each.idle_timeout_ms = 1; }},
      {"connect_timeout", [](auto& each) { each.connect_timeout_ms = 1; }},
  };
  for (const auto& [key, change] : changes) {
    wanted = now;
    change(wanted.venues[0]);
    EXPECT_EQ(found().fixed_keys, texts{"venues[kraken]." + key});
  }
}

TEST_F(compared, several_changes_are_found_together) {
  wanted.venues[0].instruments = {"BTC-USD"};
  wanted.venues[0].book_depth = 10;
  wanted.credit.events = 1;
  const auto result = found();
  EXPECT_EQ(result.instruments, (std::vector<instruments_change>{{"kraken", {}, {"ETH-USD"}}}));
  EXPECT_EQ(result.fixed_keys, (texts{"venues[kraken].book_depth", "credit"}));
}

TEST_F(compared, what_is_in_force_afterwards_has_what_could_be_done_and_nothing_else) {
  wanted.venues = {venue("kraken", {"SOL-USD"}), venue("okx", {"BTC-USDT"})};
  wanted.venues[0].book_depth = 10;
  wanted.credit.events = 1;
  wanted.log_level = "debug";
  const auto result = applied(now, wanted);
  EXPECT_EQ(result.venues,
            (std::vector<venue_config>{venue("kraken", {"SOL-USD"}), venue("okx", {"BTC-USDT"})}));
  EXPECT_EQ(result.credit, now.credit);
  EXPECT_EQ(result.log_level, "debug");
  // A second reading of the same file finds only what a start must do.
  EXPECT_TRUE(difference_of(result, wanted).changes_nothing());
  EXPECT_EQ(difference_of(result, wanted).fixed_keys,
            (texts{"venues[kraken].book_depth", "credit"}));
}

}  // namespace
}  // namespace feedtree::config
