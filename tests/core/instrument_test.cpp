#include "core/instrument.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace feedtree {
namespace {

TEST(instrument, names_each_type) {
  EXPECT_EQ(instrument::spot("BTC", "USD").symbol(), "BTC-USD");
  EXPECT_EQ(instrument::perpetual("BTC", "USDT", "USDT").symbol(), "BTC-USDT-PERP");
  EXPECT_EQ(instrument::perpetual("BTC", "USD", "BTC").symbol(), "BTC-USD-BTC-PERP");
  EXPECT_EQ(instrument::future("BTC", "USD", "BTC", 20261225).symbol(), "BTC-USD-BTC-20261225");
  EXPECT_EQ(instrument::future("BTC", "USDT", "USDT", 20261225).symbol(), "BTC-USDT-20261225");
}

TEST(instrument, reads_what_it_writes) {
  for (const auto* text :
       {"BTC-USD", "1INCH-USDT", "BTC-USDT-PERP", "BTC-USD-BTC-PERP", "ETH-USD-20260327",
        "ETH-USD-ETH-20260327", "BTC-USD-BTC-20260327-60000-C", "XRP-USDC-20260327-0.55-P"}) {
    const auto read = parse_instrument(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->symbol(), text);
  }
  const auto option = parse_instrument("XRP-USDC-20260327-0.55-P");
  EXPECT_EQ(option->type, market_type::option);
  EXPECT_EQ(option->strike->to_string(), "0.55");
  EXPECT_EQ(option->right, option_type::put);
  EXPECT_EQ(option->settle, "USDC");
}

TEST(instrument, refuses_what_is_not_canonical) {
  for (const auto* text : {"",
                           "-",
                           "BTC",
                           "BTC-",
                           "-USD",
                           "btc-usd",
                           "BTC/USD",
                           "BTC-USD-",
                           "BTC-USD-USD-PERP",
                           "BTC-USD-BTC",
                           "BTC-USD-PERP-X",
                           "BTC-USD-20261301",
                           "BTC-USD-20260132",
                           "BTC-USD-2026010",
                           "BTC-USD-20260327-60000",
                           "BTC-USD-20260327-60000-X",
                           "BTC-USD-20260327-0-C",
                           "BTC-USD-20260327-60000.0-C",
                           "BTC-USD-20260327-6e4-C",
                           "BTC-USD-20260327-+60000-C",
                           "BTC-USD-20260327-060000-C",
                           "BTC-USD-BTC-PERP-PERP",
                           "BTC--USD",
                           "BTC-USD-19991231",
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456-USD"}) {
    EXPECT_FALSE(parse_instrument(text)) << text;
  }
}

// Whatever is accepted is written back as it was read.
TEST(instrument, reads_nothing_that_it_would_write_in_another_way) {
  static const std::vector<std::string> parts{"BTC", "USD",  "PERP", "20260327", "60000",
                                              "6e4", "0.50", "0.5",  "C",        "P",
                                              "",    "x",    "1",    "20261399"};
  std::mt19937_64 random(1);
  int accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text = parts[random() % parts.size()];
    for (auto count = 1 + random() % 5; count > 0; --count)
      text += "-" + parts[random() % parts.size()];
    const auto read = parse_instrument(text);
    if (!read) continue;
    ++accepted;
    ASSERT_EQ(read->symbol(), text);
  }
  EXPECT_GT(accepted, 100);
}

TEST(instrument, equals_by_what_it_is) {
  EXPECT_EQ(instrument::perpetual("BTC", "USD", "BTC"), *parse_instrument("BTC-USD-BTC-PERP"));
  EXPECT_FALSE(instrument::perpetual("BTC", "USD", "BTC") ==
               instrument::perpetual("BTC", "USD", "USD"));
}

TEST(canonical_asset, resolves_the_aliases) {
  EXPECT_EQ(canonical_asset("XBT"), "BTC");
  EXPECT_EQ(canonical_asset("XXBT"), "BTC");
  EXPECT_EQ(canonical_asset("XDG"), "DOGE");
  EXPECT_EQ(canonical_asset("ETH"), "ETH");
}

TEST(listing_registry, gives_one_address_for_one_listing) {
  listing_registry registry;
  const auto* const first = registry.intern("a", instrument::spot("BTC", "USD"), "BTC/USD", "spot");
  const auto* const other = registry.intern("b", instrument::spot("BTC", "USD"), "BTCUSD");
  EXPECT_EQ(registry.intern("a", instrument::spot("BTC", "USD"), "else"), first);
  EXPECT_NE(first, other);
  EXPECT_EQ(first->venue_symbol, "BTC/USD");
  EXPECT_EQ(first->channel, "spot");
  EXPECT_EQ(registry.find("a", "BTC-USD"), first);
  EXPECT_EQ(registry.find("c", "BTC-USD"), nullptr);
  EXPECT_EQ(registry.size(), 2u);
  EXPECT_EQ(registry.of_venue("b"), std::vector<const listing*>{other});
}

TEST(listing_registry, counts_listings_densely_and_never_moves_them) {
  listing_registry registry;
  std::vector<const listing*> all;
  for (int count = 0; count < 2000; ++count) {
    all.push_back(registry.intern("a", instrument::spot("A" + std::to_string(count), "USD"), "x"));
  }
  for (std::size_t index = 0; index < all.size(); ++index) {
    EXPECT_EQ(all[index]->index, index);
    EXPECT_EQ(all[index]->symbol, "A" + std::to_string(index) + "-USD");
  }
}

TEST(listing_registry, may_be_used_by_several_threads) {
  listing_registry registry;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&registry] {
      for (int count = 0; count < 500; ++count) {
        const auto base = "A" + std::to_string(count);
        const auto* const where = registry.intern("a", instrument::spot(base, "USD"), base);
        EXPECT_EQ(registry.find("a", where->symbol), where);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(registry.size(), 500u);
}

TEST(symbol_table, finds_what_was_added_last) {
  listing_registry registry;
  symbol_table table;
  EXPECT_EQ(table.find("BTC"), nullptr);
  const auto* const a = registry.intern("a", instrument::spot("BTC", "USD"), "BTC");
  const auto* const b = registry.intern("a", instrument::spot("BTC", "EUR"), "BTC");
  table.add("BTC", a);
  table.add("BTC", b);
  EXPECT_EQ(table.find("BTC"), b);
  EXPECT_EQ(table.size(), 1u);
  table.clear();
  EXPECT_EQ(table.find("BTC"), nullptr);
}

}  // namespace
}  // namespace feedtree
