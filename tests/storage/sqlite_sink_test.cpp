#include "storage/sqlite_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "core/codec.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::storage {
namespace {

using testing::HasSubstr;

class sqlite : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "sqlite_" + std::to_string(::getpid());
    std::filesystem::create_directory(folder_);
    path_ = folder_ + "/events.db";
    context_.now_ns = [this] { return now_ns_; };
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The rows of a query: fields joined by '|', NULL as "-", rows ended by newlines.
  std::string rows(const std::string& query) {
    sqlite_database database(path_, 1'000);
    auto found = database.prepare(query);
    std::string text;
    while (found.step()) {
      const auto columns = sqlite3_column_count(sqlite3_next_stmt(database.handle(), nullptr));
      for (int at = 0; at < columns; ++at) {
        const auto value = found.text(at);
        text.append(at == 0 ? "" : "|").append(value.empty() ? "-" : value);
      }
      text += '\n';
    }
    return text;
  }
  std::string count(const std::string& table) { return rows("SELECT count(*) FROM " + table); }

  batch_ptr trades(int from, int to) {
    auto batch = std::make_shared<event_batch>();
    for (int at = from; at < to; ++at) {
      batch->events.push_back(tests::sample_trade(where_, std::to_string(at)));
    }
    return batch;
  }

  void write_all(const batch_ptr& batch) {
    sqlite_sink out(path_, context_);
    out.write(batch);
    out.close();
  }

  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_);
  std::int64_t now_ns_ = 1'700'000'000'000'000'000;
  sink_context context_;
  std::string folder_;
  std::string path_;
};

TEST_F(sqlite, keeps_every_kind_value_by_value) {
  auto batch = tests::every_kind(where_);
  batch->quarantine.push_back(tests::sample_quarantine());
  write_all(batch);
  const std::string common = "1618678123123456789|1618678123223456790|";
  EXPECT_EQ(rows("SELECT * FROM trade"),
            "kraken|BTC-USD|t\"1\\\n|" + common + "live|61234.10|0.00120|sell\n");
  EXPECT_EQ(rows("SELECT * FROM book ORDER BY key"),
            "kraken|BTC-USD|10|" + common +
                "live|delta|[[\"999999.999\",\"1.50\"]]|[[\"1000000.001\",\"1.50\"]]|10|"
                "18446744073709551615|9|-|4294967295\n"
                "kraken|BTC-USD|s11|" +
                common +
                "live|snapshot|[]|[]|-|-|-|-|-\n"
                "kraken|BTC-USD|s9|" +
                common +
                "live|snapshot|[[\"999999.999\",\"1.50\"],[\"999999.998\",\"1.51\"],"
                "[\"999999.997\",\"1.52\"]]|[[\"1000000.001\",\"1.50\"],[\"1000000.002\",\"1.51\"],"
                "[\"1000000.003\",\"1.52\"]]|-|-|-|10|-\n");
  EXPECT_EQ(rows("SELECT * FROM quote ORDER BY key"),
            "kraken|BTC-USD|q|" + common + "live|1.10|2|1.2|0.0000001\nkraken|BTC-USD|q2|" +
                common + "live|-|-|1.2|3\n");
  EXPECT_EQ(rows("SELECT * FROM ticker ORDER BY key"),
            "kraken|BTC-USD|k1|" + common +
                "live|1.0|1.1|1.2|1.3|1.4|1.5|1.6|1.7|1.8|1.9|2.0|2.1\n"
                "kraken|BTC-USD|k2|" +
                common + "live|-|-|-|-|-|-|-|-|-|-|-|-\n");
  EXPECT_EQ(rows("SELECT * FROM candle ORDER BY key"),
            "kraken|BTC-USD|c1|" + common +
                "live|60000000000|1618678080000000000|10.0|11|9.50|10.5|0|1000|0|1|venue|-|-\n"
                "kraken|BTC-USD|c2|" +
                common +
                "live|60000000000|1618678080000000000|10.0|11|9.50|10.5|0|-|-|0|venue|-|-\n");
  EXPECT_EQ(rows("SELECT * FROM funding ORDER BY key"),
            "kraken|BTC-USD|f1|" + common +
                "live|-0.0001|5|6|0.0002|1618704000000000000\n"
                "kraken|BTC-USD|f2|" +
                common + "live|0|-|-|-|-\n");
  EXPECT_EQ(
      rows("SELECT * FROM open_interest ORDER BY key"),
      "kraken|BTC-USD|o1|" + common + "live|12|3.4\nkraken|BTC-USD|o2|" + common + "live|12|-\n");
  EXPECT_EQ(rows("SELECT * FROM liquidation"), "kraken|BTC-USD|l|" + common + "live|7|8|buy\n");
  EXPECT_EQ(
      rows("SELECT * FROM status"),
      "kraken|BTC-USD|x1|" + common + "live|book|syncing|live|cut \xef\xbf\xbd\xef\xbf\xbd\n");
  EXPECT_EQ(rows("SELECT * FROM gap ORDER BY key"),
            "kraken|BTC-USD|g1|" + common +
                "gap|book|checksum|checksum 1, not 2|1618678123000000000|-|0|none\n"
                "kraken|BTC-USD|g2|" +
                common +
                "live|book|checksum|checksum 1, not 2|1618678123000000000|1618678124000000000|1|"
                "resubscribe\n");
  EXPECT_EQ(rows("SELECT * FROM quarantine"),
            "kraken|BTC-USD|" + std::string(key_of(tests::sample_quarantine())) +
                "|1618678123223456790|decode|price is not a number|{\"price\":\"x\"}\n");
}

