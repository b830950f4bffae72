#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/adapters/transport/test_websocket.hpp"

namespace feedtree::transport::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

TEST(websocket_close, writes_what_is_queued_and_closes_with_a_handshake) {
  std::vector<std::string> received;
  std::promise<beast::websocket::close_reason> reason;
  test_server server(websocket_server([&](websocket_session& session) {
    while (const auto message = session.read()) received.push_back(*message);
    reason.set_value(session.socket.reason());
  }));
  connection use(options_for(server.url("ws")));
  ASSERT_TRUE(use.record.wait_open());
  for (int i = 0; i < 50; ++i) (void)use.client.send("last words");
  use.client.close("moving on");
  EXPECT_EQ(use.client.send("too late"), send_result::closed);
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::closed_by_us);
  auto future = reason.get_future();
  ASSERT_EQ(future.wait_for(patience), std::future_status::ready);
  const auto given = future.get();
  EXPECT_EQ(given.code, 1000);
  EXPECT_EQ(std::string(given.reason.c_str()), "moving on");
  EXPECT_EQ(received.size(), 50U);
}

TEST(websocket_close, closes_within_the_bound_when_the_peer_does_not_answer) {
  event end;
  test_server server(websocket_server([&](websocket_session&) { (void)end.wait(); }));
  auto options = options_for(server.url("ws"));
  options.close_timeout_ms = 100;
  connection use(options);
  ASSERT_TRUE(use.record.wait_open());
  const auto begin = steady_clock::now();
  use.client.close(std::string(500, 'r'));
  EXPECT_EQ(use.record.wait_closed().stage, error_stage::closed_by_us);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(3'000));
  end.set();
}

TEST(websocket_close, closes_at_once_while_it_is_connecting) {
  const silent_port silent;
  connection use(options_for("ws://127.0.0.1:" + std::to_string(silent.port())));
  use.client.close("never mind");
  EXPECT_EQ(use.record.wait_closed().stage, error_stage::closed_by_us);
}

TEST(websocket_close, gives_code_and_reason_of_a_peer_that_closes) {
  test_server server(websocket_server([](websocket_session& session) {
    error_code ignored;
    session.socket.close({beast::websocket::close_code::going_away, "maintenance"}, ignored);
  }));
  connection use(options_for(server.url("ws")));
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::closed_by_peer);
  EXPECT_EQ(error.close_code, 1001);
  EXPECT_THAT(error.message, HasSubstr("code 1001: maintenance"));
}

TEST(websocket_close, reports_a_peer_that_sends_close_and_keeps_the_socket_open) {
  event end;
  test_server server(websocket_server([&](websocket_session& session) {
    session.socket.next_layer().write(std::string("\x88\x02\x03\xe9", 4));
    (void)end.wait();
  }));
  auto options = options_for(server.url("ws"));
  options.close_timeout_ms = 100;
  connection use(options);
  const auto error = use.record.wait_closed();
  end.set();
  EXPECT_EQ(error.stage, error_stage::closed_by_peer);
  EXPECT_EQ(error.close_code, 1001);
}

TEST(websocket_close, reports_a_connection_that_ends_without_a_close_frame) {
  test_server server(websocket_server([](websocket_session&) {}));
  connection use(options_for(server.url("ws")));
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::closed_by_peer);
  EXPECT_THAT(error.message, HasSubstr("without a close frame"));
}

TEST(websocket_close, reports_a_frame_that_breaks_the_protocol) {
  test_server server(websocket_server([](websocket_session& session) {
    session.socket.next_layer().write(std::string("\xc3\x00", 2));
    session.socket.next_layer().wait_for_end();
  }));
  auto options = options_for(server.url("ws"));
  options.close_timeout_ms = 100;  // the server leaves the socket open
  connection use(options);
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::protocol);
  EXPECT_THAT(error.message, HasSubstr("broke the WebSocket protocol"));
}

}  // namespace
}  // namespace feedtree::transport::test
