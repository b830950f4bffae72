#include "adapters/simulator/capture_server.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tests/adapters/simulator/fake_link.hpp"
#include "tests/adapters/simulator/simple_client.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t recorded_ns = 1'700'000'000 * second_ns;

capture_frame frame(const std::string& connection, const std::string& path, int number) {
  return {connection, "wss://venue.example" + path, connection + "#" + std::to_string(number),
          recorded_ns + number * second_ns, false};
}

capture_frame answer(const std::string& target, const std::string& body, int at_s = 0) {
  return {"", "https://venue.example" + target, body, recorded_ns + at_s * second_ns, true};
}

// Two connections of path /spot, one of /linear, with REST answers between.
std::vector<capture_frame> recording() {
  std::vector<capture_frame> records{answer("/info", "symbols")};
  for (int number = 0; number < 5; ++number) {
    records.push_back(frame("a", "/spot", number));
    records.push_back(frame("b", "/spot", number));
    records.push_back(frame("c", "/linear?x=1", number));
    records.push_back(
        answer("/depth?symbol=BTCUSDT&limit=1000", "btc " + std::to_string(number), number));
  }
  records.push_back(answer("/depth?symbol=ETHUSDT&limit=1000", "eth"));
  return records;
}

std::vector<std::string> texts(const std::string& connection, int count) {
  std::vector<std::string> all;
  for (int number = 0; number < count; ++number) {
    all.push_back(connection + "#" + std::to_string(number));
  }
  return all;
}

capture_service_options as_fast_as_possible() {
  capture_service_options options;
  options.speed_percent = 0;
  return options;
}

TEST(capture_service, serves_each_client_a_connection_of_its_path) {
  tests::fake_link link;
  capture_service what(recording(), as_fast_as_possible(), link.clock());
  what.on_start(link);
  EXPECT_EQ(what.connection_sizes(), (std::vector<std::size_t>{5, 5, 5}));
  EXPECT_TRUE(what.accepts("/spot?anything=1"));
  EXPECT_TRUE(what.accepts("/linear"));
  EXPECT_FALSE(what.accepts("/other"));
  what.on_open(1, "/spot");
  what.on_open(2, "/spot");
  what.on_open(3, "/linear");
  EXPECT_TRUE(link.sent.empty()) << "streams begin with the subscription";
  for (client_id who = 1; who <= 3; ++who) what.on_text(who, "subscribe");
  EXPECT_EQ(link.sent[1], texts("a", 5));
  EXPECT_EQ(link.sent[2], texts("b", 5));
  EXPECT_EQ(link.sent[3], texts("c", 5));
  EXPECT_TRUE(link.closed.empty()) << "the connection stays open";
}

TEST(capture_service, begins_again_for_a_client_that_comes_back) {
  tests::fake_link link;
  capture_service what(recording(), as_fast_as_possible(), link.clock());
  what.on_start(link);
  what.on_open(1, "/spot");
  what.on_open(2, "/spot");
  what.on_text(2, "subscribe");
  what.on_close(2);
  what.on_open(3, "/spot");
  what.on_text(3, "subscribe");
  EXPECT_EQ(link.sent[3], texts("b", 5)) << "the first connection is being served";
  what.on_close(1);
  what.on_open(4, "/spot");
  what.on_text(4, "subscribe");
  EXPECT_EQ(link.sent[4], texts("a", 5));
}

TEST(capture_service, takes_any_path_if_there_is_one_connection) {
  tests::fake_link link;
  capture_service what({{"", "", "bare", 0, false}}, as_fast_as_possible(), link.clock());
  what.on_start(link);
  EXPECT_TRUE(what.accepts("/v2"));
  what.on_open(1, "/v2");
  what.on_text(1, "subscribe");
  EXPECT_EQ(link.sent[1], std::vector<std::string>{"bare"});
}

