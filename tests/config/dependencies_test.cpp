#include "config/dependencies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/reading.hpp"

namespace feedtree::config {
namespace {

using namespace tests;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const sink_config secure_nats{"nats", "tls://me:SECRET@nats:4222", {}};
const sink_config secure_timescale{
    "timescale", "postgresql://me:SECRET@db/md?sslmode=verify-full", {}};
const variables operator_token{{"FEEDTREE_OPERATOR_TOKEN", "0123456789abcdef"}};

server_config with_sinks(std::vector<sink_config> sinks) {
  server_config config;
  config.sinks = std::move(sinks);
  return config;
}

std::vector<std::string> services_of(const std::vector<missing_dependency>& missing) {
  std::vector<std::string> names;
  for (const auto& each : missing) names.push_back(each.service);
  return names;
}

std::vector<std::string> missing_of(std::vector<sink_config> sinks,
                                    const variables& set = operator_token) {
  return services_of(missing_dependencies(with_sinks(std::move(sinks)), lookup(set)));
}

TEST(dependencies, misses_nothing_where_all_are_managed) {
  EXPECT_THAT(missing_of({secure_nats, secure_timescale}), IsEmpty());
}

TEST(dependencies, lists_all_that_is_missing_in_one_message) {
  const auto missing = missing_dependencies(with_sinks({}), lookup({}));
  EXPECT_THAT(services_of(missing), ElementsAre("TIMESCALE", "NATS", "OPERATOR"));
  const auto text = describe(missing);
  for (const auto* part :
       {"verify-full", "tls://", "FEEDTREE_OPERATOR_TOKEN is not set",
        "FEEDTREE_ALLOW_INSECURE_DEFAULTS=1", "FEEDTREE_NATS_ALLOW_INSECURE_DEFAULTS=1"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_EQ(describe(std::vector<missing_dependency>{}), "");
}

TEST(dependencies, wants_verified_tls_of_the_database) {
  for (const auto* dsn :
       {"host=db", "host=db sslmode=require", "host=db sslmode=verify-ca",
        "postgresql://db/md?sslmode=prefer", "host=db password='sslmode=verify-full'",
        "postgresql://db/md?sslmode=verify-full&sslmode=disable"}) {
    EXPECT_THAT(missing_of({secure_nats, {"timescale", dsn, {}}}), ElementsAre("TIMESCALE")) << dsn;
  }
  EXPECT_THAT(missing_of({secure_nats, {"timescale", "host=db sslmode='verify-full'", {}}}),
              IsEmpty());
}

TEST(dependencies, wants_tls_and_credentials_of_nats) {
  for (const auto* url : {"nats://me:SECRET@nats:4222", "tls://nats:4222", "nats://nats"}) {
    EXPECT_THAT(missing_of({{"nats", url, {}}, secure_timescale}), ElementsAre("NATS")) << url;
  }
  EXPECT_THAT(missing_of({{"nats", "tls://nats", {{"creds_file", "a"}}}, secure_timescale}),
              IsEmpty());
}

TEST(dependencies, wants_tls_and_credentials_of_a_redis_that_there_is) {
  for (const auto* url : {"redis://me:SECRET@cache", "rediss://cache", "redis://cache:6379"}) {
    EXPECT_THAT(missing_of({secure_nats, secure_timescale, {"redis", url, {}}}),
                ElementsAre("REDIS"))
        << url;
  }
  EXPECT_THAT(
      missing_of({secure_nats, secure_timescale, {"redis", "rediss://me:SECRET@cache:6380", {}}}),
      IsEmpty());
  auto config = with_sinks({secure_nats, secure_timescale, {"redis", "redis://cache", {}}});
  auto set = operator_token;
  set["FEEDTREE_REDIS_ALLOW_INSECURE_DEFAULTS"] = "1";
  EXPECT_THAT(missing_dependencies(config, lookup(set)), IsEmpty());
  const auto taken = apply_insecure_defaults(config, lookup(set));
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].service, "REDIS");
  EXPECT_EQ(taken[0].what, "the url of the redis sink is not rediss://");
  EXPECT_EQ(config.sinks.size(), 3U);
}

TEST(dependencies, finds_the_one_insecure_sink_among_several) {
  EXPECT_THAT(missing_of({secure_nats, {"nats", "nats://other", {}}, secure_timescale}),
              ElementsAre("NATS"));
}

TEST(dependencies, wants_a_token_of_some_length) {
  EXPECT_THAT(
      missing_of({secure_nats, secure_timescale}, {{"FEEDTREE_OPERATOR_TOKEN", "0123456789abcde"}}),
      ElementsAre("OPERATOR"));
}

TEST(dependencies, allows_stand_ins_for_all_or_for_one_service) {
  EXPECT_THAT(missing_of({}, {{"FEEDTREE_ALLOW_INSECURE_DEFAULTS", "1"}}), IsEmpty());
  EXPECT_THAT(missing_of({}, {{"FEEDTREE_NATS_ALLOW_INSECURE_DEFAULTS", "1"}}),
              ElementsAre("TIMESCALE", "OPERATOR"));
  for (const auto* value : {"0", "", "true", "yes", "11"}) {
    EXPECT_THAT(missing_of({}, {{"FEEDTREE_ALLOW_INSECURE_DEFAULTS", value}}), testing::SizeIs(3))
        << value;
  }
}

TEST(dependencies, never_tell_a_secret) {
  const variables secret_token{{"FEEDTREE_OPERATOR_TOKEN", "SECRET"}};
  auto config = with_sinks(
      {{"nats", "nats://SECRET@nats", {}}, {"timescale", "host=db password=SECRET", {}}});
  const auto text = describe(missing_dependencies(config, lookup(secret_token)));
  EXPECT_THAT(text, HasSubstr("TIMESCALE"));
  EXPECT_THAT(text, Not(HasSubstr("SECRET")));
  const auto taken =
      apply_insecure_defaults(config, lookup({{"FEEDTREE_ALLOW_INSECURE_DEFAULTS", "1"}}));
  for (const auto& each : taken) EXPECT_THAT(each.what, Not(HasSubstr("SECRET")));
}

std::vector<std::string> take(server_config& config, const std::string& variable) {
  std::vector<std::string> texts;
  for (const auto& each : apply_insecure_defaults(config, lookup({{variable, "1"}}))) {
    texts.push_back(each.service + ": " + each.what);
  }
  return texts;
}

TEST(insecure_defaults, puts_sqlite_and_a_local_nats_in_place) {
  server_config config;
  EXPECT_THAT(take(config, "FEEDTREE_ALLOW_INSECURE_DEFAULTS"),
              ElementsAre("TIMESCALE: SQLite data/feedtree.db instead of TimescaleDB",
                          "NATS: NATS at nats://127.0.0.1:4222 without TLS and credentials",
                          "OPERATOR: HTTP on loopback without an operator token "
                          "(FEEDTREE_OPERATOR_TOKEN is not set)"));
  EXPECT_THAT(config.sinks, ElementsAre(sink_config{"sqlite", "data/feedtree.db", {}},
                                        sink_config{"nats", "nats://127.0.0.1:4222", {}}));
}

TEST(insecure_defaults, do_nothing_without_permission) {
  server_config config;
  EXPECT_THAT(apply_insecure_defaults(config, lookup({})), IsEmpty());
  EXPECT_THAT(config.sinks, IsEmpty());
}

TEST(insecure_defaults, are_taken_for_the_allowed_service_only) {
  server_config config;
  EXPECT_THAT(take(config, "FEEDTREE_NATS_ALLOW_INSECURE_DEFAULTS"), testing::SizeIs(1));
  EXPECT_THAT(config.sinks, ElementsAre(sink_config{"nats", "nats://127.0.0.1:4222", {}}));
}

TEST(insecure_defaults, keep_the_sinks_that_there_are) {
  const auto before = with_sinks({{"sqlite", "own.db", {}}, {"nats", "nats://own", {}}});
  auto config = before;
  EXPECT_THAT(take(config, "FEEDTREE_ALLOW_INSECURE_DEFAULTS"),
              ElementsAre("TIMESCALE: SQLite own.db instead of TimescaleDB",
                          "NATS: the url of the nats sink is not tls://", HasSubstr("OPERATOR: ")));
  EXPECT_EQ(config, before);
}

TEST(insecure_defaults, add_nothing_beside_a_sink_of_kind_none) {
  auto config = with_sinks({{"none", "", {}}});
  EXPECT_THAT(take(config, "FEEDTREE_ALLOW_INSECURE_DEFAULTS"),
              ElementsAre("TIMESCALE: no database", "NATS: no NATS", HasSubstr("OPERATOR: ")));
  EXPECT_EQ(config.sinks.size(), 1U);
}

TEST(insecure_defaults, are_not_taken_where_nothing_is_missing) {
  auto config = with_sinks({secure_nats, secure_timescale});
  const variables set{{"FEEDTREE_ALLOW_INSECURE_DEFAULTS", "1"},
                      {"FEEDTREE_OPERATOR_TOKEN", "0123456789abcdef"}};
  EXPECT_THAT(apply_insecure_defaults(config, lookup(set)), IsEmpty());
}

}  // namespace
}  // namespace feedtree::config
