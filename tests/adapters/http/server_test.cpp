// The HTTP server over real sockets: what it answers, bounds and closes.
#include "adapters/http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "adapters/http/problem.hpp"
#include "adapters/http/router.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/raw_client.hpp"

namespace feedtree::http {
namespace {

using namespace tests;
using testing::HasSubstr;
using testing::StartsWith;

// More than the system takes in for a connection whose client has a small buffer and does not read.
constexpr std::size_t large_size = 64'000'000;

// A server with a few endpoints; each test sets its limits.
class running_server {
 public:
  explicit running_server(server_options options = {})
      : server_(std::move(options)),
        routes_(
            {
                {"GET", "/hello", "", [](const call&) { return reply{make_json("\"hello\"")}; }},
                {"POST", "/echo", "",
                 [](const call& what) { return reply{make_json(what.asked.body)}; }},
                {"GET", "/large", "",
                 [](const call&) { return reply{make_json(std::string(large_size, 'x'))}; }},
                {"GET", "/never", "",
                 [](const call&) {
                   return reply{{}, [](const responder&) {}};
                 }},
                {"GET", "/later", "",
                 [this](const call&) {
                   return reply{{}, [this](responder r) { keep(r); }};
                 }},
                {"GET", "/events", "",
                 [](const call&) {
                   reply result;
                   result.now.content_type = "text/event-stream";
                   result.topics = 1;
                   return result;
                 }},
                {"GET", "/events-while-allowed", "",
                 [this](const call&) {
                   reply result;
                   result.now.content_type = "text/event-stream";
                   result.topics = 1;
                   result.may_go_on = [this] { return allowed_.load(); };
                   return result;
                 }},
            },
            {}) {
    server_.start([this](const request& asked) { return routes_.handle(asked); }, router::finish);
  }
  ~running_server() { server_.stop(); }

  std::uint16_t port() const { return server_.listening_port(); }
  server& operator*() { return server_; }
  server* operator->() { return &server_; }
  responder kept() { return kept_.get_future().get(); }
  void forbid() { allowed_ = false; }