TEST(capture_service, keeps_the_recorded_pace_times_the_speed) {
  for (const std::uint32_t percent : {100U, 1'000U, 50U}) {
    tests::fake_link link;
    capture_service_options options;
    options.speed_percent = percent;
    capture_service what(recording(), options, link.clock());
    what.on_start(link);
    what.on_open(1, "/spot");
    what.on_text(1, "subscribe");
    EXPECT_EQ(link.sent[1].size(), 1U);
    const auto pace_ns = second_ns * 100 / percent;
    link.advance_to(link.now_ns + 2 * pace_ns - 1);
    EXPECT_EQ(link.sent[1].size(), 2U) << percent;
    link.advance_to(link.now_ns + 1);
    EXPECT_EQ(link.sent[1].size(), 3U) << percent;
    link.advance_to(link.now_ns + 2 * pace_ns);
    EXPECT_EQ(link.sent[1], texts("a", 5)) << percent;
  }
}

TEST(capture_service, waits_for_room_and_goes_on_where_it_was) {
  tests::fake_link link;
  link.room = 2;
  capture_service what(recording(), as_fast_as_possible(), link.clock());
  what.on_start(link);
  what.on_open(1, "/linear");
  what.on_text(1, "subscribe");
  EXPECT_EQ(link.sent[1], texts("c", 2));
  what.on_text(1, "another subscription");
  EXPECT_EQ(link.sent[1], texts("c", 2));
  link.room = 4;
  what.on_room(1);
  EXPECT_EQ(link.sent[1], texts("c", 4));
}

TEST(capture_service, closes_at_the_end_if_told) {
  tests::fake_link link;
  auto options = as_fast_as_possible();
  options.close_at_end = true;
  capture_service what(recording(), options, link.clock());
  what.on_start(link);
  what.on_open(1, "/linear");
  what.on_text(1, "subscribe");
  EXPECT_EQ(link.sent[1].size(), 5U);
  EXPECT_TRUE(link.closed.contains(1));
}

TEST(capture_service, begins_at_once_where_the_target_names_the_streams) {
  tests::fake_link link;
  capture_service what({frame("a", "/stream?streams=btcusdt@trade", 0)}, as_fast_as_possible(),
                       link.clock());
  what.on_start(link);
  what.on_open(1, "/stream?streams=ethusdt@trade");
  EXPECT_EQ(link.sent[1], texts("a", 1));
}

TEST(capture_service, answers_pings_and_does_not_take_them_for_subscriptions) {
  tests::fake_link link;
  auto options = as_fast_as_possible();
  options.venue = find_simulator("kraken");
  ASSERT_NE(options.venue, nullptr);
  capture_service what(recording(), options, link.clock());
  what.on_start(link);
  what.on_open(1, "/linear");
  what.on_text(1, R"({"method":"ping","req_id":4})");
  ASSERT_EQ(link.sent[1].size(), 1U);
  EXPECT_NE(link.sent[1].front().find("pong"), std::string::npos);
  what.on_text(1, "subscribe");
  EXPECT_EQ(link.sent[1].size(), 6U);
}

TEST(capture_service, answers_rest_by_path_and_instrument) {
  tests::fake_link link;
  capture_service what(recording(), as_fast_as_possible(), link.clock());
  what.on_start(link);
  EXPECT_EQ(what.on_request("GET", "/info").body, "symbols");
  EXPECT_EQ(what.on_request("GET", "/depth?limit=50&symbol=ethusdt").body, "eth");
  EXPECT_EQ(what.on_request("GET", "/depth?symbol=XRPUSDT").status, 404);
  EXPECT_EQ(what.on_request("GET", "/depth").status, 404);
  EXPECT_EQ(what.on_request("GET", "/nothing").status, 404);
  EXPECT_EQ(what.on_request("POST", "/info").status, 404);
}

TEST(capture_service, answers_rest_as_of_the_place_that_was_reached) {
  tests::fake_link link;
  capture_service what(recording(), {}, link.clock());
  what.on_start(link);
  const auto depth = [&] { return what.on_request("GET", "/depth?symbol=BTCUSDT").body; };
  EXPECT_EQ(depth(), "btc 0");
  what.on_open(1, "/spot");
  what.on_text(1, "subscribe");
  link.advance_to(link.now_ns + 3 * second_ns);
  EXPECT_EQ(depth(), "btc 3");
  what.on_close(1);
  EXPECT_EQ(depth(), "btc 0");
}

TEST(capture_service, serves_a_recording_of_two_markets_by_their_paths) {
  FEEDTREE_CAPTURE(path, "bybit/v5_cryptofeed_20260809.jsonl.zst");
  std::vector<capture_frame> records;
  std::map<std::string, std::string> urls;
  std::map<std::string, std::vector<std::string>> expected;
  for (const auto& record : tests::capture_records(path)) {
    using what = tests::capture_record::what;
    if (record.type == what::connect) urls[record.connection] = record.url;
    if (record.type == what::http) {
      records.push_back({"", record.url, record.text, record.receive_ns, true});
    } else if (record.type == what::frame) {
      const auto& url = urls[record.connection];
      records.push_back({record.connection, url, record.text, record.receive_ns, false});
      expected[url.substr(url.rfind('/'))].push_back(record.text);
    }
  }
  tests::fake_link link;
  capture_service served(records, as_fast_as_possible(), link.clock());
  served.on_start(link);
  served.on_open(1, "/v5/public/spot");
  served.on_open(2, "/v5/public/linear");
  for (client_id who = 1; who <= 2; ++who) served.on_text(who, R"({"op":"subscribe"})");
  EXPECT_EQ(link.sent[1], expected["/spot"]);
  EXPECT_EQ(link.sent[2], expected["/linear"]);
  EXPECT_EQ(link.sent[1].size() + link.sent[2].size(), 3'227U);
  const auto symbols = [&](const std::string& category) {
    return served.on_request("GET", "/v5/market/instruments-info?limit=1000&category=" + category);
  };
  EXPECT_NE(symbols("linear").body.find(R"("category":"linear")"), std::string::npos);
  EXPECT_NE(symbols("spot").body.find(R"("category":"spot")"), std::string::npos);
  EXPECT_EQ(symbols("option").status, 404);
}

TEST(capture_service, serves_all_frames_in_order_over_the_network) {
  std::vector<capture_frame> records;
  for (int number = 0; number < 20'000; ++number) records.push_back(frame("a", "/x", number));
  tests::fake_link unused;
  capture_service what(records, as_fast_as_possible(), unused.clock());
  server_options options;
  options.client_frames_max = 600;  // as fast as the client takes them: never cut
  server serving(options, what);
  serving.start();
  for (int round = 0; round < 2; ++round) {
    tests::simple_client client(serving.listening_port(), "/x");
    client.send("subscribe");
    for (int number = 0; number < 20'000; ++number) {
      ASSERT_EQ(client.read(), "a#" + std::to_string(number));
    }
    client.close();
  }
  EXPECT_EQ(serving.counters().clients_cut, 0U);
}

}  // namespace
}  // namespace feedtree::simulator
