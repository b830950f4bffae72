#include "adapters/simulator/server.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "adapters/simulator/certificate.hpp"
#include "adapters/simulator/generator.hpp"
#include "tests/adapters/simulator/simple_client.hpp"
#include "tests/support/eventually.hpp"

namespace feedtree::simulator {
namespace {

using tests::http_get;
using tests::simple_client;

// Answers "flood N" with N frames of a kilobyte, "many N" with N frames as there is room, "throw"
// and "throw later" with an exception, "bye" with the end of the connection, and else with the same
// text.
class talking_service : public service {
 public:
  void on_start(server_link& link) override { link_ = &link; }
  bool accepts(std::string_view target) override { return target != "/no"; }
  void on_open(client_id who, std::string_view target) override {
    link_->send(who, "hello " + std::string(target));
  }
  void on_text(client_id who, std::string_view text) override {
    if (text == "throw") throw std::runtime_error("as asked");
    if (text == "throw later") {
      return link_->run_after(1, [] { throw std::runtime_error("as asked"); });
    }
    if (text.starts_with("flood ")) return flood(who, number(text.substr(6)));
    if (text.starts_with("many ")) {
      left_[who] = number(text.substr(5));
      return on_room(who);
    }
    link_->send(who, std::string(text));
    if (text == "bye") link_->close(who);
  }
  void on_close(client_id who) override {
    left_.erase(who);
    ++closed;
  }
  void on_room(client_id who) override {
    ++rooms;
    while (left_[who] > 0 && link_->has_room(who)) link_->send(who, std::to_string(left_[who]--));
  }
  rest_answer on_request(std::string_view method, std::string_view target) override {
    if (target == "/throw") throw std::runtime_error("as asked");
    return {target == "/gone" ? 410 : 200, std::string(method) + " " + std::string(target)};
  }

  std::atomic<int> closed{0};
  std::atomic<int> rooms{0};

