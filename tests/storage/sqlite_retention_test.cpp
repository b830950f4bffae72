#include "storage/sqlite_retention.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/sqlite_sink.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::storage {
namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000;
constexpr std::int64_t day_ns = 24 * hour_ns;
constexpr std::int64_t today_ns = 1'700'006'400'000'000'000;

class sqlite_retentions : public testing::Test {
 protected:
  sqlite_retentions() {
    context_.now_ns = [this] { return now_ns_; };
  }
  void keep(const std::string& table, std::int64_t days) {
    context_.options["retention_" + table + "_ms"] = std::to_string(days * day_ns / 1'000'000);
  }
  // Trades and quotes of two instruments, and what was quarantined: one a day before today.
  batch_ptr days(int count) {
    auto batch = std::make_shared<event_batch>();
    for (int day = 1; day <= count; ++day) {
      for (const auto* where : {first_, second_}) {
        auto sold = tests::sample_trade(where, std::to_string(day));
        sold.exchange_ns = today_ns - day * day_ns;
        batch->events.push_back(sold);
        auto quoted = tests::sample_event(
            where, "q" + std::to_string(day),
            quote{tests::number("1"), tests::number("2"), tests::number("3"), tests::number("4")});
        quoted.exchange_ns = sold.exchange_ns;
        batch->events.push_back(quoted);
      }
      batch->quarantine.push_back(
          {"kraken", "", "decode", "no JSON", std::to_string(day), today_ns - day * day_ns});
    }
    return batch;
  }
  std::int64_t count(const std::string& table) {
    sqlite_database database(path_, 1'000);
    auto found = database.prepare("SELECT count(*) FROM " + table);
    return found.step() ? found.integer(0) : -1;
  }

  const tests::temporary_folder folder_;
  const std::string path_ = folder_.file("events.db");
  std::int64_t now_ns_ = today_ns;
  sink_context context_;
  listing_registry registry_;
  const listing* first_ = registry_.intern("kraken", *parse_instrument("BTC-USD"), "BTC/USD");
  const listing* second_ = registry_.intern("okx", *parse_instrument("ETH-USDT"), "ETH-USDT");
};

TEST_F(sqlite_retentions, remove_what_is_older_than_its_table_keeps) {
  keep("trade", 3);
  keep("quarantine", 5);
  sqlite_sink out(path_, context_);
  // A commit begins the pass and looks at a page of one table; the next one at the other.
  out.write(days(10));
  out.flush();
  out.write(days(1));
  out.flush();
  EXPECT_EQ(count("trade"), 2 * 3);
  EXPECT_EQ(count("quote"), 2 * 10);
  EXPECT_EQ(count("quarantine"), 5);
}

TEST_F(sqlite_retentions, begin_anew_after_an_hour) {
  keep("trade", 3);
  sqlite_sink out(path_, context_);
  out.write(days(10));
  out.flush();
  EXPECT_EQ(count("trade"), 2 * 3);
  now_ns_ += hour_ns - 1;
  out.write(days(10));  // a replay brings them back
  out.flush();
  EXPECT_EQ(count("trade"), 2 * 10);
  now_ns_ += 1;
  out.write(days(1));
  out.flush();
  // Three days, and now it is an hour later.
  EXPECT_EQ(count("trade"), 2 * 2);
}

TEST_F(sqlite_retentions, go_through_a_table_page_by_page) {
  {
    sqlite_sink out(path_, context_);
    out.write(days(10));
    out.close();
  }
  keep("trade", 3);
  keep("quote", 3);
  sqlite_retention retention(context_, 5);
  sqlite_database database(path_, 1'000);
  std::uint64_t removed = 0;
  int steps = 0;
  ASSERT_TRUE(retention.is_due(now_ns_));
  for (; retention.is_due(now_ns_); ++steps) {
    const auto now = retention.step(database, now_ns_);
    EXPECT_LE(now, 5U);
    removed += now;
  }
  EXPECT_EQ(steps, 2 * 5);  // 20 rows a table, and a look at what comes behind them
  EXPECT_EQ(removed, 2U * 2 * 7);
  EXPECT_EQ(count("trade"), 2 * 3);
  EXPECT_EQ(count("quote"), 2 * 3);
  EXPECT_FALSE(retention.is_due(now_ns_ + hour_ns - 1));
  EXPECT_TRUE(retention.is_due(now_ns_ + hour_ns));
}

TEST_F(sqlite_retentions, do_nothing_where_none_is_set) {
  const sqlite_retention none(context_);
  EXPECT_FALSE(none.is_due(now_ns_ + 1'000 * day_ns));
}

TEST_F(sqlite_retentions, are_within_their_bounds) {
  context_.options["retention_gap_ms"] = "1";
  EXPECT_THROW(sqlite_sink(path_, context_), sink_error);
}

}  // namespace
}  // namespace feedtree::storage
