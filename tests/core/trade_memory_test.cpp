#include "core/trade_memory.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

class one_market : public testing::Test {
 protected:
  event trade_of(std::string_view key, std::string_view price, std::int64_t exchange_ns) const {
    auto what = tests::sample_trade(where, key, price);
    what.exchange_ns = exchange_ns;
    return what;
  }
  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
};

TEST_F(one_market, gives_the_number_of_a_trade_where_its_key_is_one) {
  EXPECT_EQ(number_of_trade(trade_of("0", "1", 1)), std::uint64_t{0});
  EXPECT_EQ(number_of_trade(trade_of("12027555~77", "1", 1)), std::uint64_t{12027555});
  EXPECT_EQ(number_of_trade(trade_of("", "1", 1)), std::nullopt);
  EXPECT_EQ(number_of_trade(trade_of("seq-7", "1", 1)), std::nullopt);
  EXPECT_EQ(number_of_trade(trade_of("12345678-9012-4195", "1", 1)), std::nullopt);
}

TEST_F(one_market, tells_a_trade_that_comes_again_from_another_one_with_its_number) {
  trade_memory memory;
  memory.add(7, trade_of("7", "10.0", 100));
  EXPECT_EQ(memory.find(7, trade_of("7", "10", 100)), trade_match::same) << "digits do not matter";
  EXPECT_EQ(memory.find(7, trade_of("7", "10", 101)), trade_match::other);
  EXPECT_EQ(memory.find(7, trade_of("7", "11", 100)), trade_match::other);
  EXPECT_EQ(memory.find(8, trade_of("8", "10", 100)), trade_match::unknown);
  memory.add(7, trade_of("7", "11", 100));
  EXPECT_EQ(memory.find(7, trade_of("7", "10", 100)), trade_match::same);
  EXPECT_EQ(memory.find(7, trade_of("7", "11", 100)), trade_match::same);
}

TEST_F(one_market, gives_a_trade_with_a_used_number_the_same_key_each_time) {
  const auto first = key_of_reused_number(7, trade_of("7", "10", 100));
  EXPECT_EQ(first, key_of_reused_number(7, trade_of("7", "10.00", 100)));
  EXPECT_FALSE(first == key_of_reused_number(7, trade_of("7", "10", 101)));
  EXPECT_TRUE(first.view().starts_with("7~"));
  EXPECT_TRUE(key_of_reused_number(~std::uint64_t{0}, trade_of("7", "10", 100)).fits());
}

TEST_F(one_market, forgets_the_oldest_trade) {
  trade_memory memory;
  for (std::uint64_t number = 0; number <= trade_memory::trades_max; ++number) {
    memory.add(number, trade_of("7", "10", 100));
  }
  EXPECT_EQ(memory.size(), trade_memory::trades_max);
  EXPECT_EQ(memory.find(0, trade_of("7", "10", 100)), trade_match::unknown);
  EXPECT_EQ(memory.find(1, trade_of("7", "10", 100)), trade_match::same);
}

}  // namespace
}  // namespace feedtree
