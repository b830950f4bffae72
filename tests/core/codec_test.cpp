#include "core/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "core/json_writer.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using tests::number;

constexpr std::string_view times =
    R"("exchange_ns":"1618678123123456789","receive_ns":"1618678123223456790")";

std::string encoded(const event& what, const event_batch& batch) {
  std::string out;
  encode_json(what, batch, out);
  return out;
}

// The fields behind the common ones.
std::string fields(const event& what, const event_batch& batch = {}) {
  const auto text = encoded(what, batch);
  return text.substr(text.find(times) + times.size());
}

TEST(codec, writes_a_trade_field_by_field) {
  listing_registry registry;
  const auto what = tests::sample_trade(tests::sample_listing(registry), "17");
  EXPECT_EQ(encoded(what, {}),
            R"({"version":1,"kind":"trade","id":"kraken:BTC-USD:trade:17","venue":"kraken",)"
            R"("instrument":"BTC-USD","state":"live",)" +
                std::string(times) +
                R"(,"trade_id":"17","price":"61234.10","quantity":"0.00120","side":"sell"})");
}

TEST(codec, writes_a_book_with_what_the_venue_says_of_it) {
  listing_registry registry;
  const auto batch = tests::every_kind(tests::sample_listing(registry));
  EXPECT_EQ(fields(batch->events[1], *batch),
            R"(,"type":"snapshot","bids":[["999999.999","1.50"],["999999.998","1.51"],)"
            R"(["999999.997","1.52"]],"asks":[["1000000.001","1.50"],["1000000.002","1.51"],)"
            R"(["1000000.003","1.52"]],"depth":10})");
  EXPECT_EQ(fields(batch->events[2], *batch),
            R"(,"type":"delta","bids":[["999999.999","1.50"]],"asks":[["1000000.001","1.50"]],)"
            R"("first_update_id":"10","last_update_id":"18446744073709551615",)"
            R"("previous_update_id":"9","checksum":4294967295})");
  EXPECT_EQ(fields(batch->events[3], *batch), R"(,"type":"snapshot","bids":[],"asks":[]})");
}

TEST(codec, leaves_out_what_the_venue_did_not_say) {
  listing_registry registry;
  const auto* where = tests::sample_listing(registry);
  EXPECT_EQ(fields(tests::sample_event(where, "1", ticker{})), "}");
  EXPECT_EQ(fields(tests::sample_event(where, "1", quote{number("1.0"), number("2"), {}, {}})),
            R"(,"bid_price":"1.0","bid_quantity":"2"})");
  EXPECT_EQ(fields(tests::sample_event(where, "1", quote{})), "}");
  EXPECT_EQ(fields(tests::sample_event(where, "1", funding{number("0.1"), {}, {}, {}, 0})),
            R"(,"rate":"0.1"})");
  EXPECT_EQ(fields(tests::sample_event(where, "1", tests::sample_candle())),
            R"(,"interval":"1m","open_ns":"1618678080000000000","close_ns":"1618678140000000000",)"
            R"("open":"10.0","high":"11","low":"9.50","close":"10.5","volume":"0",)"
            R"("closed":false,"source":"venue"})");
}

TEST(codec, says_which_candles_are_built_from_trades) {
  listing_registry registry;
  auto ours = tests::sample_candle();
  ours.source = candle_source::trades;
  ours.revision = 2;
  ours.closed = ours.complete = true;
  EXPECT_THAT(
      fields(tests::sample_event(tests::sample_listing(registry), "1", ours)),
      testing::EndsWith(R"("closed":true,"source":"trades","complete":true,"revision":2})"));
}

TEST(codec, writes_null_for_the_end_of_an_open_gap) {
  listing_registry registry;
  const auto batch = tests::every_kind(tests::sample_listing(registry));
  const auto& open_gap = batch->events[batch->events.size() - 2];
  EXPECT_EQ(fields(open_gap, *batch),
            R"(,"feed":"book","cause":"checksum","detail":"checksum 1, not 2",)"
            R"("begin_ns":"1618678123000000000","end_ns":null,"repair":"none","recovered":false})");
}

TEST(codec, adds_sequence_and_epoch_when_there_is_a_tail) {
  listing_registry registry;
  const auto what = tests::sample_trade(tests::sample_listing(registry), "17");
  std::string out;
  encode_json(what, {}, {}, {7, "e\"1"}, out);
  EXPECT_TRUE(out.ends_with(R"(,"side":"sell","seq":7,"epoch":"e\"1"})")) << out;
}

