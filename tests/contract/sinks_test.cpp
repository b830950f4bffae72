// What holds for every sink.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/sink.hpp"
#include "tests/adapters/nats/nats_server.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using testing::HasSubstr;

class sinks : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "sinks_" + std::to_string(::getpid());
    std::filesystem::create_directory(folder_);
    context_.now_ns = [] { return std::int64_t{1}; };
    context_.epoch = "epoch";
    if (GetParam() == "timescale") return start_timescale();
    if (GetParam() == "redis") return start_redis();
    if (GetParam() != "nats" && GetParam() != "jetstream") return;
    FEEDTREE_NATS_SERVER();
    server_.emplace(tests::with_jetstream);
    context_.insecure = true;
  }
  void start_timescale() {
    FEEDTREE_TIMESCALE(started);
    database_ = std::move(started);
  }
  void start_redis() {
    FEEDTREE_REDIS_SERVER();
    cache_ = std::make_unique<tests::redis_server>();
    context_.insecure = true;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string spec() const {
    if (server_) return GetParam() + ":" + server_->url();
    if (cache_) return "redis:" + cache_->url();
    if (database_) return "timescale:" + database_->dsn();
    return GetParam() == "none" ? "none" : GetParam() + ":" + folder_ + "/target";
  }

  sink_context context_;
  std::string folder_;
  std::optional<tests::nats_server> server_;
  std::unique_ptr<tests::postgres_server> database_;
  std::unique_ptr<tests::redis_server> cache_;
};

TEST_P(sinks, takes_every_kind_of_event_and_counts_what_it_took) {
  listing_registry registry;
  auto batch = tests::every_kind(tests::sample_listing(registry));
  batch->quarantine.push_back(tests::sample_quarantine());
  const auto target = make_sink(spec(), context_);
  target->write(batch);
  target->flush();
  const auto counters = target->counters();
  EXPECT_EQ(counters.batches, 1U);
  EXPECT_EQ(counters.events, batch->events.size());
  EXPECT_EQ(counters.delivered, batch->events.size());
  EXPECT_EQ(counters.errors, 0U);
  EXPECT_TRUE(counters.connected);
}

TEST_P(sinks, takes_an_empty_batch_and_a_flush_of_nothing) {
  const auto target = make_sink(spec(), context_);
  target->flush();
  target->write(std::make_shared<event_batch>());
  target->flush();
  EXPECT_EQ(target->counters().delivered, 0U);
}

TEST_P(sinks, may_be_closed_twice_and_takes_nothing_afterwards) {
  const auto target = make_sink(spec(), context_);
  target->close();
  target->close();
  EXPECT_THROW(target->write(std::make_shared<event_batch>()), sink_error);
}

TEST_P(sinks, refuses_an_option_that_it_does_not_have) {
  context_.options["colour"] = "red";
  try {
    make_sink(spec(), context_);
    FAIL() << "nothing was thrown";
  } catch (const sink_error& error) {
    EXPECT_FALSE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("the " + GetParam() + " sink has no option 'colour'"));
  }
}

TEST_P(sinks, goes_on_behind_a_position_that_it_was_told_or_knows_of_none) {
  listing_registry registry;
  const auto target = make_sink(spec(), context_);
  EXPECT_EQ(target->marked("journal"), 0U);
  target->write(tests::every_kind(tests::sample_listing(registry)));
  target->mark("journal", 7);
  target->flush();
  const auto marked = target->marked("journal");
  EXPECT_TRUE(marked == 7 || marked == 0) << marked;
  target->close();
  const std::vector<std::string> without_places{"none", "jsonl", "nats", "redis"};
  if (std::count(without_places.begin(), without_places.end(), GetParam()) == 1) return;
  EXPECT_EQ(make_sink(spec(), context_)->marked("journal"), 7U);
  EXPECT_EQ(make_sink(spec(), context_)->marked("another"), 0U);
}

INSTANTIATE_TEST_SUITE_P(of_files_and_databases, sinks,
                         testing::Values("jsonl", "none", "sqlite", "timescale"),
                         [](const auto& parameter) { return parameter.param; });
INSTANTIATE_TEST_SUITE_P(of_servers, sinks, testing::Values("nats", "jetstream", "redis"),
                         [](const auto& parameter) { return parameter.param; });

TEST(sink_registry, knows_the_kinds) {
  const auto kinds = sink_kinds();
  EXPECT_THAT(kinds, testing::IsSupersetOf(
                         {"jetstream", "jsonl", "nats", "none", "redis", "sqlite", "timescale"}));
  EXPECT_TRUE(std::is_sorted(kinds.begin(), kinds.end()));
}

TEST(sink_registry, names_the_kinds_when_it_is_asked_for_another) {
  for (const auto* spec : {"kafka:somewhere", "kafka", ""}) {
    try {
      make_sink(spec, {});
      FAIL() << "nothing was thrown";
    } catch (const sink_error& error) {
      EXPECT_FALSE(error.retryable());
      EXPECT_THAT(error.what(),
                  HasSubstr("jetstream, jsonl, nats, none, redis, sqlite, timescale"));
    }
  }
}

TEST(sink_registry, reads_whole_number_options_within_their_bounds) {
  sink_context context;
  context.options = {{"good", "7"}, {"low", "0"}, {"text", "7x"}, {"empty", ""}};
  EXPECT_EQ(sink_option(context, "good", 1, 1, 9), 7);
  EXPECT_EQ(sink_option(context, "absent", 5, 1, 9), 5);
  for (const auto* name : {"low", "text", "empty"}) {
    EXPECT_THROW(sink_option(context, name, 5, 1, 9), sink_error) << name;
  }
}

}  // namespace
}  // namespace feedtree
