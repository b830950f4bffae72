// The cache in front of a real Redis server.
#include "storage/redis_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::storage {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using tests::eventually;
using tests::number;

const std::string binary = paths::feedtree_program();

class redis_sink_test : public testing::Test {
 protected:
  void SetUp() override {
    FEEDTREE_REDIS_SERVER();
    context_.now_ns = [] { return std::int64_t{1}; };
    context_.insecure = true;
  }
  batch_ptr trades(int from, int to, const char* symbol = "BTC-USD") {
    auto batch = std::make_shared<event_batch>();
    for (int at = from; at < to; ++at) {
      auto what = tests::sample_trade(tests::sample_listing(registry_, symbol), std::to_string(at));
      std::get<trade>(what.body).price = {at, 0};
      batch->events.push_back(what);
    }
    return batch;
  }
  batch_ptr status(event_kind feed, feed_state to) {
    auto batch = std::make_shared<event_batch>();
    status_change change;
    change.feed = feed;
    change.to = to;
    batch->events.push_back(
        tests::sample_event(tests::sample_listing(registry_), "status", change));
    return batch;
  }
  std::unique_ptr<redis_sink> open(const std::string& url) const {
    return std::make_unique<redis_sink>(redis_options_of(url, context_));
  }
  std::string failure(const std::string& url) const {
    try {
      open(url);
    } catch (const sink_error& error) {
      return error.what();
    }
    return "none";
  }
  static bool has_price(const tests::redis_server& server, int price) {
    return server.cli({"GET", key_}).find("\"price\":\"" + std::to_string(price) + "\"") !=
           std::string::npos;
  }

  static constexpr const char* key_ = "md:trade:kraken:BTC-USD";
  listing_registry registry_;
  sink_context context_;
};

