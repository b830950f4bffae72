#include "adapters/simulator/market.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "core/order_book.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t start_ns = 1'800'000'000'000'000'000;
constexpr std::int64_t step_ns = 2'000'000;

market_spec spec_of(const std::string& symbol) {
  auto spec = default_spec(*parse_instrument(symbol));
  spec.venue_symbol = symbol;
  return spec;
}

market make(const std::string& symbol, std::uint64_t seed) {
  return {spec_of(symbol), seed, start_ns};
}

// Everything that a step says, as text.
std::string text_of(const market_step& step) {
  std::string text = std::to_string(step.exchange_ns) + "#" + std::to_string(step.last_update_id);
  for (const auto* side : {&step.bids, &step.asks}) {
    for (const auto& entry : *side) {
      text += " " + entry.price().to_string() + "x" + entry.quantity().to_string();
    }
    text += " |";
  }
  for (const auto& entry : step.trades) {
    text += " " + std::to_string(entry.id) + "@" + entry.price.to_string();
  }
  return text;
}

std::string history_of(const std::string& symbol, std::uint64_t seed, int steps) {
  auto what = make(symbol, seed);
  std::string text;
  for (int at = 1; at <= steps; ++at) text += text_of(what.step(start_ns + at * step_ns)) + "\n";
  return text;
}

class every_market : public ::testing::TestWithParam<const char*> {};

TEST_P(every_market, never_crosses_and_keeps_its_depth) {
  auto what = make(GetParam(), 7);
  for (int at = 1; at <= 30'000; ++at) {
    what.step(start_ns + at * step_ns);
    const auto bid = what.best(book_part::bids);
    const auto ask = what.best(book_part::asks);
    ASSERT_LT(bid.price(), ask.price()) << at;
    ASSERT_TRUE(bid.price().is_positive()) << at;
    for (const auto part : {book_part::bids, book_part::asks}) {
      ASSERT_GE(what.depth(part), what.spec().levels / 2) << at;
      ASSERT_LE(what.depth(part), what.spec().levels + what.spec().levels / 10) << at;
    }
  }
}

TEST_P(every_market, is_told_completely_by_its_steps) {
  auto what = make(GetParam(), 11);
  order_book book;
  apply_counts counts;
  book.apply(book_part::bids, what.top(book_part::bids, 0), counts);
  book.apply(book_part::asks, what.top(book_part::asks, 0), counts);
  for (int at = 1; at <= 5'000; ++at) {
    const auto& step = what.step(start_ns + at * step_ns);
    book.apply(book_part::bids, step.bids, counts);
    book.apply(book_part::asks, step.asks, counts);
  }
  EXPECT_EQ(counts.unknown_deletes, 0U);
  EXPECT_TRUE(counts.representable);
  order_book expected;
  expected.apply(book_part::bids, what.top(book_part::bids, 0), counts);
  expected.apply(book_part::asks, what.top(book_part::asks, 0), counts);
  EXPECT_EQ(book.hash(), expected.hash());
}

TEST_P(every_market, moves_and_trades_on_both_sides) {
  auto what = make(GetParam(), 3);
  std::uint64_t buys = 0;
  std::uint64_t sells = 0;
  for (int at = 1; at <= 20'000; ++at) {
    for (const auto& entry : what.step(start_ns + at * step_ns).trades) {
      ++(entry.side == trade_side::buy ? buys : sells);
    }
  }
  EXPECT_GT(buys, 200U);
  EXPECT_GT(sells, 200U);
  EXPECT_EQ(what.last_trade_id(), buys + sells);
  EXPECT_GT(what.statistics().high, what.statistics().low);
  // It wanders, and does not run away.
  const auto mid = what.mark_price().mantissa / what.spec().price_step;
  EXPECT_GT(mid, what.spec().start_ticks * 7 / 10);
  EXPECT_LT(mid, what.spec().start_ticks * 13 / 10);
}

INSTANTIATE_TEST_SUITE_P(instruments, every_market,
                         ::testing::Values("BTC-USD", "ETH-BTC", "DOGE-USD", "BTC-USDT-PERP",
                                           "BTC-USD-BTC-PERP", "XYZ-EUR"));

TEST(market, is_the_same_for_the_same_seed) {
  EXPECT_EQ(history_of("BTC-USD", 42, 2'000), history_of("BTC-USD", 42, 2'000));
}

TEST(market, differs_by_seed_and_by_instrument) {
  EXPECT_NE(history_of("BTC-USD", 42, 50), history_of("BTC-USD", 43, 50));
  const auto first = make("BTC-USD", 42).top(book_part::bids, 20);
  const auto second = make("BTC-USDT", 42).top(book_part::bids, 20);
  std::size_t equal = 0;
  for (std::size_t at = 0; at < 20; ++at) equal += first[at].price() == second[at].price() ? 1 : 0;
  EXPECT_LT(equal, 20U);
}

