#include "storage/timescale_sink.hpp"

#include <gmock/gmock.h>

#include "core/codec.hpp"
#include "tests/storage/timescale_fixture.hpp"

namespace feedtree::storage {
namespace {

using testing::HasSubstr;
using testing::Not;

class timescale : public timescale_test {
 protected:
  void write_all(const batch_ptr& batch) {
    timescale_sink out(dsn_, context_);
    out.write(batch);
    out.close();
  }
};

TEST_F(timescale, keeps_every_kind_value_by_value) {
  auto batch = tests::every_kind(where_);
  batch->quarantine.push_back(tests::sample_quarantine());
  write_all(batch);
  const std::string common =
      "1618678123123456789|2021-04-17 16:48:43.123456+00|1618678123223456790|";
  execute("SET TIME ZONE 'UTC'");
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
                "live|60000000000|1618678080000000000|10.0|11|9.50|10.5|0|1000|0|t|venue|-|-\n"
                "kraken|BTC-USD|c2|" +
                common +
                "live|60000000000|1618678080000000000|10.0|11|9.50|10.5|0|-|-|f|venue|-|-\n");
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
                "gap|book|checksum|checksum 1, not 2|1618678123000000000|-|f|none\n"
                "kraken|BTC-USD|g2|" +
                common +
                "live|book|checksum|checksum 1, not 2|1618678123000000000|1618678124000000000|t|"
                "resubscribe\n");
  EXPECT_EQ(rows("SELECT * FROM quarantine"),
            "kraken|BTC-USD|" + std::string(key_of(tests::sample_quarantine())) +
                "|1618678123223456790|decode|price is not a number|{\"price\":\"x\"}\n");
  EXPECT_EQ(rows("SELECT * FROM instrument"), "kraken|BTC-USD|BTC-USD|-|spot|BTC|USD|-|-|-|-\n");
}

TEST_F(timescale, has_hypertables_for_market_data_and_plain_tables_for_the_ledger) {
  write_all(trades(0, 1));
  EXPECT_EQ(rows("SELECT hypertable_name FROM timescaledb_information.hypertables ORDER BY 1"),
            "book\ncandle\nfunding\nliquidation\nopen_interest\nquote\nstatus\nticker\ntrade\n");
  EXPECT_EQ(rows("SELECT count(*) FROM information_schema.columns WHERE table_name = 'trade' AND "
                 "is_nullable = 'YES'"),
            "0\n");
}

