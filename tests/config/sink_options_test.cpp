// The options that the reader gives are those that the sinks take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "adapters/nats/jetstream_sink.hpp"
#include "core/sink.hpp"
#include "storage/redis_sink.hpp"
#include "tests/config/reading.hpp"

namespace feedtree::config {
namespace {

using namespace tests;

sink_config read_sink(const std::string& lines) {
  const auto result = read(good + "sinks:\n  - " + lines);
  EXPECT_EQ(describe(result.problems), "");
  return result.config.sinks.at(0);
}

sink_context context_of(const sink_config& sink) {
  sink_context context;
  context.now_ns = [] { return std::int64_t{1}; };
  context.epoch = "test";
  context.insecure = true;
  context.options.insert(sink.options.begin(), sink.options.end());
  return context;
}

class sink_options : public testing::Test {
 protected:
  sink_options() { std::filesystem::create_directories(folder_); }
  ~sink_options() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                  ("feedtree_sink_options_" + std::to_string(::getpid()));
};

TEST_F(sink_options, of_jsonl_are_taken) {
  for (const auto* overwrite : {"true", "false"}) {
    const auto sink = read_sink("kind: jsonl\n    path: " + path("a.jsonl") +
                                "\n    overwrite: " + overwrite + "\n");
    EXPECT_NO_THROW(make_sink(sink.kind + ":" + sink.target, context_of(sink)));
  }
}

TEST_F(sink_options, of_sqlite_are_taken) {
  const auto sink = read_sink("kind: sqlite\n    path: " + path("a.db") +
                              "\n    rows_max: 1000000\n    bytes_max: 1GiB\n"
                              "    flush_interval: 1h\n    busy_timeout: 1h\n");
  EXPECT_EQ(sink.options.size(), 4U);
  EXPECT_NO_THROW(make_sink(sink.kind + ":" + sink.target, context_of(sink)));
}

// All are understood where the sink gets as far as finding nobody at the address.
TEST_F(sink_options, of_timescale_are_taken) {
  auto sink = read_sink(
      "kind: timescale\n    dsn: postgresql://me:SECRET@127.0.0.1:1/md\n"
      "    rows_max: 10000\n    bytes_max: 16MiB\n    flush_interval: 1s\n"
      "    connect_timeout: 5s\n    statement_timeout: 10s\n    compress_after: 7d\n"
      "    retention: {trade: 30d, book: 1h, open_interest: 3650d}\n");
  EXPECT_EQ(sink.options.size(), 9U);
  EXPECT_EQ(sink.options["retention_trade_ms"], "2592000000");
  try {
    make_sink(sink.kind + ":" + sink.target, context_of(sink));
    FAIL() << "nothing was thrown";
  } catch (const sink_error& error) {
    EXPECT_TRUE(error.retryable()) << error.what();
  }
}

TEST_F(sink_options, of_redis_are_taken_and_have_the_documented_defaults) {
  const auto sink = read_sink(
      "kind: redis\n    url: rediss://cache:6380\n    user: me\n    password: 'a@b:c,d%'\n"
      "    ca_file: a\n    cert_file: b\n    key_file: c\n    database: 3\n    prefix: md\n"
      "    depth: 10\n    expiry: 30s\n    quiet: 10m\n    publish: true\n    stream: true\n"
      "    maxlen: 1000\n    connect_timeout: 2s\n    write_timeout: 2s\n");
  EXPECT_EQ(sink.options.size(), 13U);  // all but user and password, which are in the address
  const auto given = storage::redis_options_of(sink.target, context_of(sink));
  EXPECT_EQ(given.target.place(), "redis cache:6380");
  EXPECT_TRUE(given.target.tls);
  EXPECT_EQ(given.target.user, "me");
  EXPECT_EQ(given.target.password, "a@b:c,d%");
  EXPECT_EQ(given.target.database, 3);
  EXPECT_TRUE(given.publish && given.stream);
  const storage::redis_sink_options defaults;
  EXPECT_EQ(given.cache.prefix, defaults.cache.prefix);
  EXPECT_EQ(given.cache.depth, defaults.cache.depth);
  EXPECT_EQ(given.cache.quiet_ms, defaults.cache.quiet_ms);
  EXPECT_EQ(given.cache.refresh_ms, defaults.cache.refresh_ms);
  EXPECT_EQ(given.expiry_ms, defaults.expiry_ms);
  EXPECT_EQ(given.maxlen, defaults.maxlen);
  EXPECT_EQ(given.target.connect_timeout_ms, defaults.target.connect_timeout_ms);
  EXPECT_EQ(given.target.write_timeout_ms, defaults.target.write_timeout_ms);
}

TEST_F(sink_options, of_redis_are_checked) {
  const auto problem = [](const std::string& keys) {
    const auto found = problems_of(read(good + "sinks:\n  - {kind: redis" + keys + "}\n"));
    return found.empty() ? "none" : found.front();
  };
  using testing::HasSubstr;
  EXPECT_THAT(problem(""), HasSubstr("missing key 'url'"));
  EXPECT_THAT(problem(", url: 'nats://h'"), HasSubstr("rediss:// or redis://"));
  EXPECT_THAT(problem(", url: 'redis://h', user: me"), HasSubstr("belong together"));
  EXPECT_THAT(problem(", url: 'redis://h', policy: spool"), HasSubstr("a redis sink has none"));
  EXPECT_THAT(problem(", url: 'redis://a:b@h', user: me, password: b"), HasSubstr("one is enough"));
  EXPECT_THAT(problem(", url: 'redis://h', expiry: 200ms"), HasSubstr("300ms to 1d"));
  EXPECT_EQ(problem(", url: 'redis://a:b@h:6379'"), "none");
}

TEST_F(sink_options, that_a_sink_does_not_have_are_refused_by_it) {
  const auto sink = read_sink("{kind: jsonl, path: " + path("a") + ", options: {no_such: 1}}\n");
  EXPECT_THROW(make_sink(sink.kind + ":" + sink.target, context_of(sink)), sink_error);
}

TEST_F(sink_options, of_nats_are_taken_and_have_the_documented_defaults) {
  const auto sink = read_sink(
      "kind: nats\n    url: tls://a:1,tls://b\n    user: me\n    password: 'a@b:c,d%'\n"
      "    ca_file: a\n    cert_file: b\n    key_file: c\n    name: feedtree\n"
      "    connect_timeout: 2s\n    write_timeout: 2s\n    flush_timeout: 5s\n"
      "    reconnect_wait: 250ms\n    reconnect_buffer: 8MiB\n    reply_prefix: _INBOX.\n");
  const auto& known = nats::connection_option_names();
  for (const auto& [name, value] : sink.options) {
    EXPECT_NE(std::find(known.begin(), known.end(), name), known.end()) << name;
  }
  EXPECT_EQ(sink.options.size() + 1, known.size());  // all but creds_file
  const auto given = nats::read_connection_options(sink.target, context_of(sink));
  EXPECT_EQ(given.servers.user, "me");
  EXPECT_EQ(given.servers.password, "a@b:c,d%");
  EXPECT_THAT(given.servers.urls, testing::ElementsAre("tls://a:1", "tls://b:4222"));
  const nats::connection_options defaults;
  EXPECT_EQ(given.name, defaults.name);
  EXPECT_EQ(given.connect_timeout_ms, defaults.connect_timeout_ms);
  EXPECT_EQ(given.write_timeout_ms, defaults.write_timeout_ms);
  EXPECT_EQ(given.flush_timeout_ms, defaults.flush_timeout_ms);
  EXPECT_EQ(given.reconnect_wait_ms, defaults.reconnect_wait_ms);
  EXPECT_EQ(given.reconnect_buffer_bytes, defaults.reconnect_buffer_bytes);
}

TEST_F(sink_options, of_jetstream_are_taken) {
  const auto sink = read_sink(
      "kind: jetstream\n    url: nats://127.0.0.1:1\n    stream: MD\n    prefix: a\n"
      "    create: false\n    duplicate_window: 24h\n    max_age: 87600h\n"
      "    max_size: 1024GiB\n    replicas: 5\n    pending_max: 1000000\n");
  const auto& known = nats::jetstream_option_names();
  for (const auto& [name, value] : sink.options) {
    EXPECT_NE(std::find(known.begin(), known.end(), name), known.end()) << name;
  }
  EXPECT_EQ(sink.options.size(), 8U);
  try {
    make_sink(sink.kind + ":" + sink.target, context_of(sink));
    FAIL() << "nobody listens there";
  } catch (const sink_error& error) {
    EXPECT_TRUE(error.retryable()) << error.what();  // every option was taken
  }
}

TEST_F(sink_options, of_a_nats_and_a_jetstream_sink_at_one_server_need_a_prefix) {
  const std::string two =
      "sinks:\n  - {kind: nats, url: 'nats://a'}\n"
      "  - {kind: jetstream, url: 'nats://a'";
  EXPECT_THAT(problems_of(read(good + two + ", prefix: stored}\n")), testing::IsEmpty());
  EXPECT_THAT(problems_of(read(good + two + "}\n")),
              testing::ElementsAre(testing::HasSubstr("publishes the same subjects there")));
}

}  // namespace
}  // namespace feedtree::config
