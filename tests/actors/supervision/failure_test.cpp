// For how long an answer asks not to be bothered.
#include "actors/supervision/failure.hpp"

#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

TEST(asked_wait, is_what_the_answer_says_or_what_its_status_means) {
  EXPECT_EQ(asked_wait_s(429, 17), 17);
  EXPECT_EQ(asked_wait_s(429, {}), 5);
  EXPECT_EQ(asked_wait_s(418, {}), 120);
  EXPECT_EQ(asked_wait_s(500, {}), 0);
  EXPECT_EQ(asked_wait_s(200, {}), 0);
}

TEST(asked_wait, of_a_403_is_ten_minutes_where_it_says_that_we_ask_too_often) {
  EXPECT_EQ(asked_wait_s(403, {}, "403, access too frequent"), 600);
  EXPECT_EQ(asked_wait_s(403, {}, "The service is not available in your country"), 0);
  EXPECT_EQ(asked_wait_s(400, {}, "access too frequent"), 0);
}

}  // namespace
}  // namespace feedtree::actors