TEST_F(timescale, changes_nothing_on_a_second_delivery) {
  const auto batch = tests::every_kind(where_);
  write_all(batch);
  const auto before = rows("SELECT * FROM book") + rows("SELECT * FROM trade");
  timescale_sink out(dsn_, context_);
  out.write(batch);
  out.flush();
  EXPECT_EQ(out.counters().duplicates, batch->events.size());
  EXPECT_EQ(out.counters().delivered, batch->events.size());
  out.write(trades(0, 3'000));
  out.write(trades(1'000, 4'000));
  out.close();
  EXPECT_EQ(out.counters().duplicates, batch->events.size() + 2'000);
  for (const auto& each : out.rows_written()) {
    EXPECT_EQ(each.rows, each.table == "trade" ? 4'000u : 0u) << each.table;
  }
  EXPECT_EQ(rows("SELECT * FROM book") + rows("SELECT * FROM trade WHERE key LIKE 't%'"), before);
  EXPECT_EQ(count("trade"), "4001\n");
}

TEST_F(timescale, commits_by_rows_by_time_and_at_flush) {
  context_.options["rows_max"] = "10";
  timescale_sink out(dsn_, context_);
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

TEST_F(timescale, keeps_the_cursor_in_one_transaction_with_the_rows) {
  timescale_sink out(dsn_, context_);
  EXPECT_EQ(out.marked("journal'1"), 0U);
  out.write(trades(0, 2));
  out.mark("journal'1", 7);
  EXPECT_EQ(out.marked("journal'1"), 0U);
  out.flush();
  EXPECT_EQ(out.marked("journal'1"), 7U);
  execute("ALTER TABLE trade ADD CONSTRAINT none CHECK (false) NOT VALID");
  execute("ALTER TABLE quarantine RENAME TO away");
  out.write(trades(2, 3));
  out.mark("journal'1", 8);
  EXPECT_THROW(out.flush(), sink_error);
  EXPECT_EQ(rows("SELECT * FROM sink_cursor"), "journal'1|7\n");
  execute("ALTER TABLE away RENAME TO quarantine");
  execute("ALTER TABLE trade DROP CONSTRAINT none");
  out.close();
  EXPECT_EQ(rows("SELECT * FROM sink_cursor"), "journal'1|8\n");
  EXPECT_EQ(count("trade"), "3\n");
}

TEST_F(timescale, puts_rows_that_the_database_refuses_into_quarantine_and_stores_the_others) {
  timescale_sink out(dsn_, context_);
  execute("ALTER TABLE trade ADD CONSTRAINT sane CHECK (price < 100000)");
  auto batch = std::make_shared<event_batch>(*trades(0, 5'000));
  batch->events[17] = tests::sample_trade(where_, "17", "100000.5");
  batch->events[4'321] = tests::sample_trade(where_, std::string_view("4\xff", 2));
  out.write(batch);
  out.mark("journal", 3);
  out.flush();
  EXPECT_EQ(count("trade"), "4998\n");
  EXPECT_EQ(
      rows("SELECT venue, instrument, rule, regexp_replace(reason, '_hyper[0-9_]*', ''), excerpt, "
           "receive_ns FROM quarantine ORDER BY excerpt"),
      "kraken|BTC-USD|database|new row for relation \"chunk\" violates check "
      "constraint \"sane\" (23514)|kraken:BTC-USD:trade:17|1618678123223456790\n"
      "kraken|BTC-USD|database|invalid byte sequence for encoding \"UTF8\": 0xff (22021)|"
      "kraken:BTC-USD:trade:4\xef\xbf\xbd|1618678123223456790\n");
  EXPECT_EQ(out.counters().refused, 2U);
  for (const auto& each : out.rows_written()) {
    if (each.table == "trade") {
      EXPECT_EQ(each.rows, 4'998U);
    }
    if (each.table == "quarantine") {
      EXPECT_EQ(each.rows, 2U);
    }
    if (each.table == "instrument") {
      EXPECT_EQ(each.rows, 1U);
    }
  }
  EXPECT_EQ(out.counters().duplicates, 0U);
  EXPECT_EQ(out.counters().delivered, 5'000U);
  EXPECT_EQ(out.marked("journal"), 3U);
  out.write(batch);
  out.flush();
  EXPECT_EQ(count("quarantine"), "2\n");
  EXPECT_EQ(out.counters().duplicates, 4'998U);
}

TEST_F(timescale, notes_each_instrument_once) {
  auto batch = std::make_shared<event_batch>();
  const auto* future = tests::sample_listing(registry_, "BTC-USD-BTC-20261225", "okx");
  const auto* option = tests::sample_listing(registry_, "BTC-USD-20261225-0.5-C", "okx");
  for (const auto* where : {where_, future, option, where_}) {
    batch->events.push_back(tests::sample_trade(where, "1"));
  }
  write_all(batch);
  write_all(batch);
  EXPECT_EQ(rows("SELECT * FROM instrument ORDER BY venue, instrument"),
            "kraken|BTC-USD|BTC-USD|-|spot|BTC|USD|-|-|-|-\n"
            "okx|BTC-USD-20261225-0.5-C|BTC-USD-20261225-0.5-C|-|option|BTC|USD|USD|20261225|0.5|"
            "call\n"
            "okx|BTC-USD-BTC-20261225|BTC-USD-BTC-20261225|-|future|BTC|USD|BTC|20261225|-|-\n");
}

TEST_F(timescale, refuses_options_that_are_no_good) {
  context_.options["rows_max"] = "many";
  EXPECT_THROW(timescale_sink(dsn_, context_), sink_error);
  context_.options = {{"row_max", "1"}};
  EXPECT_THROW(timescale_sink(dsn_, context_), sink_error);
}

}  // namespace
}  // namespace feedtree::storage
