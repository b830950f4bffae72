#include "adapters/simulator/frame_damage.hpp"

#include <gtest/gtest.h>
#include <rapidjson/document.h>

namespace feedtree::tests {
namespace {

const std::string frame =
    R"({"channel":"book","data":[{"price":"60000.1","qty":-0.5e3,"checksum":1234567,"n\"1":12}]})";

bool is_json(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  return !document.HasParseError();
}

TEST(frame_damage, a_checksum_becomes_another_one_and_nothing_else_changes) {
  auto text = frame;
  EXPECT_TRUE(simulator::corrupt_checksum(text));
  EXPECT_NE(text, frame);
  EXPECT_EQ(text.size(), frame.size());
  EXPECT_NE(text.find("\"checksum\":1234563"), std::string::npos) << text;
  std::string without = R"({"price":1})";
  EXPECT_FALSE(simulator::corrupt_checksum(without));
  EXPECT_EQ(without, R"({"price":1})");
}

TEST(frame_damage, malformed_and_truncated_frames_are_no_json) {
  for (const auto& start : {frame, std::string("{}"), std::string("[1]")}) {
    auto text = start;
    simulator::make_malformed(text);
    EXPECT_FALSE(is_json(text)) << text;
    text = start;
    simulator::truncate_frame(text);
    EXPECT_FALSE(is_json(text)) << text;
  }
}

TEST(frame_damage, every_number_becomes_true_and_names_stay) {
  auto text = frame;
  simulator::make_wrong_type(text);
  EXPECT_EQ(text,
            R"({"channel":"book","data":[{"price":true,"qty":true,"checksum":true,"n\"1":true}]})");
}

TEST(frame_damage, an_oversized_frame_and_one_with_a_new_field_are_still_json) {
  auto text = frame;
  simulator::make_oversized(text, 5'000);
  EXPECT_EQ(text.size(), 5'000U);
  EXPECT_TRUE(is_json(text));
  text = frame;
  simulator::add_unknown_field(text);
  EXPECT_TRUE(is_json(text)) << text;
  EXPECT_GT(text.size(), frame.size());
  std::string list = "[1]";
  simulator::add_unknown_field(list);
  EXPECT_EQ(list, "[1]");
}

}  // namespace
}  // namespace feedtree::tests
