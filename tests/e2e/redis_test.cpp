// Redis behind the program as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <sstream>

#include "tests/support/captures.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"
#include "tests/support/redis_server.hpp"

namespace feedtree::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string binary = paths::feedtree_program();

std::string field_of(const std::string& line, const std::string& name) {
  const auto key = "\"" + name + "\":\"";
  const auto at = line.find(key);
  if (at == std::string::npos) return {};
  const auto begin = at + key.size();
  return line.substr(begin, line.find('"', begin) - begin);
}

// What stands behind a name up to the end, from the first bracket to the last.
std::string levels_of(const std::string& line) {
  const auto begin = line.find("\"bids\":");
  return begin == std::string::npos
             ? ""
             : line.substr(begin, line.find("]]", line.find("\"asks\":")) - begin);
}

// A server of feedtree with a simulated Kraken and a Redis.
class run_with_redis {
 public:
  run_with_redis(const temporary_folder& folder, const std::string& sink) : folder_(folder) {
    start_simulator();
    write_text(folder.file("config.yaml"),
               "venues:\n  - venue: kraken\n    instruments: [BTC-USD, ETH-USD]\n"
               "    feeds: [book, trade, ticker]\n    websocket_url: ws://" +
                   address_ + "\n    rest_url: http://" + address_ + "\nsinks:\n  - " + sink +
                   "\n  - kind: none\n");
  }
  void start_simulator() {
    simulator_ = child_process({binary, "simulate", "--venue", "kraken", "--listen", "127.0.0.1:0",
                                "--seed", "5", "--instruments", "BTC-USD,ETH-USD", "--rate", "400"},
                               folder_.path(), "simulator");
    if (!simulator_.wait_for_output("listens on ")) throw std::runtime_error(simulator_.err());
    const auto line = simulator_.out();
    const auto begin = line.find("listens on ") + 11;
    address_ = line.substr(begin, line.find(' ', begin) - begin);
  }
  child_process start(std::vector<std::string> environment = {
                          "FEEDTREE_REDIS_ALLOW_INSECURE_DEFAULTS=1"}) const {
    environment.insert(environment.end(), {"FEEDTREE_TIMESCALE_ALLOW_INSECURE_DEFAULTS=1",
                                           "FEEDTREE_NATS_ALLOW_INSECURE_DEFAULTS=1",
                                           "FEEDTREE_OPERATOR_ALLOW_INSECURE_DEFAULTS=1",
                                           "REDIS_USER=feed", "REDIS_PASSWORD=SECRET"});
    return child_process({binary, "run", "--config", folder_.file("config.yaml")}, folder_.path(),
                         "server", environment);
  }
  child_process& simulator() { return simulator_; }

 private:
  const temporary_folder& folder_;
  std::string address_;
  child_process simulator_;
};

TEST(redis_run, has_every_kind_of_value_with_the_state_of_its_feed_and_loses_them_with_the_server) {
  FEEDTREE_REDIS_SERVER();
  const redis_server redis;
  const temporary_folder folder;
  run_with_redis runs(folder, "{kind: redis, url: \"" + redis.url() + "\", expiry: 2s}");
  auto server = runs.start();
  const auto value = [&](const std::string& kind) {
    return redis.cli({"GET", "md:" + kind + ":kraken:BTC-USD"});
  };
  for (const auto* kind : {"book", "quote", "ticker", "trade", "candle", "features"}) {
    ASSERT_TRUE(eventually([&] { return !value(kind).empty(); })) << kind << server.err();
  }
  ASSERT_TRUE(eventually([&] { return field_of(value("book"), "state") == "live"; }))
      << value("book");
  ASSERT_TRUE(eventually([&] { return !field_of(value("features"), "volatility_1m").empty(); }));
  // The venue goes away: the values say so, and are gone when nothing refreshes them.
  runs.simulator().signal(SIGTERM);
  runs.simulator().wait();
  ASSERT_TRUE(eventually([&] { return field_of(value("book"), "state") == "syncing"; }))
      << value("book");
  EXPECT_EQ(field_of(value("features"), "state"), "syncing");
  EXPECT_TRUE(eventually([&] { return redis.cli({"DBSIZE"}) == "0"; }));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
}

