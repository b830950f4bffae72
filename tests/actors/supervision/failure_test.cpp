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

transport::transport_error refused_with(int status, std::string answer) {
  transport::transport_error error;
  error.stage = transport::error_stage::handshake;
  error.http_status = status;
  error.answer = std::move(answer);
  error.terminal = true;
  return error;
}

TEST(refused_handshake, that_says_that_we_ask_too_often_is_waited_for) {
  const auto error = refused_with(403, "403, access too frequent");
  EXPECT_EQ(asked_wait_s(error), 600);
  EXPECT_EQ(classify(error), remedy::reconnect);
  EXPECT_EQ(classify(refused_with(403, "not in your country")), remedy::fatal);
}

TEST(status_text, has_the_first_words_of_the_body) {
  transport::http_response answer;
  answer.status = 451;
  EXPECT_EQ(status_text(answer), "HTTP 451");
  answer.body = "{\"msg\":\"restricted\n location\"}";
  EXPECT_EQ(status_text(answer), "HTTP 451: {\"msg\":\"restricted location\"}");
  answer.body = "<p>" + std::string(5'000, 'x');
  EXPECT_LE(status_text(answer).size(), 300u);
}

}  // namespace
}  // namespace feedtree::actors
