// What databases had at a time: the same questions to both.
#include "storage/query.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/sink.hpp"
#include "storage/database_reader.hpp"
#include "storage/row_writer.hpp"
#include "storage/sqlite_sink.hpp"
#include "storage/timescale_sink.hpp"
#include "tests/storage/timescale_fixture.hpp"
#include "tests/support/process.hpp"

namespace feedtree::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t day = 86'400 * second;
constexpr std::int64_t start = 1'700'006'400 * second;  // 2023-11-15 00:00

// Trades at 0, 1 and 2 s, the second received late; a candle with a correction.
std::shared_ptr<event_batch> history(const listing* where, const listing* other) {
  auto batch = std::make_shared<event_batch>();
  const auto sold = [&](const listing* at, int number, std::int64_t received_ns) {
    auto what = tests::sample_trade(at, std::to_string(number));
    what.exchange_ns = start + number * second;
    what.receive_ns = start + received_ns;
    batch->events.push_back(what);
  };
  sold(where, 0, 10);
  sold(where, 2, 2 * second + 10);
  sold(where, 1, 60 * second);
  sold(other, 5, 5 * second);
  for (std::uint32_t revision = 0; revision < 2; ++revision) {
    auto body = tests::sample_candle();
    body.open_ns = start;
    body.source = candle_source::trades;
    body.closed = body.complete = true;
    body.revision = revision;
    body.trades = 2 + revision;
    auto what = tests::sample_event(where, "c" + std::to_string(revision), body);
    what.exchange_ns = start + 60 * second;
    what.receive_ns = start + (revision == 0 ? 62 : 90) * second;
    batch->events.push_back(what);
  }
  return batch;
}

