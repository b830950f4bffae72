#include "storage/timescale_migration.hpp"

#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "storage/timescale_sink.hpp"
#include "tests/storage/timescale_fixture.hpp"
#include "tests/support/eventually.hpp"

namespace feedtree::storage {
namespace {

using testing::HasSubstr;

constexpr migration first{1, "first", "CREATE TABLE a (x int);"};
constexpr migration second{2, "second", "CREATE TABLE b (x int); CREATE TABLE c (x int);"};

class timescale_migrations : public timescale_test {
 protected:
  std::vector<int> apply(std::span<const migration> migrations,
                         migration_options options = {migration_mode::apply, {}, 5}) {
    pg_connection connection(timescale_dsn(dsn_), {});
    std::vector<int> applied;
    for (const auto& line : migrate(connection, migrations, options)) {
      if (line.applied_now) applied.push_back(line.version);
    }
    return applied;
  }
  // The message with which these migrations are refused; empty if they are applied.
  std::string refusal(std::span<const migration> migrations) {
    try {
      apply(migrations);
      return {};
    } catch (const sink_error& error) {
      EXPECT_FALSE(error.retryable());
      return error.what();
    }
  }
  std::string place() const { return timescale_dsn(dsn_).place(); }
  std::string tables() {
    return rows(
        "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = "
        "'public'");
  }
};

TEST_F(timescale_migrations, create_the_extension_and_are_applied_once) {
  const auto all = migrations_of("timescale");
  EXPECT_EQ(apply(all).size(), all.size());
  EXPECT_EQ(apply(all), std::vector<int>{});
  EXPECT_THAT(tables(),
              HasSubstr("audit backfill backfill_gap book candle funding gap instrument "
                        "liquidation open_interest operator operator_token quarantine quote"));
  EXPECT_EQ(rows("SELECT count(*) FROM schema_migration"), std::to_string(all.size()) + "\n");
  EXPECT_THAT(
      rows("SELECT * FROM audit"),
      HasSubstr("5|feedtree|migrate|schema|done|migration 1 (events), migration 2 (ledger)"));
}

TEST_F(timescale_migrations, have_the_versions_and_names_of_those_of_sqlite) {
  const auto mine = migrations_of("timescale");
  const auto others = migrations_of("sqlite");
  ASSERT_EQ(mine.size(), others.size());
  for (std::size_t at = 0; at < mine.size(); ++at) {
    EXPECT_EQ(mine[at].version, others[at].version);
    EXPECT_EQ(mine[at].name, others[at].name);
  }
}

TEST_F(timescale_migrations, are_noted_with_name_hash_and_time) {
  EXPECT_EQ(refusal(std::array{first}), "");
  EXPECT_EQ(rows("SELECT * FROM schema_migration"), "1|first|" + sha256(first.sql) + "|5\n");
}

TEST_F(timescale_migrations, stop_when_one_was_changed_is_unknown_or_is_missing) {
  ASSERT_EQ(refusal(std::array{first, second}), "");
  const migration changed{1, "first", "CREATE TABLE a (y int);"};
  EXPECT_THAT(refusal(std::array{changed, second}),
              HasSubstr("migration 1 (first) was applied to " + place() + " with another text"));
  EXPECT_THAT(refusal(std::array{first}),
              HasSubstr(place() + " has migration 2 (second), which this program does not know"));
  execute("DELETE FROM schema_migration WHERE version = 1");
  EXPECT_THAT(refusal(std::array{first, second}),
              HasSubstr(place() + " lacks migration 1 (first) but has a later one"));
  execute("UPDATE schema_migration SET version = 7");
  EXPECT_THROW(timescale_sink(dsn_, context_), sink_error);
}

TEST_F(timescale_migrations, leave_nothing_of_one_that_fails) {
  const migration bad{2, "bad", "CREATE TABLE b (x int); CREATE TABLE a (x int);"};
  EXPECT_THAT(refusal(std::array{first, bad}), HasSubstr("relation \"a\" already exists (42P07)"));
  EXPECT_EQ(tables(), "-\n");
}

TEST_F(timescale_migrations, go_as_far_as_is_asked_and_not_back) {
  EXPECT_EQ(apply(std::array{first, second}, {migration_mode::apply, 1, 5}), (std::vector<int>{1}));
  EXPECT_EQ(apply(std::array{first, second}, {migration_mode::apply, 2, 6}), (std::vector<int>{2}));
  EXPECT_THROW(apply(std::array{first, second}, {migration_mode::apply, 1, 7}), sink_error);
  EXPECT_THROW(apply(std::array{first, second}, {migration_mode::apply, 3, 7}), sink_error);
}

TEST_F(timescale_migrations, a_dry_run_does_all_and_keeps_nothing) {
  const auto all = migrations_of("timescale");
  EXPECT_EQ(apply(all, {migration_mode::dry_run, {}, 5}).size(), all.size());
  EXPECT_EQ(tables(), "-\n");
  EXPECT_EQ(apply(all, {migration_mode::status, {}, 5}), std::vector<int>{});
  EXPECT_EQ(tables(), "-\n");
}

// The lock is held from outside until all of them wait for it, so that they do start together.
TEST_F(timescale_migrations, are_applied_by_one_of_several_that_start_together) {
  execute("CREATE EXTENSION timescaledb");
  pg_connection holder(timescale_dsn(dsn_), {});
  holder.execute("BEGIN");
  holder.execute("SELECT pg_advisory_xact_lock(7378415046641214821)");
  constexpr std::size_t count = 4;
  std::vector<std::string> errors(count);
  std::vector<std::thread> starts;
  for (std::size_t at = 0; at < count; ++at) {
    starts.emplace_back([this, at, &errors] {
      try {
        timescale_sink out(dsn_, context_);
        out.write(trades(static_cast<int>(at), static_cast<int>(at) + 1));
        out.close();
      } catch (const sink_error& error) {
        errors[at] = error.what();
      }
    });
  }
  EXPECT_TRUE(tests::eventually([this] {
    return rows(
               "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND "
               "database = (SELECT oid FROM pg_database WHERE datname = current_database())") ==
           "4\n";
  }));
  holder.execute("COMMIT");
  for (auto& each : starts) each.join();
  EXPECT_EQ(errors, std::vector<std::string>(count));
  EXPECT_EQ(rows("SELECT count(*) FROM schema_migration"),
            std::to_string(migrations_of("timescale").size()) + "\n");
  EXPECT_EQ(rows("SELECT count(*) FROM trade"), "4\n");
}

TEST(timescale_extension, is_asked_for_where_postgresql_does_not_have_it) {
  FEEDTREE_POSTGRES(server);
  sink_context context;
  context.now_ns = [] { return std::int64_t{1}; };
  try {
    timescale_sink out(server->dsn(), context);
    FAIL() << "nothing was thrown";
  } catch (const sink_error& error) {
    EXPECT_FALSE(error.retryable());
    EXPECT_EQ(std::string(error.what()),
              "postgres at " + server->address() +
                  " is PostgreSQL 15 without TimescaleDB: install the extension timescaledb on the "
                  "server (docs.timescale.com), or use the sink sqlite:PATH");
  }
}

}  // namespace
}  // namespace feedtree::storage