TEST_F(sqlite, stores_times_and_prices_in_types_that_lose_nothing) {
  write_all(trades(0, 1));
  EXPECT_EQ(rows("SELECT typeof(exchange_ns), typeof(receive_ns), typeof(price), typeof(key) "
                 "FROM trade"),
            "integer|integer|text|text\n");
}

TEST_F(sqlite, changes_nothing_on_a_second_delivery) {
  const auto batch = tests::every_kind(where_);
  write_all(batch);
  const auto before = rows("SELECT * FROM book") + rows("SELECT * FROM trade");
  sqlite_sink out(path_, context_);
  out.write(batch);
  out.flush();
  EXPECT_EQ(out.counters().duplicates, batch->events.size());
  EXPECT_EQ(out.counters().delivered, batch->events.size());
  out.close();
  EXPECT_EQ(rows("SELECT * FROM book") + rows("SELECT * FROM trade"), before);
}

TEST_F(sqlite, counts_the_rows_that_are_new_by_table) {
  const auto row_count = [](const row_counter& of, const std::string& table) {
    for (const auto& each : of.rows_written()) {
      if (each.table == table) return each.rows;
    }
    return std::uint64_t{999};
  };
  sqlite_sink out(path_, context_);
  auto batch = std::make_shared<event_batch>(*trades(0, 3));
  batch->quarantine.push_back(tests::sample_quarantine());
  out.write(batch);
  EXPECT_EQ(row_count(out, "trade"), 0u) << "nothing is committed yet";
  out.flush();
  out.write(trades(1, 5));
  out.write(batch);
  out.flush();
  EXPECT_EQ(row_count(out, "trade"), 5u);
  EXPECT_EQ(row_count(out, "quarantine"), 1u);
  EXPECT_EQ(row_count(out, "instrument"), 1u);
  EXPECT_EQ(row_count(out, "book"), 0u);
  EXPECT_EQ(out.rows_written().size(), event_kinds + 2);
}

TEST_F(sqlite, notes_each_instrument_once) {
  auto batch = std::make_shared<event_batch>();
  const auto* future = tests::sample_listing(registry_, "BTC-USD-BTC-20261225", "okx");
  const auto* option = tests::sample_listing(registry_, "BTC-USD-20261225-0.5-C", "okx");
  for (const auto* where : {where_, future, option, where_}) {
    batch->events.push_back(tests::sample_trade(where, "1"));
  }
  write_all(batch);
  EXPECT_EQ(rows("SELECT * FROM instrument ORDER BY venue, instrument"),
            "kraken|BTC-USD|BTC-USD|-|spot|BTC|USD|-|-|-|-\n"
            "okx|BTC-USD-20261225-0.5-C|BTC-USD-20261225-0.5-C|-|option|BTC|USD|USD|20261225|0.5|"
            "call\n"
            "okx|BTC-USD-BTC-20261225|BTC-USD-BTC-20261225|-|future|BTC|USD|BTC|20261225|-|-\n");
}