TEST(codec, cuts_a_book_into_parts_that_together_are_the_whole) {
  listing_registry registry;
  event_batch batch;
  tests::append_book(batch, tests::sample_listing(registry), "s1", true, 2);
  const auto part = [&](std::size_t first, std::size_t count, std::uint32_t number_of_part) {
    std::string out;
    encode_json(batch.events[0], batch, {first, count, number_of_part, 3}, {}, out);
    return out.substr(out.find("\"bids\""));
  };
  EXPECT_EQ(part(0, 1, 1), R"("bids":[["999999.999","1.50"]],"asks":[],"part":1,"parts":3})");
  EXPECT_EQ(part(1, 2, 2), R"("bids":[["999999.998","1.51"]],"asks":[["1000000.001","1.50"]],)"
                           R"("part":2,"parts":3})");
  EXPECT_EQ(part(3, 1, 3), R"("bids":[],"asks":[["1000000.002","1.51"]],"part":3,"parts":3})");
  std::string whole;
  encode_json(batch.events[0], batch, {0, 1, 1, 3}, {}, whole);
  EXPECT_NE(whole.find(R"("id":"kraken:BTC-USD:book:s1#1")"), std::string::npos);
}

TEST(codec, keeps_the_texts_of_listings_apart) {
  listing_registry registry;
  listing_registry other;
  event_encoder encoder;
  for (const auto* where :
       {tests::sample_listing(registry, "BTC-USD"), tests::sample_listing(registry, "ETH-USD"),
        tests::sample_listing(other, "SOL-USD", "okx")}) {
    std::string kept;
    const auto what = tests::sample_trade(where, "1");
    encoder.encode(what, {}, kept);
    EXPECT_EQ(kept, encoded(what, {}));
    EXPECT_NE(kept.find('"' + event_id(what) + '"'), std::string::npos);
  }
}

TEST(codec, escapes_texts_and_replaces_what_is_not_utf8) {
  const auto text = [](std::string_view in) {
    std::string out;
    encode_text(in, out);
    return out;
  };
  EXPECT_EQ(text(""), R"("")");
  EXPECT_EQ(text("a\"b\\c\n\x01\x1f\x7f"), "\"a\\\"b\\\\c\\u000a\\u0001\\u001f\x7f\"");
  EXPECT_EQ(text("12345678\"2345678"), R"("12345678\"2345678")");
  EXPECT_EQ(text("\xe2\x82\xac \xf0\x9f\x98\x80 \xc3\xa9"),
            "\"\xe2\x82\xac \xf0\x9f\x98\x80 \xc3\xa9\"");
  EXPECT_EQ(text("\xe2\x82"), R"("\ufffd\ufffd")");
  EXPECT_EQ(text("\xc0\xaf\xed\xa0\x80\xf5z"), R"("\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdz")");
}

TEST(codec, writes_long_texts_that_do_not_fit_its_buffer) {
  const std::string long_text(100'000, 'x');
  std::string out = "before ";
  encode_text(long_text, out);
  EXPECT_EQ(out, "before \"" + long_text + "\"");
}

TEST(codec, gives_what_was_kept_back_an_id_that_depends_on_all_of_it) {
  auto entry = tests::sample_quarantine();
  std::string out;
  encode_json(entry, {}, out);
  const auto id = "kraken:BTC-USD:quarantine:" + std::string(key_of(entry));
  EXPECT_EQ(out, R"({"version":1,"kind":"quarantine","id":")" + id +
                     R"(","venue":"kraken","instrument":"BTC-USD",)"
                     R"("receive_ns":"1618678123223456790","rule":"decode",)"
                     R"("reason":"price is not a number","excerpt":"{\"price\":\"x\"}"})");
  const auto key = key_of(entry);
  entry.excerpt += " ";
  EXPECT_FALSE(key == key_of(entry));
}

std::string number_text(const decimal& value) {
  std::string out;
  json_writer(out).number(value);
  return out;
}

TEST(json_writer, writes_decimals_as_the_slow_way_does) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200'000; ++round) {
    const auto bits = static_cast<int>(random() % 64);
    auto mantissa = static_cast<std::int64_t>(random() >> bits >> 1);
    if (random() % 2 == 0) mantissa = -mantissa;
    const auto exponent = static_cast<std::int8_t>(static_cast<int>(random() % 50) - 40);
    const decimal value{mantissa, exponent};
    ASSERT_EQ(number_text(value), value.to_string());
  }
}

TEST(json_writer, writes_decimals_at_the_edges_of_its_fast_way) {
  for (const std::int64_t mantissa :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{9}, std::int64_t{10},
        std::int64_t{99'999'999}, std::int64_t{100'000'000}, std::int64_t{9'999'999'999'999'999},
        std::int64_t{10'000'000'000'000'000}, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    for (int exponent = decimal::exponent_min; exponent <= decimal::exponent_max; ++exponent) {
      const decimal value{mantissa, static_cast<std::int8_t>(exponent)};
      ASSERT_EQ(number_text(value), value.to_string());
    }
  }
}

TEST(json_writer, writes_whole_numbers) {
  const auto text = [](auto value) {
    std::string out;
    json_writer(out).number(value);
    return out;
  };
  for (std::uint64_t value = 1; value < 10'000'000'000'000'000'000ULL; value *= 10) {
    EXPECT_EQ(text(value), std::to_string(value));
    EXPECT_EQ(text(value - 1), std::to_string(value - 1));
    if (value > 1'000'000'000'000'000'000ULL) break;
  }
  EXPECT_EQ(text(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(text(std::int64_t{-5}), "-5");
}

}  // namespace
}  // namespace feedtree
