#include "adapters/simulator/client_request.hpp"

#include <gtest/gtest.h>

#include "adapters/simulator/frame_writer.hpp"

namespace feedtree::simulator {
namespace {

TEST(client_request, reads_the_fields_of_an_object) {
  const client_request from(
      R"({"method":"subscribe","params":{"symbol":["BTC/USD","ETH/USD"],"depth":25,"snapshot":false},"req_id":7,"args":[{"instId":"A"},{"instId":"B"}]})");
  ASSERT_TRUE(from.is_object());
  EXPECT_EQ(from.text("/method"), "subscribe");
  EXPECT_EQ(from.number("/params/depth"), 25);
  EXPECT_EQ(from.flag("/params/snapshot"), false);
  EXPECT_EQ(from.texts("/params/symbol"), (std::vector<std::string>{"BTC/USD", "ETH/USD"}));
  EXPECT_EQ(from.texts("/method"), std::vector<std::string>{"subscribe"});
  EXPECT_EQ(from.raw("/req_id"), "7");
  EXPECT_EQ(from.size("/args"), 2U);
  EXPECT_EQ(from.text("/args/1/instId"), "B");
  EXPECT_TRUE(from.has("/params"));
  EXPECT_FALSE(from.has("/none"));
  EXPECT_FALSE(from.text("/params/depth").has_value());
  EXPECT_TRUE(from.texts("/none").empty());
}

TEST(client_request, is_no_object_where_the_text_is_none) {
  for (const char* text : {"", "ping", "[1]", "{", "\"x\"", "{\"a\":1}}", "\xff\xfe"}) {
    const client_request from(text);
    EXPECT_FALSE(from.is_object()) << text;
    EXPECT_FALSE(from.text("/a").has_value());
    EXPECT_EQ(from.raw("/a"), "");
  }
}

TEST(client_request, reads_targets) {
  EXPECT_EQ(path_of("/v5/market?x=1"), "/v5/market");
  EXPECT_EQ(path_of("/"), "/");
  EXPECT_EQ(query_value("/a?symbol=BTC%2FUSD&limit=5", "symbol"), "BTC/USD");
  EXPECT_EQ(query_value("/a?symbol=BTC%2FUSD&limit=5", "limit"), "5");
  EXPECT_EQ(query_value("/a?&x", "x"), "");
  EXPECT_EQ(query_value("/a?x=%", "x"), "%");
  EXPECT_FALSE(query_value("/a?xx=1", "x").has_value());
  EXPECT_FALSE(query_value("/a", "x").has_value());
  EXPECT_EQ(split("a/b//c", '/'), (std::vector<std::string>{"a", "b", "", "c"}));
}

TEST(frame_writer, writes_commas_escapes_and_exact_digits) {
  frame_writer out;
  out.begin_object().field("a", 1).field("b", "x\"\\\n").field("c", true).key("d").begin_array();
  out.digits({150, -2}, digits_as::number).digits({7, -8}, digits_as::text).null();
  out.begin_object().end_object().begin_array().end_array().end_array();
  out.key("e").raw("{\"z\":2}").end_object();
  EXPECT_EQ(out.take(),
            R"({"a":1,"b":"x\"\\\u000a","c":true,"d":[1.50,"0.00000007",null,{},[]],"e":{"z":2}})");
  const std::vector<level> levels{{{15, -1}, {2, 0}}, {{16, -1}, {0, -1}}};
  EXPECT_EQ(frame_writer().pairs(levels, digits_as::text).take(), R"([["1.5","2"],["1.6","0.0"]])");
}

TEST(frame_writer, writes_times) {
  EXPECT_EQ(rfc3339_text(1'787'610'116'724'795'000, 6), "2026-08-24T22:21:56.724795Z");
  EXPECT_EQ(rfc3339_text(0, 0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339_text(1, 9), "1970-01-01T00:00:00.000000001Z");
}

}  // namespace
}  // namespace feedtree::simulator
