#include "adapters/transport/websocket_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/adapters/transport/test_websocket.hpp"

namespace feedtree::transport::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(websocket_options, report_every_problem_at_once) {
  websocket_options options;
  options.url = "http://example.com/";
  options.tls.ca_file = "/nowhere/ca.pem";
  options.connect_timeout_ms = 0;
  options.idle_timeout_ms = 1'000;
  options.read_limit_bytes = 0;
  options.headers.add("bad name", "x");
  EXPECT_THAT(options.check(),
              ElementsAre(HasSubstr("must begin with ws"), HasSubstr("cannot be read"),
                          HasSubstr("connect_timeout_ms"), HasSubstr("ping_interval_ms"),
                          HasSubstr("read_limit_bytes"), HasSubstr("bad name")));
}

TEST(websocket_options, are_right_by_default_but_for_the_url) {
  websocket_options options;
  options.url = "wss://example.com/stream";
  EXPECT_THAT(options.check(), IsEmpty());
}

TEST(websocket_client, reports_wrong_options_as_terminal) {
  connection use(options_for("ftp://example.com"));
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::options);
  EXPECT_TRUE(error.terminal);
}

TEST(websocket_client, echoes_text_in_order) {
  test_server server(echo_server());
  connection use(options_for(server.url("ws")));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(use.client.send("message " + std::to_string(i)), send_result::queued);
  ASSERT_TRUE(use.record.wait_frames(100));
  for (std::size_t i = 0; i < 100; ++i)
    EXPECT_EQ(use.record.frame_at(i).text, "message " + std::to_string(i));
  EXPECT_EQ(use.client.counters().frames_received, 100U);
  EXPECT_EQ(use.client.info().remote, "127.0.0.1:" + std::to_string(server.port()));
}

