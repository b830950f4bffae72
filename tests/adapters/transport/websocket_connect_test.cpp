#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/adapters/transport/test_websocket.hpp"

namespace feedtree::transport::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

TEST(websocket_connect, says_that_a_connection_was_refused) {
  const auto port = std::to_string(refused_port());
  connection use(options_for("ws://127.0.0.1:" + port));
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::connect);
  EXPECT_FALSE(error.terminal);
  EXPECT_THAT(error.message, HasSubstr("tried 127.0.0.1:" + port + " (Connection refused)"));
}

TEST(websocket_connect, gives_up_connecting_within_the_timeout) {
  const silent_port silent;
  auto options = options_for("ws://127.0.0.1:" + std::to_string(silent.port()));
  options.connect_timeout_ms = 150;
  const auto begin = steady_clock::now();
  connection use(options);
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::timeout);
  EXPECT_THAT(error.message, HasSubstr("no answer within"));
  EXPECT_LT(steady_clock::now() - begin, milliseconds(3'000));
}

resolver_fn resolver_of(std::vector<socket_address> addresses) {
  return [addresses](const std::string&, std::uint16_t) { return addresses; };
}

TEST(websocket_connect, goes_on_to_the_next_address) {
  const silent_port silent;
  test_server server(echo_server());
  auto options = options_for("ws://venue.example/");
  options.connect_timeout_ms = 2'000;
  options.resolve = resolver_of(
      {{"127.0.0.1", refused_port()}, {"127.0.0.1", silent.port()}, {"127.0.0.1", server.port()}});
  connection use(options);
  EXPECT_TRUE(use.record.wait_open());
}

TEST(websocket_connect, lists_all_addresses_it_tried) {
  const silent_port silent;
  const auto refused = refused_port();
  auto options = options_for("ws://venue.example/");
  options.connect_timeout_ms = 200;
  options.resolve = resolver_of({{"127.0.0.1", silent.port()}, {"127.0.0.1", refused}});
  connection use(options);
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::connect);
  EXPECT_THAT(error.message, HasSubstr("cannot connect to venue.example:80"));
  EXPECT_THAT(error.message, HasSubstr("127.0.0.1:" + std::to_string(silent.port())));
  EXPECT_THAT(error.message, HasSubstr("127.0.0.1:" + std::to_string(refused)));
}

TEST(websocket_connect, reports_a_name_without_an_address) {
  auto options = options_for("ws://venue.example/");
  options.resolve = resolver_of({});
  connection use(options);
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::resolve);
  EXPECT_THAT(error.message, HasSubstr("venue.example:80"));
}

TEST(websocket_connect, resolves_localhost_by_the_system) {
  test_server server(echo_server());
  connection use(options_for(server.url("ws", "/", "localhost")));
  EXPECT_TRUE(use.record.wait_open());
}

test_server::serve_fn refusal(std::string answer) {
  return [answer = std::move(answer)](peer& client, int) {
    if (client.read_request()) client.write(answer);
    client.wait_for_end();
  };
}

TEST(websocket_connect, gives_status_and_retry_after_of_a_refused_handshake) {
  test_server server(
      refusal("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\n"
              "Content-Length: 9\r\n\r\nslow\ndown"));
  connection use(options_for(server.url("ws")));
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::handshake);
  EXPECT_EQ(error.http_status, 429);
  EXPECT_EQ(error.retry_after_s, 17);
  EXPECT_FALSE(error.terminal);
  EXPECT_THAT(error.message, HasSubstr("HTTP status 429 Too Many Requests: slow down"));
  EXPECT_EQ(error.answer, "slow down");
}

TEST(websocket_connect, gives_the_words_of_a_page_that_refuses_it) {
  const std::string page =
      "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\"><HTML><HEAD><TITLE>ERROR: "
      "The "
      "request could not be satisfied</TITLE></HEAD><BODY><H1>403 ERROR</H1>The distribution is "
      "configured to block access from your country.</BODY></HTML>";
  test_server server(refusal("HTTP/1.1 451 Unavailable\r\nContent-Length: " +
                             std::to_string(page.size()) + "\r\n\r\n" + page));
  connection use(options_for(server.url("ws")));
  const auto error = use.record.wait_closed();
  EXPECT_THAT(error.message,
              HasSubstr("HTTP status 451 Unavailable: ERROR: The request could not "));
  EXPECT_THAT(error.message, HasSubstr("configured to block access from your country."));
}

TEST(websocket_connect, takes_a_403_as_terminal) {
  test_server server(refusal("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
  connection use(options_for(server.url("ws")));
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.http_status, 403);
  EXPECT_TRUE(error.terminal);
}

TEST(websocket_connect, gives_up_on_a_mute_server_within_the_handshake_timeout) {
  test_server server([](peer& client, int) { client.wait_for_end(); });
  auto options = options_for(server.url("ws"));
  options.handshake_timeout_ms = 100;
  connection use(options);
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::timeout);
  EXPECT_THAT(error.message, HasSubstr("WebSocket handshake"));
}

}  // namespace
}  // namespace feedtree::transport::test
