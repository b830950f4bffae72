#include "adapters/simulator/generator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "tests/adapters/simulator/fake_link.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
const char* const subscribe_book =
    R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"],"depth":100}})";

const venue_simulator& kraken() {
  return *find_simulator("kraken");
}

std::vector<capture_frame> records_of(const generated_capture_options& options) {
  std::vector<capture_frame> records;
  generate_capture(kraken(), options,
                   [&](const capture_frame& record) { records.push_back(record); });
  return records;
}

generated_capture_options two_markets(std::uint64_t seed, std::uint64_t frames) {
  return {seed, {"BTC-USD", "ETH-USD"}, frames, 1'800'000'000 * second_ns, 1'000};
}

bool same(const capture_frame& a, const capture_frame& b) {
  return a.connection == b.connection && a.url == b.url && a.text == b.text &&
         a.receive_ns == b.receive_ns && a.rest == b.rest;
}

TEST(generated_capture, is_the_same_for_the_same_seed) {
  const auto first = records_of(two_markets(5, 3'000));
  const auto second = records_of(two_markets(5, 3'000));
  ASSERT_EQ(first.size(), second.size());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), second.begin(), same));
  const auto other = records_of(two_markets(6, 3'000));
  EXPECT_FALSE(std::equal(first.begin(), first.end(), other.begin(), same));
}

TEST(generated_capture, has_as_many_frames_as_asked_for_in_the_order_of_time) {
  const auto records = records_of(two_markets(1, 2'500));
  EXPECT_EQ(std::count_if(records.begin(), records.end(),
                          [](const auto& record) { return !record.rest; }),
            2'500);
  EXPECT_TRUE(records.front().rest);
  EXPECT_EQ(records.front().url, "https://api.kraken.com/0/public/AssetPairs");
  EXPECT_EQ(records.back().url, "wss://ws.kraken.com/v2");
  EXPECT_TRUE(std::is_sorted(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return a.receive_ns < b.receive_ns;
  }));
  const auto took_ns = records.back().receive_ns - records.front().receive_ns;
  EXPECT_GT(took_ns, second_ns);
  EXPECT_LT(took_ns, 10 * second_ns);
}

TEST(generated_capture, needs_instruments_that_the_venue_has) {
  generated_capture_options options;
  EXPECT_THROW(records_of(options), std::invalid_argument);
  options.instruments = {"BTC-USDT-PERP"};
  EXPECT_THROW(records_of(options), std::invalid_argument);
  options.instruments = {"nonsense"};
  EXPECT_THROW(records_of(options), std::invalid_argument);
}

TEST(market_service, sends_about_as_many_frames_as_told) {
  for (const std::uint32_t rate : {50U, 1'000U, 20'000U}) {
    tests::fake_link link;
    market_service what(kraken(), {3, {"BTC-USD", "ETH-USD"}, rate}, link.clock());
    what.on_start(link);
    what.on_open(1, "/v2");
    what.on_text(1, subscribe_book);
    const auto before = link.sent[1].size();
    link.advance_to(link.now_ns + 4 * second_ns);
    const auto got = static_cast<double>(link.sent[1].size() - before);
    // Some steps happen behind the depth, and a tick now and then is a heartbeat.
    EXPECT_LT(got, rate * 4 * 1.1 + 10) << rate;
    EXPECT_GT(got, rate * 4 * 0.6) << rate;
  }
}

TEST(market_service, gives_each_client_what_it_subscribed_to) {
  tests::fake_link link;
  market_service what(kraken(), {3, {"BTC-USD", "ETH-USD"}, 1'000}, link.clock());
  what.on_start(link);
  what.on_open(1, "/v2");
  what.on_open(2, "/v2");
  what.on_text(1, R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}})");
  what.on_text(2, R"({"method":"subscribe","params":{"channel":"trade","symbol":["ETH/USD"]}})");
  link.advance_to(link.now_ns + second_ns);
  const auto has = [&](client_id who, const char* text) {
    return std::count_if(link.sent[who].begin(), link.sent[who].end(),
                         [&](const auto& frame) { return frame.find(text) != std::string::npos; });
  };
  EXPECT_GT(has(1, R"("channel":"book","type":"update")"), 50);
  EXPECT_EQ(has(1, "ETH/USD"), 0);
  EXPECT_EQ(has(1, R"("channel":"trade")"), 0);
  EXPECT_GT(has(2, R"("channel":"trade","type":"update")"), 5);
  EXPECT_EQ(has(2, "BTC/USD"), 0);
  const auto left = link.sent[1].size();
  what.on_close(1);
  link.advance_to(link.now_ns + second_ns);
  EXPECT_EQ(link.sent[1].size(), left);
}

TEST(market_service, goes_as_fast_as_its_slowest_client_if_told) {
  tests::fake_link link;
  link.room = 700;
  market_service what(kraken(), {3, {"BTC-USD"}, 0}, link.clock());
  what.on_start(link);
  link.advance_to(link.now_ns + second_ns);
  EXPECT_EQ(what.markets().at(0).sequence(), 0U) << "nobody listens";
  what.on_open(1, "/v2");
  what.on_text(1, R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}})");
  link.advance_to(link.now_ns + second_ns);
  EXPECT_GE(link.sent[1].size(), 700U);
  EXPECT_LT(link.sent[1].size(), 710U);
  link.sent[1].clear();
  what.on_room(1);
  EXPECT_GE(link.sent[1].size(), 700U);
}

TEST(market_service, survives_a_client_that_is_cut_while_it_is_served) {
  tests::fake_link link;
  market_service what(kraken(), {3, {"BTC-USD"}, 1'000}, link.clock());
  what.on_start(link);
  for (client_id who = 1; who <= 3; ++who) {
    what.on_open(who, "/v2");
    what.on_text(who, R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}})");
  }
  link.gone.insert(2);
  link.advance_to(link.now_ns + second_ns);
  EXPECT_EQ(link.sent[1], link.sent[3]) << "the same subscription, the same frames";
  EXPECT_LT(link.sent[2].size(), 5U);
}

TEST(market_service, answers_rest_from_the_markets_as_they_are) {
  tests::fake_link link;
  market_service what(kraken(), {3, {"BTC-USD"}, 100}, link.clock());
  what.on_start(link);
  EXPECT_TRUE(what.accepts("/v2"));
  EXPECT_FALSE(what.accepts("/v3"));
  const auto answer = what.on_request("GET", "/0/public/AssetPairs");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find(R"("wsname":"XBT/USD")"), std::string::npos);
  EXPECT_EQ(what.on_request("GET", "/0/private/Balance").status, 404);
}

TEST(market_service, checks_its_options) {
  tests::fake_link link;
  EXPECT_THROW(market_service(kraken(), {1, {}, 10}, link.clock()), std::invalid_argument);
  EXPECT_THROW(market_service(kraken(), {1, {"BTC-USD", "BTC-USD"}, 10}, link.clock()),
               std::invalid_argument);
}

TEST(simulators, are_found_by_name_and_have_ports_of_their_own) {
  std::set<std::uint16_t> ports;
  for (const auto& name : simulator_names()) {
    const auto* const found = find_simulator(name);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->name(), name);
    EXPECT_TRUE(ports.insert(found->default_port()).second) << name;
  }
  EXPECT_EQ(find_simulator("nowhere"), nullptr);
}

}  // namespace
}  // namespace feedtree::simulator
