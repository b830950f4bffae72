#include "storage/sqlite_migration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/sink.hpp"
#include "tests/support/paths.hpp"

namespace feedtree::storage {
namespace {

using testing::HasSubstr;

class sqlite_migrations : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "migrations_" + std::to_string(::getpid()) + ".db";
    TearDown();
  }
  void TearDown() override {
    for (const auto* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  }

  // The message with which these migrations are refused; empty if they are applied.
  std::string refusal(std::span<const migration> migrations) {
    try {
      sqlite_database database(path_, 100);
      migrate(database, migrations, {migration_mode::apply, {}, 5});
      return {};
    } catch (const sink_error& error) {
      EXPECT_FALSE(error.retryable());
      return error.what();
    }
  }

  // The versions that are applied now.
  std::vector<int> applied(migration_mode mode) {
    std::vector<int> versions;
    for (const auto& line : migrate_sqlite(path_, {mode, {}, 5})) {
      if (line.applied_now) versions.push_back(line.version);
    }
    return versions;
  }

  std::string names() {
    sqlite_database database(path_, 100);
    auto rows = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1");
    std::string text;
    while (rows.step()) text += rows.text(0) + " ";
    return text;
  }

  std::string path_;
};

constexpr migration first{1, "first", "CREATE TABLE a (x);"};
constexpr migration second{2, "second", "CREATE TABLE b (x); CREATE TABLE c (x);"};

TEST_F(sqlite_migrations, are_applied_once) {
  EXPECT_EQ(applied(migration_mode::apply),
            (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(applied(migration_mode::apply), std::vector<int>{});
  sqlite_database database(path_, 100);
  auto audit = database.prepare("SELECT operator, action, outcome, detail FROM audit");
  ASSERT_TRUE(audit.step());
  EXPECT_EQ(audit.text(0) + " " + audit.text(1) + " " + audit.text(2), "feedtree migrate done");
  EXPECT_THAT(audit.text(3), HasSubstr("migration 1 (events), migration 2 (ledger)"));
  EXPECT_EQ(
      names(),
      "audit backfill backfill_gap book candle funding gap instrument liquidation "
      "open_interest operator operator_token quarantine quote schema_migration sink_cursor status "
      "superseded ticker trade ");
}

TEST_F(sqlite_migrations, a_dry_run_and_a_status_make_no_file_and_change_none) {
  EXPECT_EQ(applied(migration_mode::dry_run),
            (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(applied(migration_mode::status), std::vector<int>{});
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_EQ(refusal(std::array{first}), "");
  sqlite_database database(path_, 100);
  migrate(database, std::array{first, second}, {migration_mode::dry_run, {}, 5});
  EXPECT_EQ(names(), "a schema_migration ");
}

TEST_F(sqlite_migrations, go_as_far_as_is_asked_and_not_back) {
  migrate_sqlite(path_, {migration_mode::apply, 2, 5});
  const auto lines = migrate_sqlite(path_, {migration_mode::status, {}, 6});
  EXPECT_EQ(lines[1], (migration_line{2, "ledger", 5, false}));
  EXPECT_EQ(lines[2], (migration_line{3, "instruments", 0, false}));
  EXPECT_THROW(migrate_sqlite(path_, {migration_mode::apply, 1, 5}), sink_error);
  EXPECT_THROW(migrate_sqlite(path_, {migration_mode::apply, 99, 5}), sink_error);
}

TEST_F(sqlite_migrations, are_the_files_of_the_folder) {
  const auto all = migrations_of("sqlite");
  ASSERT_FALSE(all.empty());
  const auto folder = std::filesystem::path(paths::source_folder()) / "storage/migrations/sqlite";
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ostringstream text;
    text << std::ifstream(file.path()).rdbuf();
    const auto version = std::stoi(file.path().filename().string());
    ASSERT_LE(static_cast<std::size_t>(version), all.size());
    EXPECT_EQ(all[static_cast<std::size_t>(version - 1)].sql, text.str());
    ++files;
  }
  EXPECT_EQ(files, all.size());
  EXPECT_TRUE(migrations_of("unknown").empty());
}

TEST_F(sqlite_migrations, are_noted_with_name_hash_and_time) {
  EXPECT_EQ(refusal(std::array{first}), "");
  sqlite_database database(path_, 100);
  auto row = database.prepare("SELECT * FROM schema_migration");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.integer(0), 1);
  EXPECT_EQ(row.text(1), "first");
  EXPECT_EQ(row.text(2), sha256(first.sql));
  EXPECT_EQ(row.integer(3), 5);
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(sqlite_migrations, stop_when_one_was_changed_after_it_was_applied) {
  ASSERT_EQ(refusal(std::array{first}), "");
  const migration changed{1, "first", "CREATE TABLE a (x );"};
  EXPECT_THAT(refusal(std::array{changed, second}),
              HasSubstr("migration 1 (first) was applied to " + path_ + " with another text"));
  EXPECT_EQ(names(), "a schema_migration ");
}

TEST_F(sqlite_migrations, stop_at_a_database_of_a_newer_program) {
  ASSERT_EQ(refusal(std::array{first, second}), "");
  EXPECT_THAT(refusal(std::array{first}),
              HasSubstr(path_ + " has migration 2 (second), which this program does not know"));
}

TEST_F(sqlite_migrations, stop_when_an_earlier_one_is_missing) {
  ASSERT_EQ(refusal(std::array{second}), "");
  EXPECT_THAT(refusal(std::array{first, second}),
              HasSubstr(path_ + " lacks migration 1 (first) but has a later one"));
}

TEST_F(sqlite_migrations, leave_nothing_of_one_that_fails) {
  const migration bad{2, "bad", "CREATE TABLE b (x); CREATE TABLE a (x);"};
  EXPECT_THAT(refusal(std::array{first, bad}), HasSubstr("table a already exists"));
  EXPECT_EQ(names(), "");
}

TEST_F(sqlite_migrations, refuse_a_file_that_is_no_database) {
  std::ofstream(path_) << std::string(5'000, 'x');
  EXPECT_THAT(refusal(std::array{first}), HasSubstr(path_ + ": file is not a database; it is not"));
}

TEST_F(sqlite_migrations, keep_quotes_that_were_stored_before_a_side_could_be_absent) {
  migrate_sqlite(path_, {migration_mode::apply, 11, 5});
  {
    sqlite_database database(path_, 100);
    database.execute(
        "INSERT INTO quote VALUES ('v', 'A-B', 'k', 1, 2, 'live', '1.10', '2', '3', '4')");
  }
  migrate_sqlite(path_, {migration_mode::apply, {}, 5});
  sqlite_database database(path_, 100);
  database.execute(
      "INSERT INTO quote VALUES ('v', 'A-B', 'l', 1, 2, 'live', NULL, NULL, '3', '4')");
  auto rows = database.prepare("SELECT key || bid_price FROM quote WHERE bid_price IS NOT NULL");
  ASSERT_TRUE(rows.step());
  EXPECT_EQ(rows.text(0), "k1.10");
  EXPECT_FALSE(rows.step());
}

}  // namespace
}  // namespace feedtree::storage