 private:
  void keep(responder what) { kept_.set_value(std::move(what)); }
  std::promise<responder> kept_;
  std::atomic<bool> allowed_{true};
  server server_;
  router routes_;
};

TEST(http_server, answers_on_a_port_of_its_own) {
  running_server server;
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(server.port()));
  const auto answer = http_get(server.port(), "/hello");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_EQ(body_of(answer), "\"hello\"");
}

TEST(http_server, says_so_when_its_port_is_taken) {
  running_server server;
  server_options options;
  options.port = server.port();
  try {
    http::server second(options);
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot listen on 127.0.0.1:"));
  }
}

TEST(http_server, keeps_a_connection_for_more_requests) {
  running_server server;
  raw_client client(server.port());
  for (int i = 0; i < 5; ++i) {
    client.send(get_request("/hello"));
    EXPECT_EQ(body_of(client.read_answer()), "\"hello\"");
  }
  client.send(get_request("/hello", "Connection: close\r\n"));
  EXPECT_THAT(client.read_all(), HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(server->counters().connections_accepted, 1U);
}

TEST(http_server, answers_pipelined_requests_in_their_order) {
  running_server server;
  raw_client client(server.port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n";
    all += std::to_string(10 + i);
  }
  client.send(all);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(body_of(client.read_answer()), std::to_string(10 + i));
}

TEST(http_server, sends_no_body_for_head_but_its_length) {
  running_server server;
  raw_client client(server.port());
  client.send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto answer = client.read_all();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 7\r\n"));
  EXPECT_EQ(body_of(answer), "");
}

TEST(http_server, understands_http_1_0) {
  running_server server;
  raw_client client(server.port());
  client.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(body_of(client.read_all()), "\"hello\"");
}

TEST(http_server, continues_with_a_body_that_waits_for_it) {
  running_server server;
  raw_client client(server.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 Continue"));
  client.send("42");
  EXPECT_EQ(body_of(client.read_answer()), "42");
}

TEST(http_server, gives_a_problem_for_what_is_no_request_and_ends_the_connection) {
  running_server server;
  const std::string line = "GET / HTTP/1.1\r\n";
  const std::pair<std::string, std::string> cases[] = {
      {"\x16\x03\x01\x02\x00\x01\r\n\r\n", "400"},
      {"GET /\r\n\r\n", "400"},
      {"GET / HTTP/3.0\r\n\r\n", "400"},
      {line + "\r\n", "400"},  // no Host
      {line + "Host: localhost\r\nContent-Length: x\r\n\r\n", "400"},
      {line + "Host: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {line + "Host: localhost\r\nno colon\r\n\r\n", "400"},
      {line + "X: " + std::string(20'000, 'a') + "\r\n\r\n", "431"},
      {"GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n", "431"},
      {"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\n", "413"},
  };
  for (const auto& [bytes, status] : cases) {
    raw_client client(server.port());
    client.send(bytes);
    const auto answer = client.read_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + status)) << bytes.substr(0, 60);
    EXPECT_THAT(answer, HasSubstr("application/problem+json"));
    EXPECT_TRUE(client.is_over());
  }
  EXPECT_EQ(body_of(http_get(server.port(), "/hello")), "\"hello\"");
}

TEST(http_server, ends_a_request_that_does_not_come_to_its_end) {
  server_options options;
  options.request_timeout_ms = 200;
  running_server server(options);
  raw_client slow(server.port());
  slow.send("GET /hello HTTP/1.1\r\nHost: local");
  EXPECT_EQ(slow.read_all(), "");
  EXPECT_TRUE(slow.is_over());
  EXPECT_TRUE(eventually([&] { return server->counters().timeouts == 1; }));
}

TEST(http_server, gives_a_byte_now_and_then_no_more_time) {
  server_options options;
  options.request_timeout_ms = 500;
  running_server server(options);
  raw_client slow(server.port());
  const std::string request = get_request("/hello", "X: " + std::string(4'000, 'a') + "\r\n");
  std::size_t sent = 0;
  while (!slow.is_over() && sent < request.size()) {
    slow.send(request.substr(sent++, 1));
    slow.read_until("\n", std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(slow.is_over());
  EXPECT_LT(sent, request.size());
}

TEST(http_server, ends_a_connection_that_says_nothing) {
  server_options options;
  options.idle_timeout_ms = 200;
  running_server server(options);
  raw_client silent(server.port());
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_TRUE(silent.is_over());
}

TEST(http_server, makes_room_for_a_new_connection_at_the_cost_of_the_idlest) {
  server_options options;
  options.connections_max = 3;
  running_server server(options);
  raw_client first(server.port());
  first.send(get_request("/hello"));
  first.read_answer();
  raw_client second(server.port());
  second.send(get_request("/hello"));
  second.read_answer();
  raw_client third(server.port());
  third.send(get_request("/hello"));
  third.read_answer();
  EXPECT_EQ(body_of(http_get(server.port(), "/hello")), "\"hello\"");
  first.read_all();
  EXPECT_TRUE(first.is_over());
  EXPECT_TRUE(eventually([&] { return server->counters().connections_evicted >= 1; }));
}

TEST(http_server, refuses_connections_when_all_are_busy) {
  server_options options;
  options.connections_max = 2;
  running_server server(options);
  raw_client a(server.port());
  a.send(get_request("/events"));
  a.read_until("\r\n\r\n");
  raw_client b(server.port());
  b.send(get_request("/events"));
  b.read_until("\r\n\r\n");
  raw_client c(server.port());
  c.send(get_request("/hello"));
  EXPECT_EQ(c.read_all(), "");
  EXPECT_TRUE(eventually([&] { return server->counters().connections_refused == 1; }));
}

TEST(http_server, sends_an_answer_that_comes_later_from_another_thread) {
  running_server server;
  raw_client client(server.port());
  client.send(get_request("/later"));
  const auto respond = server.kept();
  std::thread([&] { respond(make_json("\"late\"")); }).join();
  EXPECT_EQ(body_of(client.read_answer()), "\"late\"");
}

TEST(http_server, does_not_wait_for_an_answer_for_ever) {
  server_options options;
  options.answer_timeout_ms = 100;
  running_server server(options);
  EXPECT_THAT(http_get(server.port(), "/never"), StartsWith("HTTP/1.1 504"));
}

TEST(http_server, sends_events_to_those_who_read_their_topic) {
  running_server server;
  raw_client reader(server.port());
  reader.send(get_request("/events"));
  EXPECT_THAT(reader.read_until("\r\n\r\n"), HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_TRUE(eventually([&] { return server->has_readers(1); }));
  EXPECT_FALSE(server->has_readers(2));
  server->publish(2, "other", "{}");
  server->publish(1, "gap", R"({"a":1})");
  EXPECT_EQ(reader.read_until("\n\n"), "event: gap\ndata: {\"a\":1}\n\n");
}

TEST(http_server, forgets_a_reader_that_went_away) {
  running_server server;
  {
    raw_client reader(server.port());
    reader.send(get_request("/events"));
    reader.read_until("\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return server->has_readers(1); }));
  }
  EXPECT_TRUE(eventually([&] { return !server->has_readers(1); }));
  EXPECT_TRUE(eventually([&] { return server->counters().streams == 0; }));
}

TEST(http_server, cuts_off_a_reader_that_does_not_read_and_no_other) {
  server_options options;
  options.stream_bytes_max = 256 * 1024;
  running_server server(options);
  raw_client good(server.port());
  raw_client slow(server.port());
  for (auto* reader : {&good, &slow}) {
    reader->send(get_request("/events"));
    reader->read_until("\r\n\r\n");
  }
  ASSERT_TRUE(eventually([&] { return server->counters().streams == 2; }));
  const std::string large(32 * 1024, 'x');
  for (int i = 0; i < 2'000 && server->counters().streams_cut == 0; ++i) {
    server->publish(1, "e", large + std::to_string(i));
    EXPECT_THAT(good.read_until("\n\n"), HasSubstr("xx" + std::to_string(i)));
  }
  EXPECT_EQ(server->counters().streams_cut, 1U);
  server->publish(1, "e", "still here");
  EXPECT_THAT(good.read_until("\n\n"), HasSubstr("still here"));
}

TEST(http_server, bounds_the_number_of_readers) {
  server_options options;
  options.streams_max = 1;
  running_server server(options);
  raw_client first(server.port());
  first.send(get_request("/events"));
  first.read_until("\r\n\r\n");
  EXPECT_THAT(http_get(server.port(), "/events"), StartsWith("HTTP/1.1 503"));
  EXPECT_TRUE(eventually([&] { return server->counters().streams_refused == 1; }));
}

TEST(http_server, ends_a_stream_whose_reader_may_not_go_on) {
  server_options options;
  options.permission_check_ms = 10;
  running_server server(options);
  raw_client free(server.port());
  raw_client bound(server.port());
  free.send(get_request("/events"));
  bound.send(get_request("/events-while-allowed"));
  for (auto* reader : {&free, &bound}) reader->read_until("\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return server->counters().streams == 2; }));
  server->publish(1, "e", "first");
  EXPECT_THAT(bound.read_until("\n\n"), HasSubstr("first"));
  server.forbid();
  EXPECT_EQ(bound.read_all(), "");
  EXPECT_TRUE(bound.is_over());
  EXPECT_TRUE(eventually([&] { return server->counters().streams_ended == 1; }));
  server->publish(1, "e", "second");
  free.read_until("first");
  EXPECT_THAT(free.read_until("second"), HasSubstr("second"));
}

TEST(http_server, stops_while_a_client_does_not_read_its_answer) {
  auto server = std::make_unique<running_server>();
  raw_client client(server->port(), 4'096);
  client.send(get_request("/large"));
  ASSERT_TRUE(eventually([&] { return (*server)->counters().requests == 1; }));
  server.reset();
  EXPECT_LT(client.read_all().size(), large_size);
}

TEST(http_events, stand_on_lines_of_their_own) {
  EXPECT_EQ(event_frame("a", "{}"), "event: a\ndata: {}\n\n");
  EXPECT_EQ(event_frame("a", "1\n2\r3"), "event: a\ndata: 1\ndata: 2\ndata: 3\n\n");
}

}  // namespace
}  // namespace feedtree::http
