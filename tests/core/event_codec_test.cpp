#include "core/event_codec.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/checksum.hpp"
#include "core/codec.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

std::string encoded(const event_batch& batch) {
  std::string bytes;
  encode_batch(batch, bytes);
  return bytes;
}

// What a batch says, in full; two batches with the same text are the same for everyone.
std::string text_of(const event_batch& batch) {
  std::string text;
  for (const auto& what : batch.events) {
    text += event_id(what) + " " + what.where->venue_symbol + " " + what.where->channel + " ";
    encode_json(what, batch, text);
    text += "\n";
  }
  for (const auto& what : batch.quarantine) {
    text += what.venue + what.instrument + what.rule + what.reason + what.excerpt +
            std::to_string(what.receive_ns) + "\n";
  }
  return text;
}

// Replaces the checksum, so that damage reaches the decoder behind it.
std::string with_checksum(std::string bytes) {
  if (bytes.size() < 4) return bytes;
  bytes.resize(bytes.size() - 4);
  const auto crc = crc32(bytes);
  for (int at = 0; at < 4; ++at) bytes += static_cast<char>(crc >> (8 * at));
  return bytes;
}

class random_events {
 public:
  explicit random_events(std::uint32_t seed) : random_(seed) {}

  event_batch batch(listing_registry& registry) {
    const std::array where{
        tests::sample_listing(registry), tests::sample_listing(registry, "ETH-USD"),
        registry.intern("bybit", *parse_instrument("BTC-USD-BTC-PERP"), "BTCUSD", "inverse")};
    event_batch result;
    for (auto left = random_() % 20; left > 0; --left) add(where[random_() % 3], result);
    if (random_() % 4 == 0) result.quarantine.push_back(tests::sample_quarantine());
    return result;
  }
  std::uint32_t next() { return random_(); }

 private:
  std::int64_t wide() {
    const auto value = (std::uint64_t{random_()} << 32) | random_();
    return static_cast<std::int64_t>(value >> (random_() % 64)) * (random_() % 2 == 0 ? 1 : -1);
  }
  decimal number() {
    return {wide(), static_cast<std::int8_t>(static_cast<int>(random_() % 83) - 64)};
  }
  void add(const listing* where, event_batch& out) {
    const auto samples = tests::every_kind(where);
    auto& what = out.append(samples->events[random_() % samples->events.size()], *samples);
    what.exchange_ns = wide();
    what.receive_ns = wide();
    what.state = static_cast<feed_state>(random_() % feed_states);
    if (auto* body = std::get_if<trade>(&what.body)) {
      *body = {number(), number(), static_cast<trade_side>(random_() % trade_sides)};
    } else if (auto* change = std::get_if<book_change>(&what.body)) {
      change->first_update_id = static_cast<std::uint64_t>(wide());
      for (std::size_t at = change->first_level; at < out.levels.size(); ++at) {
        out.levels[at] = level(number(), number());
      }
    } else if (auto* quoted = std::get_if<quote>(&what.body)) {
      *quoted = {number(), number(), number(), number()};
    }
  }
  std::mt19937 random_;
};

TEST(event_codec, gives_back_every_kind_of_event) {
  listing_registry registry;
  auto batch = tests::every_kind(tests::sample_listing(registry));
  batch->quarantine.push_back(tests::sample_quarantine());
  listing_registry later;
  const auto decoded = decode_batch(encoded(*batch), later);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(text_of(*decoded), text_of(*batch));
  EXPECT_EQ(later.size(), 1U);
  EXPECT_EQ(decoded->events.front().where, later.find("kraken", "BTC-USD"));
}

TEST(event_codec, gives_back_any_batch_and_the_same_bytes_again) {
  random_events random(7);
  for (int run = 0; run < 2'000; ++run) {
    listing_registry registry;
    const auto batch = random.batch(registry);
    const auto bytes = encoded(batch);
    listing_registry later;
    const auto decoded = decode_batch(bytes, later);
    ASSERT_TRUE(decoded.has_value()) << run;
    ASSERT_EQ(text_of(*decoded), text_of(batch));
    ASSERT_EQ(encoded(*decoded), bytes);
  }
}

TEST(event_codec, keeps_an_instrument_that_the_process_knows_already) {
  listing_registry registry;
  const auto* where = tests::sample_listing(registry);
  event_batch batch;
  batch.events.push_back(tests::sample_trade(where, "1"));
  const auto decoded = decode_batch(encoded(batch), registry);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->events.front().where, where);
}

