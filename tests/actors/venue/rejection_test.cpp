#include "actors/venue/rejection.hpp"

#include <gtest/gtest.h>

#include "adapters/venues/json.hpp"

namespace feedtree::actors {
namespace {

// What a reader of a venue's numbers says of this text.
std::string reason_of(std::string_view text) {
  try {
    venues::json::to_decimal(text, "price");
  } catch (const venues::decode_error& error) {
    return error.what();
  }
  return "it was read";
}

TEST(rejection, of_a_number_is_known_by_the_words_of_its_reader) {
  EXPECT_EQ(rejected_decimal(reason_of("")), decimal_error::empty);
  EXPECT_EQ(rejected_decimal(reason_of("12x")), decimal_error::syntax);
  EXPECT_EQ(rejected_decimal(reason_of("99999999999999999999999")), decimal_error::overflow);
  EXPECT_EQ(rejected_decimal(reason_of("0.12345678901234567890123")), decimal_error::precision);
}

TEST(rejection, of_something_else_is_none) {
  EXPECT_EQ(rejected_decimal(reason_of("1.5")), decimal_error::none);
  EXPECT_EQ(rejected_decimal("there is no price"), decimal_error::none);
  EXPECT_EQ(rejected_decimal(""), decimal_error::none);
}

}  // namespace
}  // namespace feedtree::actors
