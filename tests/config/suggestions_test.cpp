#include "config/suggestions.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace feedtree::config {
namespace {

TEST(config_suggestions, finds_the_nearest_name) {
  const std::vector<std::string> names{"idle_timeout", "connect_timeout", "book_depth", "venue"};
  EXPECT_EQ(nearest("idle_timout", names), "idle_timeout");
  EXPECT_EQ(nearest("idle-timeout", names), "idle_timeout");
  EXPECT_EQ(nearest("IdleTimeout", names), "idle_timeout");
  EXPECT_EQ(nearest("idle_timeout_ms", names), "idle_timeout");
  EXPECT_EQ(nearest("evnue", names), "venue");
  EXPECT_EQ(nearest("depth", names), "book_depth");
}

TEST(config_suggestions, suggests_nothing_that_is_far) {
  const std::vector<std::string> names{"idle_timeout", "book_depth", "venue"};
  for (const auto* word : {"", "x", "sinks", "log"}) EXPECT_EQ(nearest(word, names), "") << word;
  EXPECT_EQ(nearest(std::string(100'000, 'v'), names), "");
}

TEST(config_suggestions, finds_the_nearest_names_of_many) {
  const std::vector<std::string> names{"BTC-USDT", "BTC-USDC", "BTC-USD", "ETH-EUR", "SOL-USDT"};
  EXPECT_EQ(nearest_few("BTC-USDX", names, 2), (std::vector<std::string>{"BTC-USD", "BTC-USDC"}));
  EXPECT_EQ(nearest_few("BTC-USDX", names, 9).size(), 3u);
  EXPECT_TRUE(nearest_few("NOTHING-OF-IT", names, 3).empty());
  EXPECT_TRUE(nearest_few(std::string(100'000, 'B'), names, 3).empty());
}

TEST(config_suggestions, turns_a_venue_s_symbol_into_a_canonical_one) {
  const std::map<std::string, std::string> wanted{
      {"btc-usd", "BTC-USD"},
      {"XBT/USD", "BTC-USD"},
      {"XBTUSD", "BTC-USD"},
      {"XDG/EUR", "DOGE-EUR"},
      {"BTC_USDT", "BTC-USDT"},
      {"btcusdt", "BTC-USDT"},
      {"ETHBTC", "ETH-BTC"},
      {"BTC-USDT-SWAP", "BTC-USDT-PERP"},
      {"BTC-USD-SWAP", "BTC-USD-BTC-PERP"},
      {"BTC-USD-USD-PERP", "BTC-USD-PERP"},
      {"BTC/USDT-PERP", "BTC-USDT-PERP"},
      {"BTCUSD_PERP", "BTC-USD-BTC-PERP"},
      {"BTCUSDT_210625", "BTC-USDT-20210625"},
      {"BTC-USD-210625", "BTC-USD-BTC-20210625"},
      {"PI_XBTUSD", "BTC-USD-BTC-PERP"},
      {"PF_XBTUSD", "BTC-USD-PERP"},
      {"BTC-PERPETUAL", "BTC-USD-BTC-PERP"},
  };
  for (const auto& [text, symbol] : wanted) EXPECT_EQ(likely_instrument(text), symbol) << text;
}

TEST(config_suggestions, makes_no_symbol_of_what_is_none) {
  for (const auto* text : {"", "-", "BTC", "?", "hello world and more", "BTC-USD-20261399"}) {
    EXPECT_EQ(likely_instrument(text), "") << text;
  }
  EXPECT_EQ(likely_instrument(std::string(100'000, 'A')), "");
}

}  // namespace
}  // namespace feedtree::config
