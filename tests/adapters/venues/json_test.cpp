#include "adapters/venues/json.hpp"

#include <gtest/gtest.h>

namespace feedtree::venues {
namespace {

raw_frame frame_of(std::string text) {
  text.reserve(text.size() + frame_padding);
  return {std::move(text), 0};
}

TEST(parser, gives_back_what_a_huge_frame_needed) {
  json::parser parser;
  const auto huge = frame_of("[\"" + std::string(20'000'000, 'x') + "\"]");
  const auto usual = frame_of("[1]");
  {
    auto document = json::read(parser, huge);
    EXPECT_EQ(document.count_elements().value(), 1u);
  }
  EXPECT_GE(parser.capacity(), 20'000'000u);
  auto document = json::read(parser, usual);
  EXPECT_LT(parser.capacity(), 5'000'000u);
  for (auto value : document.get_array()) {
    auto number = value.value();
    EXPECT_EQ(json::to_int(number, "number"), 1);
  }
}

}  // namespace
}  // namespace feedtree::venues
