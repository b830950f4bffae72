#include "adapters/transport/https_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <future>
#include <stdexcept>

#include "tests/adapters/transport/test_websocket.hpp"

namespace feedtree::transport::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string answer(const std::string& body, const std::string& more_headers = "",
                   const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         more_headers + "\r\n" + body;
}

// Answers each request with the number of its connection and its target.
void serve_numbers(peer& client, int index) {
  while (const auto request = client.read_request())
    client.write(answer(std::to_string(index) + " " + std::string(request->target())));
}

// A started reactor and a client whose answers are waited for.
struct http_use {
  explicit http_use(https_options options = {}) : client(started(), with_ca(std::move(options))) {}

  std::future<http_result> begin(http_request request) {
    const auto promise = std::make_shared<std::promise<http_result>>();
    client.send(std::move(request),
                [promise](http_result result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  }
  static http_result end(std::future<http_result> future) {
    if (future.wait_for(patience) != std::future_status::ready)
      throw std::runtime_error("the test waited too long");
    return future.get();
  }
  http_result get(const std::string& url) { return end(begin({http_method::get, url, {}, {}})); }

  reactor loop;
  https_client client;

 private:
  reactor& started() {
    loop.start();
    return loop;
  }
  static https_options with_ca(https_options options) {
    if (options.tls.ca_file.empty()) options.tls.ca_file = test_authority().file();
    return options;
  }
};

http_response response_of(http_result result) {
  if (const auto* error = std::get_if<transport_error>(&result)) {
    ADD_FAILURE() << error->message;
    return {};
  }
  return std::get<http_response>(std::move(result));
}

transport_error error_of(http_result result) {
  if (auto* error = std::get_if<transport_error>(&result)) return *error;
  ADD_FAILURE() << "an answer and no error";
  return {};
}

TEST(https_options, report_every_problem_at_once) {
  https_options options;
  options.tls.ca_file = "/nowhere/ca.pem";
  options.request_timeout_ms = 0;
  options.in_flight_max = 0;
  EXPECT_THAT(options.check(),
              ElementsAre(HasSubstr("cannot be read"), HasSubstr("request_timeout_ms"),
                          HasSubstr("in_flight_max")));
}

TEST(https_client, gets_over_tls_and_reuses_the_connection) {
  test_server server(serve_numbers, server_context(localhost_identity()));
  http_use use;
  for (const std::string target : {"/a", "/b?x=1", "/c"})
    EXPECT_EQ(response_of(use.get(server.url("https", target))).body, "0 " + target);
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(use.client.counters().connections_opened, 1U);
  EXPECT_EQ(use.client.counters().responses, 3U);
}

TEST(https_client, gives_status_headers_time_and_padding) {
  test_server server([](peer& client, int) {
    if (client.read_request())
      client.write(answer("busy", "X-Used-Weight: 5\r\nRetry-After: 30\r\n", "429 Too Many"));
    client.wait_for_end();
  });
  https_options options;
  options.clock_ns = [] { return std::int64_t{77}; };
  http_use use(options);
  const auto response = response_of(use.get(server.url("http")));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.headers.find("x-used-weight"), "5");
  EXPECT_EQ(response.retry_after_s, 30);
  EXPECT_EQ(response.receive_ns, 77);
  EXPECT_EQ(response.body, "busy");
  EXPECT_GE(response.body.capacity(), response.body.size() + padding_bytes);
}

TEST(https_client, sends_headers_host_and_the_body_of_a_post) {
  std::promise<peer::http_request_type> seen;
  test_server server([&](peer& client, int) {
    if (auto request = client.read_request()) seen.set_value(std::move(*request));
    client.write(answer(""));
  });
  http_use use;
  EXPECT_EQ(response_of(
                http_use::end(use.begin(
                    {http_method::post, server.url("http", "/p"), {{"X-Key", "k"}}, "{\"a\":1}"})))
                .status,
            200);
  const auto request = seen.get_future().get();
  EXPECT_EQ(request.method_string(), "POST");
  EXPECT_EQ(request["X-Key"], "k");
  EXPECT_EQ(request["Host"], "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(request["User-Agent"], "feedtree");
  EXPECT_EQ(request.body(), "{\"a\":1}");
}

TEST(https_client, sends_the_body_of_a_put) {
  std::promise<peer::http_request_type> seen;
  test_server server([&](peer& client, int) {
    if (auto request = client.read_request()) seen.set_value(std::move(*request));
    client.write(answer(""));
  });
  http_use use;
  EXPECT_EQ(response_of(http_use::end(
                            use.begin({http_method::put, server.url("http", "/p"), {}, "counts"})))
                .status,
            200);
  const auto request = seen.get_future().get();
  EXPECT_EQ(request.method_string(), "PUT");
  EXPECT_EQ(request.body(), "counts");
}

TEST(https_client, retries_a_get_once_when_its_kept_connection_is_closed_on_it) {
  test_server server([](peer& client, int index) {
    if (client.read_request()) client.write(answer(std::to_string(index)));
    if (index == 0) (void)client.read_request();  // and ends without an answer
    if (index > 0) client.wait_for_end();
  });
  http_use use;
  EXPECT_EQ(response_of(use.get(server.url("http"))).body, "0");
  EXPECT_EQ(response_of(use.get(server.url("http"))).body, "1");
  EXPECT_EQ(use.client.counters().stale_retries, 1U);
}

TEST(https_client, retries_over_tls_too) {
  test_server server(
      [](peer& client, int index) {
        if (client.read_request()) client.write(answer(std::to_string(index)));
        if (index == 0) (void)client.read_request();
        if (index > 0) client.wait_for_end();
      },
      server_context(localhost_identity()));
  http_use use;
  EXPECT_EQ(response_of(use.get(server.url("https"))).body, "0");
  EXPECT_EQ(response_of(use.get(server.url("https"))).body, "1");
  EXPECT_EQ(use.client.counters().stale_retries, 1U);
}

TEST(https_client, does_not_repeat_a_post) {
  test_server server([](peer& client, int) {
    if (client.read_request()) client.write(answer("first"));
    (void)client.read_request();
  });
  http_use use;
  EXPECT_EQ(response_of(use.get(server.url("http"))).body, "first");
  const auto error =
      error_of(http_use::end(use.begin({http_method::post, server.url("http"), {}, "order"})));
  EXPECT_EQ(error.stage, error_stage::closed_by_peer);
  EXPECT_EQ(server.accepted(), 1);
}

TEST(https_client, does_not_retry_on_a_new_connection) {
  test_server server([](peer& client, int) { (void)client.read_request(); });
  http_use use;
  EXPECT_EQ(error_of(use.get(server.url("http"))).stage, error_stage::closed_by_peer);
  EXPECT_EQ(server.accepted(), 1);
}

TEST(https_client, does_not_keep_a_connection_that_the_server_closes) {
  test_server server([](peer& client, int index) {
    if (client.read_request()) client.write(answer(std::to_string(index), "Connection: close\r\n"));
  });
  http_use use;
  EXPECT_EQ(response_of(use.get(server.url("http"))).body, "0");
  EXPECT_EQ(response_of(use.get(server.url("http"))).body, "1");
  EXPECT_EQ(use.client.counters().stale_retries, 0U);
}

TEST(https_client, closes_a_kept_connection_after_its_time) {
  event ended;
  test_server server([&](peer& client, int) {
    if (client.read_request()) client.write(answer("x"));
    client.wait_for_end();
    ended.set();
  });
  https_options options;
  options.keep_alive_ms = 50;
  http_use use(options);
  EXPECT_EQ(response_of(use.get(server.url("http"))).body, "x");
  EXPECT_TRUE(ended.wait());
}

TEST(https_client, times_out_when_no_answer_comes) {
  test_server server([](peer& client, int) { client.wait_for_end(); });
  https_options options;
  options.request_timeout_ms = 100;
  http_use use(options);
  const auto error = error_of(use.get(server.url("http")));
  EXPECT_EQ(error.stage, error_stage::timeout);
  EXPECT_THAT(error.message, HasSubstr("127.0.0.1:" + std::to_string(server.port())));
  EXPECT_THAT(error.message, HasSubstr("within 100 ms"));
}

TEST(https_client, times_out_when_an_answer_does_not_end) {
  test_server server([](peer& client, int) {
    client.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
    client.wait_for_end();
  });
  https_options options;
  options.request_timeout_ms = 100;
  http_use use(options);
  EXPECT_EQ(error_of(use.get(server.url("http"))).stage, error_stage::timeout);
}

TEST(https_client, times_out_connecting_and_in_the_tls_handshake) {
  const silent_port silent;
  test_server mute([](peer& client, int) { client.wait_for_end(); });
  https_options options;
  options.connect_timeout_ms = 100;
  http_use use(options);
  const auto url = "https://127.0.0.1:" + std::to_string(silent.port());
  EXPECT_EQ(error_of(use.get(url)).stage, error_stage::timeout);
  EXPECT_EQ(error_of(use.get(mute.url("https"))).stage, error_stage::timeout);
}

TEST(https_client, refuses_an_unknown_authority) {
  const authority stranger;
  test_server server(serve_numbers, server_context(stranger.issue("IP:127.0.0.1")));
  http_use use;
  const auto error = error_of(use.get(server.url("https")));
  EXPECT_EQ(error.stage, error_stage::tls);
  EXPECT_TRUE(error.terminal);
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 1'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Answers every request with `text`, whatever was asked.
test_server::serve_fn always(std::string text) {
  return [text = std::move(text)](peer& client, int) {
    while (client.read_request()) client.write(text);
  };
}

TEST(https_client, decodes_gzip) {
  const std::string text(100'000, 'b');
  test_server server(always(answer(gzip(text), "Content-Encoding: gzip\r\n")));
  http_use use;
  const auto response = response_of(use.get(server.url("http")));
  EXPECT_EQ(response.body, text);
  EXPECT_GE(response.body.capacity(), text.size() + padding_bytes);
}

TEST(https_client, reads_chunked_bodies) {
  test_server server(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  http_use use;
  EXPECT_EQ(response_of(use.get(server.url("http"))).body, "abcde");
  EXPECT_EQ(response_of(use.get(server.url("http"))).body, "abcde");
  EXPECT_EQ(server.accepted(), 1);
}

TEST(https_client, refuses_a_body_over_the_limit) {
  test_server server(always(answer(std::string(1'001, 'x'))));
  https_options options;
  options.body_limit_bytes = 1'000;
  http_use use(options);
  const auto error = error_of(use.get(server.url("http")));
  EXPECT_EQ(error.stage, error_stage::too_large);
  EXPECT_THAT(error.message, HasSubstr("1000 bytes"));
}

TEST(https_client, refuses_a_body_over_the_limit_after_decompression) {
  test_server server(always(answer(gzip(std::string(100'000, 'x')), "Content-Encoding: gzip\r\n")));
  https_options options;
  options.body_limit_bytes = 1'000;
  http_use use(options);
  EXPECT_EQ(error_of(use.get(server.url("http"))).stage, error_stage::too_large);
}

TEST(https_client, refuses_what_it_cannot_decode) {
  test_server garbled(always(answer("not gzip", "Content-Encoding: gzip\r\n")));
  test_server unknown(always(answer("?", "Content-Encoding: br\r\n")));
  test_server babble(always("SSH-2.0-OpenSSH\r\n\r\n"));
  http_use use;
  EXPECT_THAT(error_of(use.get(garbled.url("http"))).message, HasSubstr("corrupt"));
  EXPECT_THAT(error_of(use.get(unknown.url("http"))).message, HasSubstr("'br'"));
  EXPECT_EQ(error_of(use.get(babble.url("http"))).stage, error_stage::protocol);
}

TEST(https_client, bounds_what_is_in_flight_and_what_waits) {
  event open_gate;
  std::atomic<int> at_once{0};
  test_server server([&](peer& client, int) {
    while (client.read_request()) {
      ++at_once;
      (void)open_gate.wait();
      client.write(answer("x"));
    }
  });
  https_options options;
  options.in_flight_max = 2;
  options.queue_requests_max = 3;
  http_use use(options);
  std::vector<std::future<http_result>> pending;
  for (int i = 0; i < 5; ++i)
    pending.push_back(use.begin({http_method::get, server.url("http"), {}, {}}));
  const auto refused = error_of(use.get(server.url("http")));
  EXPECT_EQ(refused.stage, error_stage::queue_full);
  EXPECT_LE(at_once, 2);
  open_gate.set();
  for (auto& future : pending) EXPECT_EQ(response_of(http_use::end(std::move(future))).body, "x");
  EXPECT_EQ(server.accepted(), 2);
  EXPECT_EQ(use.client.counters().requests_refused, 1U);
  EXPECT_EQ(response_of(use.get(server.url("http"))).body, "x");
}

TEST(https_client, bounds_the_bytes_that_wait) {
  test_server server(always(answer("x")));
  https_options options;
  options.queue_bytes_max = 1'000;
  http_use use(options);
  const auto error = error_of(http_use::end(
      use.begin({http_method::post, server.url("http"), {}, std::string(1'001, 'x')})));
  EXPECT_EQ(error.stage, error_stage::queue_full);
}

TEST(https_client, reports_wrong_urls_headers_and_options) {
  http_use use;
  EXPECT_EQ(error_of(use.get("ws://example.com")).stage, error_stage::options);
  EXPECT_TRUE(error_of(use.get("nonsense")).terminal);
  const auto error =
      error_of(http_use::end(use.begin({http_method::get, "http://a", {{"X", "a\r\nb"}}, {}})));
  EXPECT_THAT(error.message, HasSubstr("control characters"));
  https_options options;
  options.in_flight_max = 0;
  http_use wrong(options);
  EXPECT_THAT(error_of(wrong.get("http://a")).message, HasSubstr("in_flight_max"));
}

TEST(https_client, says_that_a_connection_was_refused) {
  http_use use;
  const auto error = error_of(use.get("http://127.0.0.1:" + std::to_string(refused_port())));
  EXPECT_EQ(error.stage, error_stage::connect);
}

TEST(https_client, can_be_destroyed_with_requests_under_way) {
  test_server server(serve_numbers);
  test_server mute([](peer& client, int) { client.wait_for_end(); });
  reactor loop;
  loop.start();
  for (int i = 0; i < 20; ++i) {
    event first;
    std::atomic<bool> is_gone{false};
    {
      https_client client(loop, {});
      for (int request = 0; request < 10; ++request)
        client.get(request % 2 == 0 ? server.url("http") : mute.url("http"), {},
                   [&](const http_result&) {
                     EXPECT_FALSE(is_gone);
                     first.set();
                   });
      if (i % 2 == 0) {
        EXPECT_TRUE(first.wait());
      }
    }
    is_gone = true;
  }
}

TEST(https_client, can_be_destroyed_in_a_callback) {
  test_server server(serve_numbers);
  reactor loop;
  loop.start();
  event gone;
  auto client = std::make_unique<https_client>(loop, https_options{});
  client->get(server.url("http"), {}, [&](const http_result&) {
    client.reset();
    gone.set();
  });
  EXPECT_TRUE(gone.wait());
}

}  // namespace
}  // namespace feedtree::transport::test
