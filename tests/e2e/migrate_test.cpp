// `feedtree migrate`, the program as an operator runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "storage/sqlite_database.hpp"
#include "storage/timescale_connection.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

run_result migrate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {paths::feedtree_program(), "migrate"});
  return run_program(arguments);
}

void expect_all_ways(const std::string& sink) {
  const auto status = migrate({"--sink", sink, "--status"});
  EXPECT_EQ(status.exit_code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("  0001 events               pending\n"));
  const auto dry = migrate({"--sink", sink, "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("  0001 events               would be applied\n"));
  const auto one = migrate({"--sink", sink, "--to", "1"});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("  0001 events               applied now\n"));
  EXPECT_THAT(one.out, HasSubstr("  0002 ledger               pending\n"));
  const auto all = migrate({"--sink", sink});
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr("  0001 events               applied 20"));
  EXPECT_THAT(all.out, HasSubstr("  0002 ledger               applied now\n"));
  EXPECT_THAT(all.out, Not(HasSubstr("pending")));
  const auto back = migrate({"--sink", sink, "--to", "1"});
  EXPECT_EQ(back.exit_code, 1);
  EXPECT_THAT(back.err, HasSubstr("there is no way back to 1"));
}

TEST(migrate, looks_tries_and_applies_in_sqlite) {
  const temporary_folder folder;
  const auto path = folder.file("events.db");
  EXPECT_EQ(migrate({"--sink", "sqlite:" + path, "--dry-run"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(path));
  expect_all_ways("sqlite:" + path);
  storage::sqlite_database(path, 1'000).execute("UPDATE schema_migration SET sha256 = 'x'");
  const auto changed = migrate({"--sink", "sqlite:" + path, "--status"});
  EXPECT_EQ(changed.exit_code, 1);
  EXPECT_THAT(changed.err, HasSubstr("another text than this program has"));
}

TEST(migrate, looks_tries_and_applies_in_timescale) {
  FEEDTREE_TIMESCALE(server);
  expect_all_ways("timescale:" + server->dsn());
  storage::pg_connection(storage::timescale_dsn(server->dsn()), {})
      .execute("DELETE FROM schema_migration WHERE version = 1");
  const auto lacking = migrate({"--sink", "timescale:" + server->dsn()});
  EXPECT_EQ(lacking.exit_code, 1);
  EXPECT_THAT(lacking.err, HasSubstr("lacks migration 1 (events) but has a later one"));
}

TEST(migrate, takes_the_databases_of_a_configuration) {
  const temporary_folder folder;
  const std::string venue =
      "venues:\n  - venue: kraken\n    instruments: [BTC-USD]\n"
      "    feeds: [book]\n";
  const auto config = folder.file("config.yaml");
  write_text(config, venue + "sinks:\n  - {kind: sqlite, path: " + folder.file("a.db") +
                         "}\n  - {kind: sqlite, path: " + folder.file("b.db") + "}\n");
  const auto both = migrate({"--config", config});
  EXPECT_EQ(both.exit_code, 0) << both.err;
  EXPECT_THAT(both.out, HasSubstr("sqlite: " + folder.file("a.db") + "\n"));
  EXPECT_TRUE(std::filesystem::exists(folder.file("b.db")));
  write_text(config, venue + "sinks: [{kind: none}]\n");
  EXPECT_EQ(migrate({"--config", config}).exit_code, 78);
  write_text(config, venue + "sink: []\n");
  EXPECT_EQ(migrate({"--config", config}).exit_code, 78);
}

TEST(migrate, has_the_exit_codes_that_are_documented) {
  EXPECT_EQ(migrate({}).exit_code, 2);
  EXPECT_EQ(migrate({"--sink", "sqlite:x", "--config", "y"}).exit_code, 2);
  EXPECT_EQ(migrate({"--sink", "sqlite:x", "--to", "none"}).exit_code, 2);
  EXPECT_EQ(migrate({"--sink", "sqlite:x", "--status", "--dry-run"}).exit_code, 2);
  EXPECT_EQ(migrate({"--help"}).exit_code, 0);
  const auto other = migrate({"--sink", "jsonl:x"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("'jsonl' has no migrations"));
}

}  // namespace
}  // namespace feedtree::tests