TEST(market, numbers_steps_updates_and_trades_without_a_gap) {
  auto what = make("ETH-USD", 5);
  std::uint64_t update_id = 0;
  std::uint64_t trade_id = 0;
  std::int64_t last_ns = start_ns;
  for (std::uint64_t at = 1; at <= 3'000; ++at) {
    // A clock that stands still: steps still differ by a microsecond.
    const auto& step = what.step(start_ns);
    ASSERT_EQ(step.sequence, at);
    ASSERT_EQ(step.first_update_id, update_id + 1);
    ASSERT_EQ(step.last_update_id, update_id + step.bids.size() + step.asks.size());
    ASSERT_GE(step.last_update_id, step.first_update_id) << "a step changes something";
    ASSERT_GE(step.exchange_ns, last_ns + 1'000);
    for (const auto& entry : step.trades) ASSERT_EQ(entry.id, ++trade_id);
    update_id = step.last_update_id;
    last_ns = step.exchange_ns;
  }
}

TEST(market, trades_take_the_best_levels_and_no_more_than_they_hold) {
  auto what = make("BTC-USD", 9);
  std::uint64_t checked = 0;
  for (int at = 1; at <= 20'000; ++at) {
    const auto best_bid = what.best(book_part::bids).price();
    const auto best_ask = what.best(book_part::asks).price();
    const auto& step = what.step(start_ns + at * step_ns);
    if (step.trades.empty()) continue;
    // Other actions of the step may have improved the best price by some ticks before the trade.
    const auto& first = step.trades.front();
    ASSERT_TRUE(first.quantity.is_positive());
    if (first.side == trade_side::buy) {
      ASSERT_GT(first.price, best_bid) << at;
    } else {
      ASSERT_LT(first.price, best_ask) << at;
    }
    ++checked;
  }
  EXPECT_GT(checked, 500U);
}

TEST(market, writes_all_digits_of_its_prices) {
  auto spec = spec_of("BTC-USD-BTC-PERP");
  set_price_digits(spec, 1, 5);
  set_quantity_digits(spec, 0);
  market what(spec, 1, start_ns);
  for (const auto& entry : what.top(book_part::asks, 50)) {
    const auto text = entry.price().to_string();
    ASSERT_EQ(text[text.size() - 2], '.') << text;
    ASSERT_TRUE(text.back() == '0' || text.back() == '5') << text;
    ASSERT_EQ(entry.quantity().to_string().find('.'), std::string::npos);
  }
}

TEST(market, keeps_its_candles_by_the_clock) {
  auto what = make("BTC-USD", 21);
  constexpr std::int64_t minute_ns = 60'000'000'000;
  std::int64_t trades_in_minute = 0;
  std::int64_t open_ns = what.candle(minute_ns).open_ns;
  for (int at = 1; at <= 4'000; ++at) {
    const auto& step = what.step(start_ns + at * 50'000'000LL);
    const auto& candle = what.candle(minute_ns);
    if (candle.open_ns != open_ns) trades_in_minute = 0;
    open_ns = candle.open_ns;
    trades_in_minute += static_cast<std::int64_t>(step.trades.size());
    ASSERT_EQ(candle.trades, trades_in_minute);
    ASSERT_EQ(candle.open_ns % minute_ns, 0);
    ASSERT_LE(candle.low, candle.close);
    ASSERT_GE(candle.high, candle.open);
    ASSERT_GE(candle.average, candle.low);
    ASSERT_LE(candle.average, candle.high);
  }
  EXPECT_THROW(static_cast<void>(what.candle(7)), std::out_of_range);
}

TEST(market, refuses_a_specification_that_cannot_be) {
  auto spec = spec_of("BTC-USD");
  spec.start_ticks = 100;
  EXPECT_THROW(market(spec, 1, start_ns), std::invalid_argument);
  spec = spec_of("BTC-USD");
  spec.venue_symbol.clear();
  EXPECT_THROW(market(spec, 1, start_ns), std::invalid_argument);
}

TEST(market_set, finds_markets_by_channel_and_by_symbol) {
  auto spot = spec_of("BTC-USDT");
  spot.venue_symbol = "BTCUSDT";
  spot.channel = "spot";
  auto linear = spec_of("BTC-USDT-PERP");
  linear.venue_symbol = "BTCUSDT";
  linear.channel = "linear";
  const market_set markets({spot, linear}, 1, start_ns);
  EXPECT_EQ(markets.find("BTCUSDT", "spot"), &markets.at(0));
  EXPECT_EQ(markets.find("BTCUSDT", "linear"), &markets.at(1));
  EXPECT_EQ(markets.find("BTCUSDT"), nullptr);
  EXPECT_EQ(markets.find_symbol("BTC-USDT-PERP"), &markets.at(1));
  EXPECT_EQ(markets.find_symbol("ETH-USDT"), nullptr);
}

}  // namespace
}  // namespace feedtree::simulator