TEST_F(sqlite, commits_by_rows_by_time_and_at_flush) {
  context_.options["rows_max"] = "10";
  sqlite_sink out(path_, context_);
  out.write(trades(0, 4));
  EXPECT_EQ(count("trade"), "0\n");
  out.write(trades(4, 11));
  EXPECT_EQ(count("trade"), "11\n");
  out.write(trades(11, 12));
  EXPECT_EQ(count("trade"), "11\n");
  now_ns_ += 1'000'000'000;
  out.write(trades(12, 13));
  EXPECT_EQ(count("trade"), "13\n");
  out.write(trades(13, 14));
  out.flush();
  EXPECT_EQ(count("trade"), "14\n");
}

TEST_F(sqlite, waits_for_a_lock_says_who_holds_it_and_loses_nothing) {
  context_.options["rows_max"] = "2";
  context_.options["busy_timeout_ms"] = "20";
  sqlite_sink out(path_, context_);
  sqlite_database other(path_, 0);
  other.execute("BEGIN IMMEDIATE");
  out.write(trades(0, 1));
  try {
    out.write(trades(1, 3));
    FAIL() << "nothing was thrown";
  } catch (const sink_error& error) {
    EXPECT_TRUE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr(path_ + ": database is locked; another process holds it"));
  }
  EXPECT_EQ(out.counters().events, 1U);  // the batch that failed was not taken
  other.execute("COMMIT");
  out.write(trades(1, 3));
  out.close();
  EXPECT_EQ(rows("SELECT key FROM trade"), "0\n1\n2\n");
  EXPECT_EQ(rows("SELECT instrument FROM instrument"), "BTC-USD\n");
}

// In a child, because the limit is the process's.
TEST_F(sqlite, says_that_the_disk_takes_no_more_and_goes_on_when_it_does) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    sqlite_sink out(path_, context_);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const auto before = limit.rlim_cur;
    limit.rlim_cur = 200'000;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    out.write(trades(0, 9'000));
    bool failed = false;
    try {
      out.flush();
    } catch (const sink_error& error) {
      failed = error.retryable() && std::string(error.what()).find(path_) != std::string::npos &&
               std::string(error.what()).find("check the disk") != std::string::npos;
    }
    limit.rlim_cur = before;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    out.close();
    ::_exit(failed ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(count("trade"), "9000\n");
}

TEST_F(sqlite, says_that_the_disk_is_full) {
  const auto disk = folder_ + "/disk";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=512k") != 0) {
    GTEST_SKIP() << "skipped: may not mount a small disk";
  }
  std::string message;
  {
    sqlite_sink out(disk + "/events.db", context_);
    out.write(trades(0, 9'000));
    try {
      out.flush();
    } catch (const sink_error& error) {
      message = error.what();
      EXPECT_TRUE(error.retryable());
    }
  }
  ASSERT_EQ(::umount(disk.c_str()), 0);
  EXPECT_THAT(message, HasSubstr(disk + "/events.db: database or disk is full; free space"));
}

TEST_F(sqlite, says_why_a_path_is_no_good) {
  EXPECT_THROW(sqlite_sink(folder_ + "/no/such/db", context_), sink_error);
  EXPECT_THROW(sqlite_sink("", context_), sink_error);
  context_.options["rows_max"] = "many";
  EXPECT_THROW(sqlite_sink(path_, context_), sink_error);
  context_.options = {{"row_max", "1"}};
  EXPECT_THROW(sqlite_sink(path_, context_), sink_error);
}

}  // namespace
}  // namespace feedtree::storage