TEST_F(redis_sink_test, writes_every_kind_of_value_with_an_expiry) {
  const tests::redis_server server;
  const auto sink = open(server.url());
  sink->write(tests::every_kind(tests::sample_listing(registry_)));
  sink->flush();
  for (const auto* kind : {"trade", "ticker", "funding", "open_interest", "liquidation", "quote",
                           "candle", "book", "features"}) {
    const auto key = "md:" + std::string(kind) + ":kraken:BTC-USD";
    const auto value = server.cli({"GET", key});
    EXPECT_THAT(value, HasSubstr("\"kind\":\"" + std::string(kind) + "\"")) << key;
    EXPECT_THAT(value, HasSubstr("\"state\":")) << key;
    const auto left_ms = std::stoll(server.cli({"PTTL", key}));
    EXPECT_GT(left_ms, 20'000) << key;
    EXPECT_LE(left_ms, 30'000) << key;
  }
  EXPECT_EQ(server.cli({"DBSIZE"}), "9");
  const auto counters = sink->counters();
  EXPECT_EQ(counters.delivered, counters.events);
  EXPECT_EQ(counters.written, 9U);
}

TEST_F(redis_sink_test, the_last_state_wins_under_pressure_and_the_others_are_counted) {
  const tests::redis_server server;
  const auto sink = open(server.url());
  server.freeze();
  for (int at = 0; at < 1'000; ++at) sink->write(trades(at * 100, at * 100 + 100));
  server.thaw();
  ASSERT_TRUE(eventually([&] { return has_price(server, 99'999); }));
  sink->flush();
  sink->close();
  const auto counters = sink->counters();
  EXPECT_EQ(counters.events, 100'000U);
  EXPECT_EQ(counters.delivered, 100'000U);
  EXPECT_GT(counters.merged, 290'000U);  // of 300,000 changes of a trade, a candle and features
  EXPECT_LT(counters.written, 10'000U);
}

TEST_F(redis_sink_test, a_server_that_is_killed_gets_all_live_values_when_it_is_back) {
  tests::redis_server server;
  const auto sink = open(server.url());
  sink->write(trades(1, 2, "ETH-USD"));
  sink->write(trades(1, 2));
  sink->flush();
  server.kill();
  // Nothing waits for it.
  for (int at = 2; at < 5'000; ++at) {
    sink->write(trades(at, at + 1));
    sink->flush();
  }
  ASSERT_TRUE(eventually([&] { return !sink->counters().connected; }));
  EXPECT_THAT(sink->trouble(), HasSubstr("127.0.0.1:" + std::to_string(server.port())));
  server.start();  // and is empty
  ASSERT_TRUE(eventually([&] { return has_price(server, 4'999); }));
  ASSERT_TRUE(eventually([&] { return server.cli({"EXISTS", "md:trade:kraken:ETH-USD"}) == "1"; }));
  ASSERT_TRUE(eventually([&] { return sink->trouble().empty(); }));
  sink->close();
  EXPECT_EQ(sink->counters().disconnects, 1U);
  EXPECT_EQ(sink->counters().reconnects, 1U);
  EXPECT_EQ(sink->counters().delivered, sink->counters().events);
}

TEST_F(redis_sink_test, a_server_that_does_not_answer_is_left_and_holds_up_nobody) {
  const tests::redis_server server;
  context_.options["write_timeout_ms"] = "300";
  context_.options["connect_timeout_ms"] = "300";
  const auto sink = open(server.url());
  server.freeze();
  const auto begin = std::chrono::steady_clock::now();
  for (int at = 0; at < 200; ++at) {
    sink->write(trades(at, at + 1));
    sink->flush();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  ASSERT_TRUE(eventually([&] { return !sink->counters().connected; }));
  EXPECT_THAT(sink->trouble(), HasSubstr("no answer in time"));
  server.thaw();
  ASSERT_TRUE(eventually([&] { return has_price(server, 199); }));
  ASSERT_TRUE(eventually([&] { return sink->counters().connected; }));
}

TEST_F(redis_sink_test,
       values_of_a_live_feed_stay_and_those_of_a_dead_one_expire_with_their_state) {
  const tests::redis_server server;
  context_.options["expiry_ms"] = "600";
  const auto sink = open(server.url());
  sink->write(trades(1, 2));
  sink->flush();
  // Beyond its first expiry, without a further event.
  const auto began = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - began < std::chrono::milliseconds(1'500)) {
    ASSERT_THAT(server.cli({"GET", key_}), HasSubstr("\"state\":\"live\""));
  }
  sink->write(status(event_kind::trade, feed_state::stale));
  sink->flush();
  EXPECT_THAT(server.cli({"GET", key_}), HasSubstr("\"state\":\"stale\""));
  EXPECT_TRUE(eventually([&] { return server.cli({"EXISTS", key_}) == "0"; }));
}

TEST_F(redis_sink_test, values_expire_when_nobody_writes_any_more) {
  const tests::redis_server server;
  context_.options["expiry_ms"] = "500";
  auto sink = open(server.url());
  sink->write(trades(1, 2));
  sink->flush();
  EXPECT_TRUE(has_price(server, 1));
  sink.reset();
  EXPECT_TRUE(eventually([&] { return server.cli({"DBSIZE"}) == "0"; }));
}

TEST_F(redis_sink_test, a_user_needs_the_right_password_and_no_more_rights_than_are_said) {
  const tests::redis_server server(
      {"user default off",
       "user feed on >SECRET ~md:* ~md-stream:* &md:* -@all +set +publish +xadd",
       "user poor on >SECRET ~other:* -@all +set", "user boss on >SECRET ~* &* +@all"});
  const std::vector<std::string> boss{"--user", "boss", "--pass", "SECRET"};
  const auto with = [&](const std::string& login) {
    return "redis://" + login + "127.0.0.1:" + std::to_string(server.port());
  };
  context_.options["publish"] = "1";
  context_.options["stream"] = "1";
  const auto sink = open(with("feed:SECRET@"));
  sink->write(trades(1, 2));
  sink->close();
  EXPECT_THAT(server.cli({"GET", key_}, boss), HasSubstr("\"price\":\"1\""));
  EXPECT_THAT(failure(with("feed:SECRE@")), HasSubstr("WRONGPASS"));
  EXPECT_THAT(failure(with("feed:SECRE@")), HasSubstr("check user and password"));
  for (const auto* login : {"poor:SECRET@", ""}) {
    const auto refused = open(with(login));
    refused->write(trades(1, 2));
    EXPECT_TRUE(eventually([&] { return !refused->trouble().empty(); }));
    EXPECT_THAT(refused->trouble(), testing::AnyOf(HasSubstr("NOPERM"), HasSubstr("NOAUTH")));
    EXPECT_THAT(refused->trouble(), Not(HasSubstr("SECRET")));
    EXPECT_THROW(refused->close(), sink_error);
  }
}

TEST_F(redis_sink_test, verifies_the_server_over_tls) {
  const tests::temporary_folder folder;
  for (const auto* name : {"tls", "other"}) {
    ASSERT_EQ(tests::run_program({binary, "make-certificate", folder.file(name)}).exit_code, 0);
  }
  const auto server = std::make_unique<tests::redis_server>(
      std::vector<std::string>{"user feed on >S%@CRET ~md:* -@all +set"}, folder.file("tls"));
  context_.insecure = false;
  const auto port = std::to_string(server->port());
  const auto url = "rediss://feed:S%25%40CRET@localhost:" + port;
  EXPECT_THAT(failure(url), HasSubstr("check ca_file"));
  context_.options["ca_file"] = folder.file("other/ca.pem");
  EXPECT_THAT(failure(url), HasSubstr("certificate is not trusted"));
  context_.options["ca_file"] = folder.file("tls/ca.pem");
  const auto sink = open(url);
  sink->write(trades(1, 2'000));
  sink->flush();
  EXPECT_TRUE(has_price(*server, 1'999));
  EXPECT_THAT(failure("rediss://localhost:" + port), HasSubstr("wants rediss://, and a user"));
  server->kill();
  sink->write(trades(2'000, 3'000));
  ASSERT_TRUE(eventually([&] { return !sink->counters().connected; }));
  server->start();
  ASSERT_TRUE(eventually([&] { return has_price(*server, 2'999); }));
}

TEST_F(redis_sink_test, publishes_and_streams_what_is_new) {
  const tests::redis_server server;
  context_.options["publish"] = "1";
  context_.options["stream"] = "1";
  context_.options["maxlen"] = "100";
  context_.options["expiry_ms"] = "300";  // many refreshes, which are no news
  const auto sink = open(server.url());
  tests::temporary_folder folder;
  tests::child_process listener(
      {"redis-cli", "-p", std::to_string(server.port()), "PSUBSCRIBE", "md:trade:*"}, folder.path(),
      "listener");
  ASSERT_TRUE(listener.wait_for_output("psubscribe"));
  for (int at = 0; at < 1'000; ++at) {
    sink->write(trades(at, at + 1));
    sink->flush();
  }
  ASSERT_TRUE(listener.wait_for_output("\"price\":\"999\""));
  const auto entries = std::stoi(server.cli({"XLEN", "md-stream:trade:kraken:BTC-USD"}));
  EXPECT_GE(entries, 100);
  EXPECT_LE(entries, 250);  // cut by whole nodes of 100
  EXPECT_THAT(server.cli({"XREVRANGE", "md-stream:trade:kraken:BTC-USD", "+", "-", "COUNT", "1"}),
              HasSubstr("\"price\":\"999\""));
}

TEST_F(redis_sink_test, a_full_server_is_told_of_and_tried_again) {
  const tests::redis_server server({"maxmemory 1"});
  const auto sink = open(server.url());
  sink->write(trades(1, 2));
  ASSERT_TRUE(eventually([&] { return !sink->trouble().empty(); }));
  EXPECT_THAT(sink->trouble(), HasSubstr("raise maxmemory"));
  server.cli({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_TRUE(eventually([&] { return has_price(server, 1); }));
}

TEST_F(redis_sink_test, refuses_targets_and_options_that_are_none_and_tells_no_secret) {
  for (const auto* url :
       {"", "http://h", "redis://", "redis://h:0", "redis://h:70000", "redis://SECRET@h",
        "redis://u:SECRET%@h", "redis://u:SECRET@h/1", "redis://[::1"}) {
    const auto text = failure(url);
    EXPECT_THAT(text, StartsWith("the url of the redis sink ")) << url;
    EXPECT_THAT(text, Not(HasSubstr("SECRET"))) << url;
  }
  EXPECT_THAT(
      failure("redis://u:SECRET@127.0.0.1:1"),
      testing::AllOf(HasSubstr("cannot connect to redis 127.0.0.1:1"), Not(HasSubstr("SECRET"))));
  context_.options["depth"] = "0";
  EXPECT_THAT(failure("redis://127.0.0.1:1"), HasSubstr("option 'depth'"));
  context_.options = {{"deep", "1"}};
  EXPECT_THAT(failure("redis://127.0.0.1:1"), HasSubstr("has no option 'deep'"));
  context_.options = {{"ca_file", "a"}};
  EXPECT_THAT(failure("redis://127.0.0.1:1"), HasSubstr("rediss://"));
}

}  // namespace
}  // namespace feedtree::storage