// Daily candles for 40 days; that of day 20 is corrected behind day 36.
std::shared_ptr<event_batch> forty_days(const listing* where) {
  auto batch = std::make_shared<event_batch>();
  const auto add = [&](int number, std::uint32_t revision, std::int64_t known_ns,
                       std::int64_t price) {
    candle body;
    body.interval_ns = day;
    body.open_ns = start + number * day;
    body.open = body.high = body.low = body.close = decimal{price, -1};
    body.volume = tests::number("1");
    body.source = candle_source::trades;
    body.closed = body.complete = true;
    body.revision = revision;
    auto what =
        tests::sample_event(where, std::to_string(number) + "-" + std::to_string(revision), body);
    what.exchange_ns = body.open_ns + day;
    what.receive_ns = known_ns;
    batch->events.push_back(what);
  };
  for (int number = 0; number < 40; ++number) {
    add(number, 0, start + (number + 1) * day + 2 * second, 1'000 + number * 7 % 50);
  }
  add(20, 1, start + 37 * day, 900);
  return batch;
}

std::string text_of(const stored_row& row, std::size_t first = 0) {
  std::string text;
  for (std::size_t at = first; at < row.size(); ++at) {
    text += (text.empty() ? "" : "|") + row[at].value_or("-");
  }
  return text;
}

// Both databases with the same rows; the tests ask both and compare.
class queries : public timescale_test {
 protected:
  void SetUp() override {
    timescale_test::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    other_ = registry_.intern(where_->venue, instrument::spot("ETH", "USD"), "ETH/USD");
    write(history(where_, other_));
  }
  void write(const batch_ptr& batch) {
    sqlite_sink one(path(), context_);
    timescale_sink two(dsn_, context_);
    for (sink* each : std::initializer_list<sink*>{&one, &two}) {
      each->write(batch);
      each->close();
    }
    sqlite_ = open_reader({"sqlite", path()});
    timescale_ = open_reader({"timescale", dsn_});
  }
  std::string path() const { return folder_.file("events.db"); }

  static std::vector<std::string> rows(database_reader& from, const query_text& what) {
    std::vector<std::string> result;
    from.read(what.sql, what.parameters, [&](const stored_row& row) {
      result.push_back(text_of(row));
      return true;
    });
    return result;
  }
  // Of both, which must be the same.
  std::vector<std::string> ask(const event_query& what) {
    const auto one = rows(*sqlite_, sql_of(what, false));
    EXPECT_EQ(rows(*timescale_, sql_of(what, true)), one);
    return one;
  }
  std::vector<std::string> ask(const std::string& sql) {
    const auto one = rows(*sqlite_, {sql, {}, {}});
    EXPECT_EQ(rows(*timescale_, {sql, {}, {}}), one);
    return one;
  }
  event_query of(event_kind kind) const {
    event_query what;
    what.kind = kind;
    what.instrument = where_->symbol;
    return what;
  }

  tests::temporary_folder folder_;
  const listing* other_ = nullptr;
  std::unique_ptr<database_reader> sqlite_;
  std::unique_ptr<database_reader> timescale_;
};

TEST_F(queries, give_the_rows_of_an_instrument_in_their_order) {
  const auto all = ask(of(event_kind::trade));
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_THAT(all[1], HasSubstr("|1|1700006401000000000|1700006460000000000|live|61234.10|"));
}

TEST_F(queries, take_a_span_whose_end_is_not_in_it) {
  auto what = of(event_kind::trade);
  what.from_ns = start + second;
  what.to_ns = start + 2 * second;
  EXPECT_THAT(ask(what), SizeIs(1));
  what.venue = "elsewhere";
  EXPECT_THAT(ask(what), IsEmpty());
}

TEST_F(queries, do_not_see_a_late_trade_before_it_came) {
  auto what = of(event_kind::trade);
  what.as_of_ns = start + 60 * second - 1;
  EXPECT_THAT(ask(what), SizeIs(2));
  what.as_of_ns = start + 60 * second;
  EXPECT_THAT(ask(what), SizeIs(3));
}

TEST_F(queries, do_not_see_a_correction_before_it_came) {
  auto what = of(event_kind::candle);
  what.as_of_ns = start + 61 * second;
  EXPECT_THAT(ask(what), IsEmpty());
  what.as_of_ns = start + 90 * second - 1;
  EXPECT_THAT(ask(what), ElementsAre(HasSubstr("|2|1|trades|0|1")));
  what.as_of_ns = start + 90 * second;
  EXPECT_THAT(ask(what), ElementsAre(HasSubstr("|3|1|trades|1|1")));
  what.every_revision = true;
  EXPECT_THAT(ask(what), SizeIs(2));
  what.source = "venue";
  EXPECT_THAT(ask(what), IsEmpty());
}

TEST_F(queries, know_the_instruments) {
  EXPECT_THAT(stored_instruments(*sqlite_), SizeIs(2));
  EXPECT_EQ(stored_instruments(*sqlite_), stored_instruments(*timescale_));
}

TEST_F(queries, stop_when_enough_was_read) {
  const auto text = sql_of(of(event_kind::trade), true);
  int count = 0;
  for (int again = 0; again < 2; ++again) {
    timescale_->read(text.sql, text.parameters, [&](const stored_row&) { return ++count < 2; });
  }
  EXPECT_EQ(count, 3);
}

// In either database; what is computed in floating point is rounded for the comparison.
TEST_F(queries, of_research_see_only_what_was_known) {
  write(forty_days(where_));
  const auto at = [](std::int64_t as_of_ns, const std::string& rest) {
    const auto time = std::to_string(as_of_ns);
    return " WHERE known_from_ns <= " + time + " AND (known_until_ns IS NULL OR known_until_ns > " +
           time + ")" + rest;
  };
  const auto closes = "SELECT close FROM research_daily_v1";
  const auto of_day_20 = " AND open_ns = " + std::to_string(start + 20 * day);
  EXPECT_THAT(ask(closes + at(start + 37 * day - 1, of_day_20)), ElementsAre("104.0"));
  EXPECT_THAT(ask(closes + at(start + 37 * day, of_day_20)), ElementsAre("90.0"));
  EXPECT_THAT(ask(closes + at(start + 10 * day, " ORDER BY open_ns")), SizeIs(9));

  const std::string factors =
      "SELECT CAST(ROUND(momentum_7d * 1000000) AS BIGINT),"
      " CAST(ROUND(volatility_7d * 1000000) AS BIGINT),"
      " CAST(ROUND(momentum_30d * 1000000) AS BIGINT) FROM research_factor_v1";
  const auto of_day_26 = " AND open_ns = " + std::to_string(start + 26 * day);
  const auto before = ask(factors + at(start + 37 * day - 1, of_day_26));
  const auto after = ask(factors + at(start + 37 * day, of_day_26));
  ASSERT_THAT(before, SizeIs(1));
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_NE(before, after) << "day 20 is in the returns of day 26";
  // What was known when the day closed does not change by what came later.
  EXPECT_EQ(ask(factors + at(start + 27 * day + 2 * second, of_day_26)), before);
  EXPECT_THAT(
      ask(factors + at(start + 60 * day, " AND open_ns = " + std::to_string(start + 3 * day))),
      ElementsAre("-|-|-"));
}

TEST(database_target, is_what_a_person_writes) {
  EXPECT_EQ(parse_database("sqlite:a.db").kind, "sqlite");
  EXPECT_EQ(parse_database("sqlite:a.db").target, "a.db");
  EXPECT_EQ(parse_database("timescale:host=x").target, "host=x");
  EXPECT_EQ(parse_database("postgresql://me@db/md").kind, "timescale");
  EXPECT_EQ(parse_database("data/a.db").kind, "sqlite");
}

std::string error_of(const database_target& what) {
  try {
    open_reader(what);
  } catch (const sink_error& error) {
    return error.what();
  }
  return "none";
}

TEST(database_reader, says_what_is_wrong_with_a_file) {
  const tests::temporary_folder folder;
  EXPECT_THAT(error_of({"sqlite", folder.file("none.db")}), HasSubstr("there is no such file"));
  tests::write_text(folder.file("text.db"), "this is a text and no database, as one can see");
  EXPECT_THAT(error_of({"sqlite", folder.file("text.db")}), HasSubstr("not a SQLite database"));
  { const sqlite_database made(folder.file("empty.db"), 100); }
  EXPECT_THAT(error_of({"sqlite", folder.file("empty.db")}),
              HasSubstr("has no tables of feedtree"));
}

std::string written(row_format format, const std::vector<column>& columns,
                    const std::vector<stored_row>& rows) {
  std::string text;
  row_writer out(format, columns, [&](std::string_view piece) { text += piece; });
  for (const auto& row : rows) out.write(row);
  out.finish();
  return text;
}

TEST(row_writer, writes_each_format) {
  const std::vector<column> columns{
      {"name", column_type::text},    {"open_ns", column_type::integer},
      {"price", column_type::number}, {"trades", column_type::integer},
      {"closed", column_type::flag},  {"bids", column_type::levels}};
  const std::vector<stored_row> rows{
      {"a\"b,c", "1700006400000000000", "1.50", "3", "1", R"([["1","2"]])"},
      {"d", "1700006400000000001", "10", {}, "0", "[]"}};
  EXPECT_EQ(written(row_format::csv, columns, rows),
            "name,open_ns,price,trades,closed,bids\n"
            "\"a\"\"b,c\",1700006400000000000,1.50,3,1,\"[[\"\"1\"\",\"\"2\"\"]]\"\n"
            "d,1700006400000000001,10,,0,[]\n");
  EXPECT_EQ(written(row_format::jsonl, columns, rows),
            R"({"name":"a\"b,c","open_ns":"1700006400000000000","price":"1.50","trades":3,)"
            R"("closed":true,"bids":[["1","2"]]})"
            "\n"
            R"({"name":"d","open_ns":"1700006400000000001","price":"10","closed":false,"bids":[]})"
            "\n");
  EXPECT_EQ(written(row_format::table, columns, rows),
            "name   open                            price  trades  closed  bids\n"
            "a\"b,c  2023-11-15T00:00:00.000000000Z   1.50       3  yes     [[\"1\",\"2\"]]\n"
            "d      2023-11-15T00:00:00.000000001Z     10       -  no      []\n");
  EXPECT_THAT(
      written(row_format::table, {{"open_ns", column_type::integer}, {"open", column_type::number}},
              {{"1700006400000000000", "1.50"}}),
      testing::StartsWith("open_time"));
  EXPECT_EQ(written(row_format::csv, columns, {}), "name,open_ns,price,trades,closed,bids\n");
  EXPECT_EQ(written(row_format::table, columns, {}), "");
}

}  // namespace
}  // namespace feedtree::storage