TEST(websocket_client, gives_binary_frames_with_padding_and_the_time_of_the_clock) {
  test_server server(websocket_server([](websocket_session& session) {
    session.socket.binary(true);
    session.write(std::string(100'000, 'x'));
    session.write("");
    session.echo();
  }));
  auto options = options_for(server.url("ws"));
  options.clock_ns = [] { return std::int64_t{1'618'678'123'123'456'789}; };
  connection use(options);
  ASSERT_TRUE(use.record.wait_frames(2));
  for (std::size_t i = 0; i < 2; ++i) {
    const auto frame = use.record.frame_at(i);
    EXPECT_GE(frame.capacity, frame.text.size() + padding_bytes);
    EXPECT_EQ(frame.receive_ns, 1'618'678'123'123'456'789);
  }
  EXPECT_EQ(use.record.frame_at(0).text, std::string(100'000, 'x'));
}

TEST(websocket_client, sends_its_headers_target_and_user_agent) {
  std::promise<peer::http_request_type> seen;
  test_server server(websocket_server([&](websocket_session& session) {
    seen.set_value(session.request);
    session.echo();
  }));
  auto options = options_for(server.url("ws", "/stream?depth=5"));
  options.headers.add("X-Key", "abc");
  options.user_agent = "feedtree-test";
  connection use(options);
  auto future = seen.get_future();
  ASSERT_EQ(future.wait_for(patience), std::future_status::ready);
  const auto request = future.get();
  EXPECT_EQ(request.target(), "/stream?depth=5");
  EXPECT_EQ(request["X-Key"], "abc");
  EXPECT_EQ(request["User-Agent"], "feedtree-test");
  EXPECT_EQ(request["Host"], "127.0.0.1:" + std::to_string(server.port()));
}

TEST(websocket_client, agrees_on_permessage_deflate) {
  test_server server(echo_server());
  connection use(options_for(server.url("ws")));
  ASSERT_TRUE(use.record.wait_open());
  EXPECT_TRUE(use.client.info().deflate);
  const std::string text(200'000, 'a');
  EXPECT_EQ(use.client.send(text), send_result::queued);
  ASSERT_TRUE(use.record.wait_frames(1));
  EXPECT_EQ(use.record.frame_at(0).text, text);
}

TEST(websocket_client, offers_no_deflate_when_told_so) {
  test_server server(echo_server());
  auto options = options_for(server.url("ws"));
  options.permessage_deflate = false;
  connection use(options);
  ASSERT_TRUE(use.record.wait_open());
  EXPECT_FALSE(use.client.info().deflate);
}

TEST(websocket_client, refuses_a_message_over_the_read_limit) {
  test_server server(websocket_server([](websocket_session& session) {
    session.write(std::string(1'001, 'x'));  // compressed it is far below the limit
    session.echo();
  }));
  auto options = options_for(server.url("ws"));
  options.read_limit_bytes = 1'000;
  connection use(options);
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::too_large);
  EXPECT_THAT(error.message, HasSubstr("1000 bytes"));
  EXPECT_EQ(use.record.frame_count(), 0U);
}

TEST(websocket_client, takes_a_message_of_exactly_the_read_limit) {
  test_server server(websocket_server([](websocket_session& session) {
    session.write(std::string(1'000, 'x'));
    session.echo();
  }));
  auto options = options_for(server.url("ws"));
  options.read_limit_bytes = 1'000;
  connection use(options);
  EXPECT_TRUE(use.record.wait_frames(1));
}

TEST(websocket_client, notices_a_mute_peer_within_the_idle_timeout) {
  event end;
  test_server server(websocket_server([&](websocket_session&) { (void)end.wait(); }));
  auto options = options_for(server.url("ws"));
  options.ping_interval_ms = 60;
  options.idle_timeout_ms = 200;
  connection use(options);
  ASSERT_TRUE(use.record.wait_open());
  const auto begin = steady_clock::now();
  const auto error = use.record.wait_closed();
  const auto elapsed = steady_clock::now() - begin;
  end.set();
  EXPECT_EQ(error.stage, error_stage::timeout);
  EXPECT_THAT(error.message, HasSubstr("for 200 ms"));
  EXPECT_GE(elapsed, milliseconds(150));
  EXPECT_LT(elapsed, milliseconds(3'000));
  EXPECT_GE(use.client.counters().pings_sent, 1U);
}

// Counts pings until `count`, then sets `seen`; answers them when it reads.
void count_pings(websocket_session& session, int count, event& seen) {
  int pings = 0;
  session.socket.control_callback([&](beast::websocket::frame_type kind, beast::string_view) {
    if (kind == beast::websocket::frame_type::ping && ++pings == count) seen.set();
  });
  session.echo();
}

TEST(websocket_client, keeps_a_quiet_peer_alive_by_pings) {
  event seen;
  test_server server(
      websocket_server([&](websocket_session& session) { count_pings(session, 12, seen); }));
  auto options = options_for(server.url("ws"));
  options.ping_interval_ms = 50;
  options.idle_timeout_ms = 500;  // twelve pings take longer
  connection use(options);
  ASSERT_TRUE(seen.wait());
  EXPECT_EQ(use.client.send("still here"), send_result::queued);
  EXPECT_TRUE(use.record.wait_frames(1));
}

TEST(websocket_client, does_not_time_out_while_reading_is_paused) {
  event seen;
  test_server server(
      websocket_server([&](websocket_session& session) { count_pings(session, 12, seen); }));
  auto options = options_for(server.url("ws"));
  options.ping_interval_ms = 50;
  options.idle_timeout_ms = 200;
  connection use(options);
  use.client.pause_reading();
  ASSERT_TRUE(use.record.wait_open());
  ASSERT_TRUE(seen.wait());
  EXPECT_EQ(use.record.closed_count(), 0);
  EXPECT_EQ(use.client.send("after the pause"), send_result::queued);
  use.client.resume_reading();
  EXPECT_TRUE(use.record.wait_frames(1));
}

constexpr std::size_t flood_frame_bytes = 60'000;
constexpr std::size_t flood_frames = 1'000;

// Writes WebSocket frames as they are; sets `blocked` when the socket takes no more, then goes on
// when it does.
void flood(tcp::socket& socket, event& blocked) {
  std::string frame("\x82\x7e", 2);
  frame += static_cast<char>(flood_frame_bytes >> 8);
  frame += static_cast<char>(flood_frame_bytes & 0xff);
  frame.append(flood_frame_bytes, 'x');
  socket.non_blocking(true);
  for (std::size_t sent = 0; sent < frame.size() * flood_frames;) {
    error_code error;
    const auto at = sent % frame.size();
    sent += socket.write_some(asio::buffer(frame.data() + at, frame.size() - at), error);
    if (!error) continue;
    pollfd waiting{socket.native_handle(), POLLOUT, 0};
    if (error != asio::error::would_block) return;
    if (::poll(&waiting, 1, 300) == 0) blocked.set();
    ::poll(&waiting, 1, 20'000);
  }
}

TEST(websocket_client, stops_reading_while_paused_so_that_the_server_blocks) {
  event blocked;
  test_server server(websocket_server([&](websocket_session& session) {
    ASSERT_EQ(session.read(), "paused");
    flood(session.socket.next_layer().socket(), blocked);
    session.socket.next_layer().socket().non_blocking(false);
    session.echo();
  }));
  connection use(options_for(server.url("ws")));
  ASSERT_TRUE(use.record.wait_open());
  use.client.pause_reading();
  // Behind the pause, so that nothing is read before it.
  ASSERT_EQ(use.client.send("paused"), send_result::queued);
  ASSERT_TRUE(blocked.wait());
  EXPECT_EQ(use.record.frame_count(), 0U);
  use.client.resume_reading();
  ASSERT_TRUE(use.record.wait_frames(flood_frames));
  EXPECT_EQ(use.record.frame_at(flood_frames - 1).text.size(), flood_frame_bytes);
}

TEST(websocket_client, delivers_nothing_after_a_pause_in_a_callback_until_resumed) {
  test_server server(websocket_server([](websocket_session& session) {
    for (int i = 0; i < 10; ++i) session.write(std::to_string(i));
    session.echo();
  }));
  recorder record;
  reactor loop;
  auto callbacks = record.callbacks();
  websocket_client* itself = nullptr;
  callbacks.on_frame = [&, inner = callbacks.on_frame](std::string&& text, std::int64_t ns) {
    itself->pause_reading();
    inner(std::move(text), ns);
  };
  websocket_client client(loop, options_for(server.url("ws")), std::move(callbacks));
  itself = &client;
  client.start();
  loop.start();
  for (std::size_t count = 1; count <= 10; ++count) {
    ASSERT_TRUE(record.wait_frames(count));
    event settled;  // a task behind all that the pause might have let through
    loop.post([&] { settled.set(); });
    ASSERT_TRUE(settled.wait());
    EXPECT_EQ(record.frame_count(), count);
    client.resume_reading();
  }
}

TEST(websocket_client, bounds_its_write_queue_in_messages) {
  const silent_port silent;
  auto options = options_for("ws://127.0.0.1:" + std::to_string(silent.port()));
  options.write_queue_messages_max = 3;
  connection use(options);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(use.client.send("x"), send_result::queued);
  EXPECT_EQ(use.client.send("x"), send_result::queue_full);
  EXPECT_EQ(use.client.counters().messages_refused, 1U);
}

TEST(websocket_client, bounds_its_write_queue_in_bytes) {
  const silent_port silent;
  auto options = options_for("ws://127.0.0.1:" + std::to_string(silent.port()));
  options.write_queue_bytes_max = 10;
  connection use(options);
  EXPECT_EQ(use.client.send("12345678"), send_result::queued);
  EXPECT_EQ(use.client.send("123"), send_result::queue_full);
  EXPECT_EQ(use.client.send("12"), send_result::queued);
}

TEST(websocket_client, refuses_messages_before_its_start) {
  reactor loop;
  websocket_client client(loop, options_for("ws://127.0.0.1:1"), {});
  EXPECT_EQ(client.send("x"), send_result::closed);
}

TEST(websocket_client, can_be_destroyed_at_any_stage) {
  test_server server(websocket_server([](websocket_session& session) {
    while (session.write("tick")) {
    }
  }));
  reactor loop;
  loop.start();
  for (std::size_t frames = 0; frames < 30; ++frames) {
    recorder record;
    websocket_client client(loop, options_for(server.url("ws")), record.callbacks());
    client.start();
    if (frames == 1) (void)record.wait_open();
    if (frames > 1) (void)record.wait_frames(frames);
    (void)client.send("x");
  }
}

TEST(websocket_client, can_be_destroyed_in_its_callbacks) {
  test_server server(websocket_server([](websocket_session& session) {
    session.write("tick");
    session.echo();
  }));
  reactor loop;
  loop.start();
  for (int stage = 0; stage < 3; ++stage) {
    std::unique_ptr<websocket_client> client;
    event gone;
    const auto destroy_at = [&](int wanted) {
      if (wanted != stage) return;
      client.reset();
      gone.set();
    };
    const auto url =
        stage == 2 ? "ws://127.0.0.1:" + std::to_string(refused_port()) : server.url("ws");
    client = std::make_unique<websocket_client>(
        loop, options_for(url),
        websocket_callbacks{[&] { destroy_at(0); },
                            [&](std::string&&, std::int64_t) { destroy_at(1); },
                            [&](transport_error) { destroy_at(2); }});
    client->start();
    ASSERT_TRUE(gone.wait());
  }
}

TEST(websocket_client, may_outlive_a_stopped_reactor_that_is_still_there) {
  test_server server(echo_server());
  connection use(options_for(server.url("ws")));
  ASSERT_TRUE(use.record.wait_open());
  use.own_loop.stop();
  (void)use.client.send("into the void");
}

}  // namespace
}  // namespace feedtree::transport::test
