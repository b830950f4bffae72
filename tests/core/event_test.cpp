#include "core/event.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "core/checksum.hpp"
#include "core/validator.hpp"

namespace feedtree {
namespace {

decimal number(std::string_view text) {
  decimal result;
  EXPECT_EQ(parse_decimal(text, result), decimal_error::none) << text;
  return result;
}

TEST(event_kind, has_a_name_that_is_read_back) {
  for (std::size_t at = 0; at < event_kinds; ++at) {
    const auto kind = static_cast<event_kind>(at);
    EXPECT_EQ(parse_event_kind(to_string(kind)), kind);
  }
  EXPECT_FALSE(parse_event_kind("books"));
  EXPECT_FALSE(parse_event_kind(""));
}

TEST(event, has_the_kind_of_its_body) {
  event what;
  what.body = trade{};
  EXPECT_EQ(what.kind(), event_kind::trade);
  what.body = book_change{};
  EXPECT_EQ(what.kind(), event_kind::book);
  what.body = quote{};
  EXPECT_EQ(what.kind(), event_kind::quote);
  what.body = ticker{};
  EXPECT_EQ(what.kind(), event_kind::ticker);
  what.body = candle{};
  EXPECT_EQ(what.kind(), event_kind::candle);
  what.body = funding{};
  EXPECT_EQ(what.kind(), event_kind::funding);
  what.body = open_interest{};
  EXPECT_EQ(what.kind(), event_kind::open_interest);
  what.body = liquidation{};
  EXPECT_EQ(what.kind(), event_kind::liquidation);
  what.body = status_change{};
  EXPECT_EQ(what.kind(), event_kind::status);
  what.body = gap{};
  EXPECT_EQ(what.kind(), event_kind::gap);
}

TEST(event, has_an_id_of_venue_instrument_kind_and_key) {
  listing_registry registry;
  event what;
  what.where = registry.intern("kraken", instrument::spot("BTC", "USD"), "BTC/USD");
  what.key.append(std::uint64_t{42});
  what.body = trade{};
  EXPECT_EQ(event_id(what), "kraken:BTC-USD:trade:42");
}

TEST(event_batch, copies_the_levels_with_the_event) {
  event_batch from;
  from.levels.resize(3);
  from.levels.emplace_back(number("10"), number("1"));
  from.levels.emplace_back(number("11"), number("2"));
  from.levels.emplace_back(number("12"), number("3"));
  event what;
  book_change change;
  change.first_level = 3;
  change.bids = 1;
  change.asks = 2;
  what.body = change;
  event_batch out;
  out.levels.resize(1);
  const auto& copy = std::get<book_change>(out.append(what, from).body);
  EXPECT_EQ(copy.first_level, 1u);
  ASSERT_EQ(out.all(copy).size(), 3u);
  EXPECT_EQ(out.bids(copy)[0].price(), number("10"));
  EXPECT_EQ(out.asks(copy)[1].quantity(), number("3"));
  EXPECT_GT(out.bytes(), sizeof(event));
  out.clear();
  EXPECT_TRUE(out.empty());
}

TEST(interval, is_written_and_read_back) {
  for (const auto* text : {"1s", "30s", "1m", "5m", "15m", "1h", "4h", "1d", "3d", "1w"}) {
    EXPECT_EQ(interval_text(parse_interval(text)), text);
  }
  EXPECT_EQ(parse_interval("60s"), parse_interval("1m"));
  EXPECT_EQ(interval_text(1'500'000'000), "1500000000ns");
  for (const auto* text :
       {"", "1", "m", "0m", "-1m", "1x", "1mm", "1.5m", "99999999999999w", " 1m"}) {
    EXPECT_EQ(parse_interval(text), 0) << text;
  }
}

TEST(inline_text, keeps_what_fits_and_says_what_does_not) {
  inline_text<8> text("abc");
  EXPECT_EQ(text.view(), "abc");
  text.append('-').append(std::int64_t{-12});
  EXPECT_EQ(text.view(), "abc--12");
  EXPECT_TRUE(text.fits());
  text.append(std::string_view{});
  EXPECT_EQ(text.view(), "abc--12");
  text.append("xy");
  EXPECT_EQ(text.view(), "abc--12x");
  EXPECT_FALSE(text.fits());
}

TEST(inline_text, holds_the_longest_number) {
  inline_text<47> text;
  text.append(std::numeric_limits<std::int64_t>::min());
  text.append(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(text.view(), "-922337203685477580818446744073709551615");
}

// "123456789" gives cbf43926: the check value of CRC-32/ISO-HDLC.
TEST(crc32, is_the_one_of_zlib) {
  EXPECT_EQ(crc32("123456789"), 0xcbf43926U);
  EXPECT_EQ(crc32("456789", crc32("123")), 0xcbf43926U);
  EXPECT_EQ(crc32(""), 0u);
}

std::uint32_t mark(const std::vector<level>& levels) {
  return fingerprint().add(std::span<const level>(levels)).value();
}

TEST(fingerprint, is_of_values_not_of_digits) {
  EXPECT_EQ(mark({{number("10.10"), number("1.500")}}), mark({{number("10.1"), number("1.5")}}));
  EXPECT_EQ(fingerprint().add(number("100")).value(), fingerprint().add(number("1e2")).value());
}

TEST(fingerprint, differs_where_values_do) {
  EXPECT_NE(mark({{number("10"), number("1")}}), mark({{number("1"), number("10")}}));
  EXPECT_NE(mark({{number("10"), number("1")}}), mark({{number("10"), number("1.1")}}));
  EXPECT_NE(mark({{number("1"), number("2")}, {number("3"), number("4")}}),
            mark({{number("3"), number("4")}, {number("1"), number("2")}}));
  EXPECT_NE(fingerprint().add(optional_decimal()).value(),
            fingerprint().add(optional_decimal(number("0"))).value());
  EXPECT_NE(fingerprint().add("ab").add("c").value(), fingerprint().add("a").add("bc").value());
}

// One level that differs must be seen: of 200,000 pairs some may agree by chance, at 2^-32 each.
TEST(fingerprint, seldom_agrees_by_chance) {
  std::vector<std::uint32_t> marks;
  for (std::int64_t price = 0; price < 400; ++price) {
    for (std::int64_t quantity = 1; quantity <= 100; ++quantity) {
      marks.push_back(mark({{{1, 0}, {1, 0}}, {{price, -2}, {quantity, -1}}}));
    }
  }
  std::sort(marks.begin(), marks.end());
  // 40,000 values: 0.2 pairs are to be expected.
  EXPECT_LE(marks.end() - std::unique(marks.begin(), marks.end()), 4);
}

TEST(time_key, is_time_and_fingerprint) {
  const auto key = time_key(1'700'000'000'000'000'000, fingerprint().add(std::int64_t{1}));
  EXPECT_EQ(key.view().substr(0, 20), "1700000000000000000-");
  EXPECT_TRUE(key.fits());
}

struct judged {
  const char* rule;
  decltype(event::body) body;
};

TEST(validator, names_the_rule_that_is_broken) {
  const auto one = number("1");
  const auto zero = number("0");
  const auto below = number("-1");
  candle outside{60, 60, one, one, number("2"), one, one, {}, -1, false};
  const std::vector<judged> all{
      {"", trade{one, one, trade_side::buy}},
      {"trade_price", trade{zero, one, trade_side::buy}},
      {"trade_quantity", trade{one, below, trade_side::buy}},
      {"quote_price", quote{below, one, one, one}},
      {"quote_quantity", quote{one, one, one, below}},
      {"", quote{one, zero, one, zero}},
      {"candle_range", outside},
      {"open_interest", open_interest{below, {}}},
      {"liquidation_price", liquidation{zero, one, trade_side::sell}},
  };
  for (const auto& [rule, body] : all) {
    event what;
    what.exchange_ns = 1;
    what.body = body;
    EXPECT_EQ(judge(what).rule, rule);
    what.exchange_ns = 0;
    EXPECT_EQ(judge(what).rule, "exchange_time");
  }
}

TEST(validator, takes_liquidations_without_a_price_where_they_are_sums) {
  listing_registry registry;
  event what;
  what.where = registry.intern("a", instrument::spot("BTC", "USD"), "x", sums_channel);
  what.exchange_ns = 1;
  what.body = liquidation{number("0"), number("1"), trade_side::sell};
  EXPECT_EQ(judge(what).rule, "");
  what.body = liquidation{number("-1"), number("1"), trade_side::sell};
  EXPECT_EQ(judge(what).rule, "liquidation_price");
  what.body = liquidation{number("0"), number("0"), trade_side::sell};
  EXPECT_EQ(judge(what).rule, "liquidation_quantity");
}

TEST(validator, moves_bad_events_to_the_quarantine) {
  listing_registry registry;
  event_batch batch;
  for (const auto* price : {"1", "0", "2"}) {
    event what;
    what.where = registry.intern("a", instrument::spot("BTC", "USD"), "x");
    what.exchange_ns = 5;
    what.receive_ns = 6;
    what.key.append(price);
    what.body = trade{number(price), number("1"), trade_side::buy};
    batch.events.push_back(what);
  }
  EXPECT_EQ(quarantine_bad_events(batch), 1u);
  ASSERT_EQ(batch.events.size(), 2u);
  ASSERT_EQ(batch.quarantine.size(), 1u);
  EXPECT_EQ(batch.quarantine[0].rule, "trade_price");
  EXPECT_EQ(batch.quarantine[0].excerpt, "a:BTC-USD:trade:0");
  EXPECT_EQ(batch.quarantine[0].receive_ns, 6);
  EXPECT_EQ(batch.events[1].key.view(), "2");
}

TEST(quote, has_no_side_where_price_or_quantity_is_zero_or_the_price_absent) {
  const decimal one{1, 0};
  const decimal zero{0, -8};
  const auto made = make_quote(zero, one, one, zero);
  EXPECT_FALSE(made.bid_price || made.bid_quantity || made.ask_price || made.ask_quantity);
  EXPECT_FALSE(make_quote({}, one, {}, {}).bid_quantity);
  const auto unsized = make_quote(one, {}, one, one);
  EXPECT_TRUE(unsized.has_both_sides());
  EXPECT_FALSE(unsized.bid_quantity);
  EXPECT_TRUE(unsized.ask_quantity);
  const level bid({5, 0}, {2, 0});
  const auto top = top_of({&bid, 1}, {});
  EXPECT_EQ(top.bid_price, (decimal{5, 0}));
  EXPECT_FALSE(top.ask_price);
}

}  // namespace
}  // namespace feedtree