TEST(redis_run, goes_on_while_redis_is_killed_and_fills_it_again) {
  FEEDTREE_REDIS_SERVER();
  redis_server redis;
  const temporary_folder folder;
  run_with_redis runs(folder, "{kind: redis, url: \"" + redis.url() +
                                  "\"}\n  - {kind: jsonl, path: " + folder.file("events.jsonl") +
                                  "}");
  auto server = runs.start();
  const auto is_live = [&] {
    return field_of(redis.cli({"GET", "md:book:kraken:BTC-USD"}), "state") == "live";
  };
  ASSERT_TRUE(eventually(is_live)) << server.err();
  redis.kill();
  ASSERT_TRUE(server.wait_for_output("trying again, the latest state will win")) << server.err();
  // Other sinks get on meanwhile.
  const auto size = read_text(folder.file("events.jsonl")).size();
  EXPECT_TRUE(
      eventually([&] { return read_text(folder.file("events.jsonl")).size() > size + 100'000; }));
  redis.start();
  ASSERT_TRUE(server.wait_for_output("works again")) << server.err();
  ASSERT_TRUE(eventually(is_live));
  redis.kill();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();  // a cache that is away is no failure
}

TEST(redis_run, wants_tls_and_an_acl_user_and_gets_them) {
  FEEDTREE_REDIS_SERVER();
  const temporary_folder folder;
  ASSERT_EQ(run_program({binary, "make-certificate", folder.file("tls")}).exit_code, 0);
  const redis_server redis({"user default off", "user feed on >SECRET ~md:* -@all +set",
                            "user reader on >READ ~md:* -@all +get"},
                           folder.file("tls"));
  const auto port = std::to_string(redis.port());
  {
    const temporary_folder other;
    run_with_redis insecure(other, "{kind: redis, url: \"redis://localhost:" + port + "\"}");
    auto refused = insecure.start({});
    EXPECT_EQ(refused.wait(), 78);
    EXPECT_THAT(refused.err(), HasSubstr("REDIS: the url of the redis sink is not rediss://"));
  }
  run_with_redis runs(
      folder, "{kind: redis, url: \"rediss://localhost:" + port +
                  "\", user: \"${REDIS_USER}\", password: \"${REDIS_PASSWORD}\", ca_file: " +
                  folder.file("tls/ca.pem") + "}");
  auto server = runs.start({});
  EXPECT_TRUE(eventually([&] {
    const auto value =
        redis.cli({"GET", "md:book:kraken:BTC-USD"}, {"--user", "reader", "--pass", "READ"});
    return field_of(value, "state") == "live";
  })) << server.err();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
  EXPECT_THAT(server.err() + server.out(), Not(HasSubstr("SECRET")));
}

// The values of a capture are those of its last events.
void expect_final_state(const std::string& capture, const std::string& venue,
                        const std::string& instrument) {
  const redis_server redis;
  const temporary_folder folder;
  const auto result =
      run_program({binary, "replay", "--live-subjects", "--sink", "redis:" + redis.url(), "--sink",
                   "jsonl:" + folder.file("events.jsonl"), capture});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::map<std::string, std::string> last;  // by kind
  std::istringstream lines(read_text(folder.file("events.jsonl")));
  for (std::string line; std::getline(lines, line);) {
    const auto kind = field_of(line, "kind");
    if (field_of(line, "venue") != venue || field_of(line, "instrument") != instrument) continue;
    auto& known = last[kind];
    const bool late =
        kind == "trade" && field_of(line, "exchange_ns") < field_of(known, "exchange_ns");
    if (!late) known = line;
  }
  int compared = 0;
  for (const auto& [kind, line] : last) {
    const auto value = redis.cli({"GET", "md:" + kind + ":" + venue + ":" + instrument});
    if (kind == "status" || kind == "gap" || kind == "candle") continue;
    EXPECT_EQ(field_of(value, "id"), field_of(line, "id")) << kind;
    EXPECT_EQ(field_of(value, "exchange_ns"), field_of(line, "exchange_ns")) << kind;
    if (kind == "trade" || kind == "quote") {
      EXPECT_EQ(field_of(value, "price"), field_of(line, "price"));
    }
    ++compared;
  }
  EXPECT_GE(compared, 2);
  // The book, beside that of a second reader of the same events.
  const auto book = redis.cli({"GET", "md:book:" + venue + ":" + instrument});
  const auto program = std::string(paths::source_folder()) + "/tests/e2e/final_book.py";
  const auto expected =
      run_program({"python3", program, folder.file("events.jsonl"), venue, instrument, "10"});
  ASSERT_EQ(expected.exit_code, 0) << expected.err;
  EXPECT_EQ(levels_of(book), levels_of(expected.out));
  EXPECT_THAT(levels_of(book), HasSubstr("\"asks\":[[\""));
}

TEST(redis_replay, leaves_the_final_state_of_a_simulated_capture) {
  FEEDTREE_REDIS_SERVER();
  const temporary_folder folder;
  const auto path = folder.file("kraken.jsonl");
  const auto made =
      run_program({binary, "simulate", "--venue", "kraken", "--instruments", "BTC-USD,ETH-USD",
                   "--seed", "3", "--frames", "5000", "--record", path});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  expect_final_state(path, "kraken", "BTC-USD");
}

TEST(redis_replay, leaves_the_keys_of_the_live_server_alone) {
  FEEDTREE_REDIS_SERVER();
  const redis_server redis;
  const temporary_folder folder;
  const auto path = folder.file("kraken.jsonl");
  ASSERT_EQ(run_program({binary, "simulate", "--venue", "kraken", "--instruments", "BTC-USD",
                         "--frames", "500", "--record", path})
                .exit_code,
            0);
  redis.cli({"SET", "md:book:kraken:BTC-USD", "live"});
  for (const std::string prefix : {"replay", "lab"}) {
    std::vector<std::string> argv{binary, "replay", "--sink", "redis:" + redis.url(), path};
    if (prefix != "replay") argv.insert(argv.end(), {"--prefix", prefix});
    const auto result = run_program(argv);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(field_of(redis.cli({"GET", prefix + ":book:kraken:BTC-USD"}), "venue"), "kraken");
  }
  EXPECT_THAT(redis.cli({"GET", "md:book:kraken:BTC-USD"}), HasSubstr("live"));
}

TEST(redis_replay, leaves_the_final_state_of_real_traffic) {
  FEEDTREE_CAPTURE(bybit, "bybit/v5_cryptofeed_20260809.jsonl.zst");
  FEEDTREE_REDIS_SERVER();
  expect_final_state(bybit, "bybit", "BTC-USDT");
}

}  // namespace
}  // namespace feedtree::tests