 private:
  static int number(std::string_view text) { return std::stoi(std::string(text)); }
  void flood(client_id who, int frames) {
    for (int at = 0; at < frames; ++at) {
      if (!link_->send(who, std::string(1000, 'x'))) return;
    }
  }
  server_link* link_ = nullptr;
  std::map<client_id, int> left_;
};

std::string fresh_directory(const char* name) {
  const auto path = std::filesystem::temp_directory_path() /
                    (std::string("feedtree_") + name + "_" + std::to_string(::getpid()));
  std::filesystem::remove_all(path);
  return path.string();
}

using tests::eventually;

TEST(certificate, is_written_for_its_owner_only) {
  const auto directory = fresh_directory("certificate");
  const auto files = make_certificate(directory);
  for (const auto* file : {&files.ca, &files.certificate, &files.key}) {
    struct stat about {};
    ASSERT_EQ(::stat(file->c_str(), &about), 0) << *file;
    EXPECT_EQ(about.st_mode & 0777U, 0600U) << *file;
  }
  make_certificate(directory);  // again: the files are replaced
  std::filesystem::remove_all(directory);
  EXPECT_THROW(make_certificate("/proc/no/such/place"), std::exception);
}

TEST(server, speaks_websocket_and_http_on_one_port) {
  talking_service what;
  server serving({}, what);
  serving.start();
  const auto port = serving.listening_port();
  ASSERT_NE(port, 0);
  simple_client client(port, "/v2?x=1");
  EXPECT_EQ(client.read(), "hello /v2?x=1");
  client.send("one");
  client.send("two");
  EXPECT_EQ(client.read(), "one");
  EXPECT_EQ(client.read(), "two");
  const auto answer = http_get(port, "/0/public/Time?y=2");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "GET /0/public/Time?y=2");
  EXPECT_EQ(http_get(port, "/gone").status, 410U);
  client.close();
  EXPECT_TRUE(eventually([&] { return serving.counters().clients == 0; }));
  serving.stop();
  const auto counters = serving.counters();
  EXPECT_EQ(counters.clients_accepted, 1U);
  EXPECT_EQ(counters.frames_sent, 3U);
  EXPECT_EQ(counters.frames_received, 2U);
  EXPECT_EQ(counters.requests, 2U);
  EXPECT_EQ(what.closed, 1);
}

TEST(server, proves_itself_over_tls) {
  const auto directory = fresh_directory("tls");
  const auto files = make_certificate(directory);
  const auto stranger = make_certificate(directory + "/other");
  talking_service what;
  server_options options;
  options.certificate_file = files.certificate;
  options.key_file = files.key;
  server serving(options, what);
  serving.start();
  simple_client client(serving.listening_port(), "/", files.ca);
  EXPECT_EQ(client.read(), "hello /");
  EXPECT_EQ(http_get(serving.listening_port(), "/x", files.ca).body, "GET /x");
  EXPECT_THROW(simple_client(serving.listening_port(), "/", stranger.ca),
               boost::system::system_error);
  EXPECT_THROW(simple_client(serving.listening_port(), "/"), boost::system::system_error);
  client.send("still here");
  EXPECT_EQ(client.read(), "still here");
  serving.stop();
  std::filesystem::remove_all(directory);
}

TEST(server, compresses_for_clients_that_ask_for_it) {
  talking_service what;
  server serving({}, what);
  serving.start();
  simple_client plain(serving.listening_port(), "/");
  simple_client deflated(serving.listening_port(), "/", "", true);
  EXPECT_FALSE(plain.deflates());
  EXPECT_TRUE(deflated.deflates());
  EXPECT_EQ(deflated.read(), "hello /");
  deflated.send("flood 3");
  for (int at = 0; at < 3; ++at) EXPECT_EQ(deflated.read(), std::string(1000, 'x'));
}

TEST(server, refuses_what_the_service_does_not_take) {
  talking_service what;
  server_options options;
  options.clients_max = 1;
  server serving(options, what);
  serving.start();
  EXPECT_THROW(simple_client(serving.listening_port(), "/no"), boost::system::system_error);
  simple_client first(serving.listening_port(), "/");
  EXPECT_EQ(first.read(), "hello /");
  EXPECT_THROW(simple_client(serving.listening_port(), "/"), boost::system::system_error);
  EXPECT_EQ(serving.counters().clients_refused, 1U);
}

TEST(server, cuts_a_client_that_is_too_slow_and_leaves_the_others) {
  talking_service what;
  server_options options;
  options.client_frames_max = 2'000;
  server serving(options, what);
  serving.start();
  simple_client slow(serving.listening_port(), "/");
  simple_client quick(serving.listening_port(), "/");
  EXPECT_EQ(quick.read(), "hello /");
  slow.send("flood 100000");
  ASSERT_TRUE(eventually([&] { return serving.counters().clients_cut == 1; }));
  EXPECT_TRUE(eventually([&] { return what.closed == 1; }));
  quick.send("flood 10");
  for (int at = 0; at < 10; ++at) EXPECT_EQ(quick.read().size(), 1'000U);
  // What was on the way still comes, then nothing.
  std::size_t frames = 0;
  while (slow.try_read()) ++frames;
  EXPECT_LE(frames, 2'001U);
  EXPECT_EQ(serving.counters().clients, 1U);
}

TEST(server, bounds_what_is_queued_in_bytes_too) {
  talking_service what;
  server_options options;
  options.client_bytes_max = 50'000;
  server serving(options, what);
  serving.start();
  simple_client slow(serving.listening_port(), "/");
  slow.send("flood 49");
  for (int at = 0; at < 50; ++at) slow.read();
  EXPECT_EQ(serving.counters().clients_cut, 0U);
  slow.send("flood 100000");
  EXPECT_TRUE(eventually([&] { return serving.counters().clients_cut == 1; }));
}

TEST(server, tells_when_there_is_room_again) {
  talking_service what;
  server_options options;
  options.room_frames = 16;
  options.client_frames_max = 17;
  server serving(options, what);
  serving.start();
  simple_client client(serving.listening_port(), "/");
  EXPECT_EQ(client.read(), "hello /");
  client.send("many 5000");
  for (int left = 5'000; left > 0; --left) ASSERT_EQ(client.read(), std::to_string(left));
  EXPECT_GT(what.rooms, 100);
  EXPECT_EQ(serving.counters().clients_cut, 0U);
}

TEST(server, closes_behind_the_last_frame) {
  talking_service what;
  server serving({}, what);
  serving.start();
  simple_client client(serving.listening_port(), "/");
  EXPECT_EQ(client.read(), "hello /");
  client.send("bye");
  EXPECT_EQ(client.read(), "bye");
  EXPECT_FALSE(client.try_read().has_value());
  EXPECT_EQ(client.end(), boost::beast::websocket::error::closed);
}

TEST(server, outlives_exceptions_of_its_service) {
  talking_service what;
  server serving({}, what);
  serving.start();
  simple_client victim(serving.listening_port(), "/");
  simple_client other(serving.listening_port(), "/");
  EXPECT_EQ(other.read(), "hello /");
  victim.send("throw");
  while (victim.try_read()) {
  }
  EXPECT_EQ(http_get(serving.listening_port(), "/throw").status, 500U);
  other.send("x");
  EXPECT_EQ(other.read(), "x");
  other.send("throw later");
  EXPECT_TRUE(eventually([&] { return serving.counters().service_errors == 3; }));
  other.send("y");
  EXPECT_EQ(other.read(), "y");
}

TEST(server, stops_cleanly_with_clients_in_every_state) {
  talking_service what;
  std::optional<server> serving;
  serving.emplace(server_options{}, what);
  serving->start();
  const auto port = serving->listening_port();
  simple_client idle(port, "/");
  simple_client busy(port, "/");
  busy.send("flood 10000");
  boost::asio::io_context context;
  boost::asio::ip::tcp::socket silent(context);
  silent.connect({boost::asio::ip::make_address("127.0.0.1"), port});
  EXPECT_EQ(idle.read(), "hello /");
  ASSERT_TRUE(eventually([&] { return serving->counters().clients == 2; }));
  const auto began = std::chrono::steady_clock::now();
  std::thread stopper([&] { serving->stop(); });
  EXPECT_FALSE(idle.try_read().has_value());
  EXPECT_EQ(idle.end(), boost::beast::websocket::error::closed) << "it says goodbye";
  stopper.join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_EQ(serving->counters().clients, 0U);
  EXPECT_EQ(what.closed, 2);
  serving->stop();  // again: no effect
  serving.reset();
}

TEST(server, says_why_it_cannot_start) {
  talking_service what;
  server first({}, what);
  first.start();
  server_options options;
  options.port = first.listening_port();
  server second(options, what);
  EXPECT_THROW(second.start(), std::runtime_error);
  options = {};
  options.host = "not an address";
  EXPECT_THROW(server(options, what).start(), std::runtime_error);
  options = {};
  options.certificate_file = "/nowhere/cert.pem";
  EXPECT_EQ(options.check().size(), 2U);
}

TEST(server, serves_a_live_market_over_tls) {
  const auto directory = fresh_directory("live");
  const auto files = make_certificate(directory);
  const auto* const venue = find_simulator("kraken");
  ASSERT_NE(venue, nullptr);
  const auto clock = [] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  market_service markets(*venue, {7, {"BTC-USD", "ETH-USD"}, 2'000}, clock);
  server_options options;
  options.certificate_file = files.certificate;
  options.key_file = files.key;
  server serving(options, markets);
  serving.start();
  const auto pairs = http_get(serving.listening_port(), "/0/public/AssetPairs", files.ca);
  EXPECT_NE(pairs.body.find("XXBTZUSD"), std::string::npos);
  simple_client client(serving.listening_port(), "/v2", files.ca);
  EXPECT_NE(client.read().find("\"status\""), std::string::npos);
  client.send(
      R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"]}})");
  std::size_t updates = 0;
  while (updates < 1'000) {
    updates += client.read().find(R"("type":"update")") != std::string::npos ? 1 : 0;
  }
  serving.stop();
  EXPECT_EQ(serving.counters().clients_cut, 0U);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace feedtree::simulator
