#include "adapters/venues/ignored_frames.hpp"

#include <gtest/gtest.h>

#include "adapters/venues/venue_pipeline.hpp"

namespace feedtree::venues {
namespace {

TEST(ignored_channel, is_the_venues_name_without_its_symbol) {
  EXPECT_EQ(ignored_channel(R"({"channel":"heartbeat"})"), "heartbeat");
  EXPECT_EQ(ignored_channel(R"({"feed":"heartbeat","time":1534262350627})"), "heartbeat");
  EXPECT_EQ(ignored_channel(R"({"stream":"btcusdt@depth@100ms","data":{"e":"x"}})"), "depth@100ms");
  EXPECT_EQ(ignored_channel(R"({"topic":"orderbook.200.BTCUSDT","type":"delta"})"),
            "orderbook.200");
  EXPECT_EQ(ignored_channel(R"({"arg":{"channel":"books-l2-tbt","instId":"BTC-USDT"},"data":[]})"),
            "books-l2-tbt");
  EXPECT_EQ(ignored_channel(R"({"event":"info","version":1})"), "info");
  EXPECT_EQ(ignored_channel("{\"feed\" : \"heartbeat\", \"time\": 1}"), "heartbeat");
  EXPECT_EQ(ignored_channel("pong"), "pong");
}

TEST(ignored_channel, of_what_names_none_is_other) {
  for (const auto* text : {"", "[1,2,3]", R"({"id":7})", R"({"channel":"a b\"}{"})",
                           R"({"channel":")", R"({"channel":5})"}) {
    EXPECT_EQ(ignored_channel(text), "other") << text;
  }
}

TEST(ignored_frames, are_counted_by_a_bounded_number_of_channels) {
  ignored_frames counts;
  for (int at = 0; at < 100; ++at) counts.add("channel-" + std::to_string(at));
  EXPECT_LE(counts.by_channel().size(), ignored_frames::channels_max + 1);
  counts.add("heartbeat");
  counts.add("pong");
  EXPECT_EQ(counts.unexpected() + counts.expected(), 102U);
}

TEST(ignored_frames, of_a_pipeline_are_named) {
  listing_registry registry;
  venue_pipeline pipeline(*find_venue("okx"), registry);
  raw_frame frame;
  frame.text.reserve(1'000);
  frame.text = R"({"arg":{"channel":"estimated-price","instId":"BTC-USDT"},"data":[{"ts":"1"}]})";
  event_batch out;
  pipeline.frame("1", frame, out);
  frame.text = "pong";
  pipeline.frame("1", frame, out);
  ASSERT_EQ(pipeline.frames().ignored, 2U);
  EXPECT_EQ(pipeline.ignored().by_channel().at("estimated-price"), 1U);
  EXPECT_EQ(pipeline.ignored().by_channel().at("pong"), 1U);
  EXPECT_EQ(pipeline.ignored().unexpected(), 1U);
}

}  // namespace
}  // namespace feedtree::venues
