#include "adapters/venues/schema_watch.hpp"

#include <gtest/gtest.h>

#include "adapters/venues/venue.hpp"

namespace feedtree::venues {
namespace {

using texts = std::vector<std::string>;

class watch : public testing::Test {
 protected:
  texts look(std::string text) {
    text.reserve(text.size() + frame_padding);
    std::vector<schema_drift> found;
    schema.look(text, found);
    texts result;
    for (const auto& each : found) result.push_back(each.text());
    return result;
  }
  schema_watch schema{{1, 2}};
};

TEST_F(watch, new_and_missing_fields_are_noticed_behind_the_learnt_messages) {
  const std::string ticker = R"({"channel":"ticker","data":[{"last":1,"bid":2}]})";
  EXPECT_EQ(look(ticker), texts{});
  EXPECT_EQ(look(R"({"channel":"ticker","data":[{"last":1,"bid":2,"vwap":3}]})"), texts{});
  EXPECT_EQ(look(ticker), texts{});  // not all of the learnt had vwap
  EXPECT_EQ(look(R"({"channel":"ticker","data":[{"last":1}]})"),
            texts{"channel=ticker: no field data[].bid"});
  EXPECT_EQ(look(R"({"channel":"ticker","data":[{"last":1,"bid":2,"ask":3}],"x":1})"),
            (texts{"channel=ticker: new field data[].ask", "channel=ticker: new field x"}));
  EXPECT_EQ(look(R"({"channel":"ticker","data":[]})"), texts{});  // no item, so nothing to miss
  EXPECT_EQ(look(R"({"channel":"ticker"})"), texts{"channel=ticker: no field data"});
}

TEST_F(watch, shapes_are_told_apart_and_instruments_are_not) {
  for (int i = 0; i < 2; ++i) {
    look(R"({"topic":"orderbook.50.BTCUSDT","a":1})");
    look(R"({"stream":"btcusdt@trade","b":1})");
  }
  EXPECT_EQ(look(R"({"topic":"orderbook.50.ETHUSDT","c":1})"),
            (texts{"topic=orderbook: new field c", "topic=orderbook: no field a"}));
  EXPECT_EQ(look(R"({"stream":"ethusdt@trade","b":1})"), texts{});
}

TEST_F(watch, what_is_no_object_is_passed_over) {
  EXPECT_EQ(look("[1,2]"), texts{});
  EXPECT_EQ(look("{"), texts{});
  EXPECT_EQ(schema.looked_at(), 0U);
}

TEST(schema_watch, looks_at_one_frame_of_so_many) {
  schema_watch schema({3, 1});
  std::string text = R"({"a":1})";
  text.reserve(text.size() + frame_padding);
  std::vector<schema_drift> found;
  for (int i = 0; i < 7; ++i) schema.look(text, found);
  EXPECT_EQ(schema.looked_at(), 3U);
}

}  // namespace
}  // namespace feedtree::venues