TEST(event_codec, keeps_numbers_at_their_bounds) {
  listing_registry registry;
  event_batch batch;
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  batch.events.push_back(tests::sample_event(
      tests::sample_listing(registry), "q",
      quote{decimal{least, decimal::exponent_min}, decimal{most, decimal::exponent_max},
            decimal{0, 0}, decimal{-1, -1}}));
  batch.events.back().exchange_ns = least;
  batch.events.back().receive_ns = most;
  const auto decoded = decode_batch(encoded(batch), registry);
  ASSERT_TRUE(decoded.has_value());
  const auto& body = std::get<quote>(decoded->events.front().body);
  EXPECT_EQ(body.bid_price->mantissa, least);
  EXPECT_EQ(body.bid_price->exponent, decimal::exponent_min);
  EXPECT_EQ(body.bid_quantity->mantissa, most);
  EXPECT_EQ(decoded->events.front().exchange_ns, least);
  EXPECT_EQ(decoded->events.front().receive_ns, most);
}

TEST(event_codec, keeps_a_side_that_is_absent_apart_from_zero) {
  listing_registry registry;
  event_batch batch;
  batch.events.push_back(tests::sample_event(tests::sample_listing(registry), "q",
                                             quote{{}, decimal{0, 0}, decimal{0, -8}, {}}));
  const auto decoded = decode_batch(encoded(batch), registry);
  ASSERT_TRUE(decoded.has_value());
  const auto& body = std::get<quote>(decoded->events.front().body);
  EXPECT_FALSE(body.bid_price || body.ask_quantity);
  EXPECT_TRUE(body.bid_quantity && body.bid_quantity->is_zero());
  EXPECT_EQ(body.ask_price->exponent, -8);
}

TEST(event_codec, refuses_every_cut_and_every_changed_byte) {
  listing_registry registry;
  const auto bytes = encoded(*tests::every_kind(tests::sample_listing(registry)));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(decode_batch(std::string_view(bytes).substr(0, size), registry)) << size;
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    ASSERT_FALSE(decode_batch(damaged, registry)) << at;
  }
  EXPECT_FALSE(decode_batch(bytes + "x", registry));
}

TEST(event_codec, keeps_whose_a_candle_is) {
  listing_registry registry;
  candle body;
  body.interval_ns = 60'000'000'000;
  body.source = candle_source::trades;
  body.complete = true;
  body.revision = 70'000;
  event_batch batch;
  batch.events.push_back(tests::sample_event(tests::sample_listing(registry), "c", body));
  auto bytes = encoded(batch);
  const auto read = decode_batch(bytes, registry);
  ASSERT_TRUE(read);
  const auto& back = std::get<candle>(read->events.at(0).body);
  EXPECT_EQ(back.source, candle_source::trades);
  EXPECT_TRUE(back.complete);
  EXPECT_EQ(back.revision, 70'000);
}

TEST(event_codec, reads_the_version_before_this_one) {
  listing_registry registry;
  event_batch batch;
  batch.events.push_back(tests::sample_trade(tests::sample_listing(registry), "1"));
  auto bytes = encoded(batch);
  bytes.front() = 2;
  EXPECT_TRUE(decode_batch(with_checksum(bytes), registry));
}

TEST(event_codec, refuses_another_version) {
  listing_registry registry;
  auto bytes = encoded(event_batch{});
  ASSERT_TRUE(decode_batch(bytes, registry));
  bytes.front() = 1;
  EXPECT_FALSE(decode_batch(with_checksum(bytes), registry));
}

TEST(event_codec, survives_damage_behind_a_checksum_that_fits) {
  random_events random(11);
  std::size_t refused = 0;
  for (int run = 0; run < 20'000; ++run) {
    listing_registry registry;
    auto bytes = encoded(random.batch(registry));
    for (auto left = 1 + random.next() % 3; left > 0 && !bytes.empty(); --left) {
      const auto at = random.next() % bytes.size();
      if (random.next() % 4 == 0) {
        bytes.erase(at, 1 + random.next() % 8);
      } else {
        bytes[at] = static_cast<char>(random.next());
      }
    }
    const auto decoded = decode_batch(with_checksum(bytes), registry);
    refused += decoded.has_value() ? 0 : 1;
    if (decoded) text_of(*decoded);  // all that it points to is there
  }
  EXPECT_GT(refused, 5'000U);
}

}  // namespace
}  // namespace feedtree
