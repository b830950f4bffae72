// A database corrected from what the venue sent: `feedtree replay --diff`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/sqlite_database.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

using storage::sqlite_database;
using testing::HasSubstr;
const std::string binary = paths::feedtree_program();

class replay_diff : public testing::Test {
 protected:
  void SetUp() override {
    const auto made = run_program({binary, "simulate", "--venue", "kraken", "--instruments",
                                   "BTC-USD", "--frames", "2000", "--record", capture_});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    const auto replayed =
        run_program({binary, "replay", "--sink", "sqlite:" + database_, capture_});
    ASSERT_EQ(replayed.exit_code, 0) << replayed.err;
  }
  run_result diff(bool apply = false, bool new_feeds = false) const {
    std::vector<std::string> arguments{binary, "replay", "--sink", "sqlite:" + database_, "--diff"};
    if (apply) arguments.emplace_back("--apply");
    if (new_feeds) arguments.emplace_back("--new-feeds");
    arguments.push_back(capture_);
    return run_program(arguments);
  }
  std::string value(const std::string& sql) const {
    sqlite_database database(database_, 1'000);
    auto query = database.prepare(sql);
    return query.step() ? query.text(0) : "";
  }
  void execute(const std::string& sql) const { sqlite_database(database_, 1'000).execute(sql); }

  temporary_folder folder_;
  std::string capture_ = folder_.file("capture.jsonl");
  std::string database_ = folder_.file("events.db");
};

TEST_F(replay_diff, says_that_the_same_is_the_same) {
  const auto result = diff();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr(": 0 differ, 0 new, 0 missing"));
}

TEST_F(replay_diff, names_each_row_and_corrects_it_so_that_what_was_known_before_stays) {
  const auto key = value("SELECT key FROM trade ORDER BY exchange_ns LIMIT 1 OFFSET 3");
  const auto other = value("SELECT key FROM trade ORDER BY exchange_ns LIMIT 1 OFFSET 5");
  const auto price = value("SELECT price FROM trade WHERE key = '" + key + "'");
  const auto before = value("SELECT receive_ns FROM trade WHERE key = '" + key + "'");
  ASSERT_FALSE(price.empty());
  execute("UPDATE trade SET price = '1' WHERE key = '" + key + "'");
  execute("DELETE FROM trade WHERE key = '" + other + "'");
  execute(
      "INSERT INTO trade SELECT venue, instrument, 'invented', exchange_ns, receive_ns, state, "
      "price, quantity, side FROM trade WHERE key = '" +
      key + "'");

  const auto seen = diff();
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.out, HasSubstr("differs trade kraken BTC-USD " + key + " price: 1 -> " + price));
  EXPECT_THAT(seen.out, HasSubstr("new trade kraken BTC-USD " + other + "\n"));
  EXPECT_THAT(seen.out, HasSubstr("missing trade kraken BTC-USD invented\n"));
  EXPECT_THAT(seen.out, HasSubstr(": 1 differ, 1 new, 1 missing"));
  EXPECT_EQ(value("SELECT price FROM trade WHERE key = '" + key + "'"), "1");  // only looked

  EXPECT_EQ(diff(true).exit_code, 0);
  EXPECT_EQ(value("SELECT price FROM trade WHERE key = '" + key + "'"), price);
  // Who asks for what was known before the correction does not see it, and finds what there was.
  const auto as_of = " WHERE receive_ns <= " + before + " AND key = '" + key + "'";
  EXPECT_EQ(value("SELECT price FROM trade" + as_of), "");
  EXPECT_EQ(value("SELECT json_extract(content, '$.price') FROM superseded" + as_of +
                  " AND until_ns > " + before),
            "1");
  EXPECT_EQ(value("SELECT count(*) FROM trade WHERE key = 'invented'"), "1");
  const auto again = diff();
  EXPECT_THAT(again.out, HasSubstr(": 0 differ, 0 new, 1 missing"));
}

// Rows that a poller or a backfill put there, and one of the same instrument that nobody fetched.
TEST_F(replay_diff, leaves_alone_what_came_from_another_source) {
  const auto middle = value("SELECT exchange_ns FROM trade ORDER BY exchange_ns LIMIT 1 OFFSET 3");
  const auto copy_trade = [&](const std::string& venue, const std::string& key) {
    execute("INSERT INTO trade SELECT '" + venue + "', instrument, '" + key +
            "', exchange_ns, receive_ns, state, price, quantity, side FROM trade WHERE "
            "exchange_ns = " +
            middle + " LIMIT 1");
  };
  const auto note = [&](const std::string& kind, const std::string& from, const std::string& to) {
    execute("INSERT INTO backfill VALUES ('kraken', 'BTC-USD', '" + kind + "', 0, " + from + ", " +
            to + ", " + middle + ", '0', '0', 0, 1, 1)");
  };
  copy_trade("coingecko", "of-a-source");
  EXPECT_THAT(diff().out, HasSubstr(": 0 differ, 0 new, 0 missing"));
  copy_trade("kraken", "of-a-backfill");
  note("quote", middle, middle);  // another kind
  EXPECT_THAT(diff().out, HasSubstr("missing trade kraken BTC-USD of-a-backfill\n"));
  note("trade", middle + " - 1", middle + " + 1");
  const auto seen = diff();
  EXPECT_EQ(seen.exit_code, 0) << seen.out;
  EXPECT_THAT(seen.out, HasSubstr("1 rows of backfills and pollers are in the database only\n"));
  EXPECT_THAT(seen.out, HasSubstr(": 0 differ, 0 new, 0 missing"));
  execute(
      "INSERT INTO trade SELECT venue, instrument, 'invented', exchange_ns + 1, receive_ns, state, "
      "price, quantity, side FROM trade WHERE key = 'of-a-backfill'");
  EXPECT_THAT(diff(true).out, HasSubstr("missing trade kraken BTC-USD invented\n"));
  EXPECT_EQ(value("SELECT count(*) FROM trade WHERE key LIKE 'of-a-%'"), "2");
  EXPECT_EQ(value("SELECT count(*) FROM superseded"), "0");
}

TEST_F(replay_diff, adds_feeds_that_were_not_stored_only_where_that_is_wanted) {
  const auto quotes = value("SELECT count(*) FROM quote");
  ASSERT_GT(std::stoi(quotes), 1);
  execute("DELETE FROM quote");
  const auto seen = diff();
  EXPECT_EQ(seen.exit_code, 0) << seen.out;
  EXPECT_THAT(seen.out, HasSubstr(quotes + " rows are of feeds of which the database has none"));
  EXPECT_THAT(seen.out, HasSubstr(": 0 differ, 0 new, 0 missing"));
  EXPECT_EQ(diff(true).exit_code, 0);
  EXPECT_EQ(value("SELECT count(*) FROM quote"), "0");
  EXPECT_THAT(diff(false, true).out, HasSubstr(": 0 differ, " + quotes + " new, 0 missing"));
  EXPECT_EQ(diff(true, true).exit_code, 0);
  EXPECT_EQ(value("SELECT count(*) FROM quote"), quotes);
}

TEST_F(replay_diff, needs_a_database_that_is_there) {
  const auto result = run_program({binary, "replay", "--diff", "--sink", "none", capture_});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("--diff compares with one database: --sink sqlite:PATH"));
}

}  // namespace
}  // namespace feedtree::tests
