// Candles and queries through the program: a capture into a database, and questions to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <sstream>

#include "core/time_text.hpp"
#include "tests/support/captures.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* capture = "bybit/v5_cryptofeed_20260809.jsonl.zst";

run_result feedtree(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), paths::feedtree_program());
  return run_program(arguments);
}

run_result query(const std::string& database, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "query");
  arguments.insert(arguments.end(), {"--database", database});
  return feedtree(std::move(arguments));
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) result.push_back(line);
  return result;
}

// Gives the report of a replay into a database, which has the capture then with
// candles of its minutes.
std::string filled(const std::string& database, const std::string& path) {
  const auto result =
      feedtree({"replay", "--sink", database, "--candles", "1m,5m", "--report", "-", path});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return result.out;
}

// The book's hash of the report is that of the last instant.
void expect_the_last_book(const std::string& database, const std::string& report) {
  rapidjson::Document all;
  ASSERT_FALSE(all.Parse(report.c_str()).HasParseError());
  for (const auto& each : all["instruments"].GetArray()) {
    const std::string instrument = each["instrument"].GetString();
    const auto found = query(
        database, {"book", "--instrument", instrument, "--at", "2026-08-10", "--format", "jsonl"});
    ASSERT_EQ(found.exit_code, 0) << found.err;
    rapidjson::Document book;
    ASSERT_FALSE(book.Parse(found.out.c_str()).HasParseError()) << found.out;
    EXPECT_STREQ(book["book_hash"].GetString(), each["book_hash"].GetString()) << instrument;
    EXPECT_STREQ(book["state"].GetString(), "unknown") << "the capture ends before";
    EXPECT_STREQ(book["reason"].GetString(), "nothing was stored since");
    const std::string last_ns = book["since_ns"].GetString();
    const auto then =
        query(database, {"book", "--instrument", instrument, "--at", last_ns, "--format", "jsonl"});
    EXPECT_THAT(then.out, HasSubstr(R"("state":"live","since_ns":null,"cause":null)")) << last_ns;
  }
}

void expect_answers(const std::string& database, const std::string& report) {
  expect_the_last_book(database, report);
  const auto trades = query(
      database, {"trades", "--instrument", "BTC-USDT-PERP", "--venue", "bybit", "--format", "csv"});
  ASSERT_EQ(trades.exit_code, 0) << trades.err;
  EXPECT_THAT(trades.out, StartsWith("venue,instrument,key,exchange_ns,receive_ns,state,price,"));
  EXPECT_EQ(lines(trades.out).size(), 57) << "56 trades of the capture and the names";
  // What was known in the middle is a part of what was known later.
  const auto middle = query(database, {"trades", "--instrument", "BTC-USDT-PERP", "--format", "csv",
                                       "--as-of", "2026-08-09T21:27:20Z"});
  EXPECT_GT(lines(middle.out).size(), 2);
  EXPECT_LT(lines(middle.out).size(), 57);
  // The candle of a moment, one of each interval and source; behind the end nothing is known.
  const auto of_moment = query(database, {"candles", "--instrument", "BTC-USDT-PERP", "--interval",
                                          "1m", "--at", "2026-08-10", "--format", "jsonl"});
  ASSERT_EQ(lines(of_moment.out).size(), 2) << of_moment.out;
  EXPECT_THAT(lines(of_moment.out)[0], HasSubstr(R"("state":"unknown")"));
  EXPECT_THAT(of_moment.err, HasSubstr("bybit BTC-USDT-PERP at 2026-08-10T00:00:00.000000000Z: "
                                       "unknown since 2026-08-09T21:"));
  const auto none = query(database, {"trades", "--instrument", "BTC-USDT-PERP", "--format", "csv",
                                     "--to", "2026-08-09"});
  EXPECT_EQ(lines(none.out).size(), 1);
  const auto candles = query(database, {"candles", "--instrument", "BTC-USDT-PERP", "--interval",
                                        "1m", "--source", "venue", "--format", "jsonl"});
  ASSERT_EQ(lines(candles.out).size(), 2) << candles.out;
  EXPECT_THAT(lines(candles.out)[0], HasSubstr(R"("closed":true,"source":"venue")"));
}

TEST(query, answers_from_sqlite) {
  FEEDTREE_CAPTURE(path, capture);
  const temporary_folder folder;
  const auto database = "sqlite:" + folder.file("events.db");
  expect_answers(database, filled(database, path));
  // A path alone is SQLite; a table for people.
  const auto table = query(folder.file("events.db"), {"quotes", "--instrument", "BTC-USDT"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
}

TEST(query, answers_the_same_from_timescale) {
  FEEDTREE_CAPTURE(path, capture);
  FEEDTREE_TIMESCALE(server);
  const temporary_folder folder;
  const auto one = "sqlite:" + folder.file("events.db");
  const auto two = "timescale:" + server->make_database("query");
  filled(one, path);
  expect_answers(two, filled(two, path));
  for (const auto* kind : {"trades", "book", "candles", "quotes"}) {
    const std::vector<std::string> arguments{kind, "--instrument", "ETH-USDT", "--format", "jsonl"};
    const auto first = query(one, arguments);
    EXPECT_TRUE(first.out == query(two, arguments).out) << kind;
    EXPECT_EQ(first.exit_code, 0) << first.err;
  }
}

TEST(query, says_what_is_wrong) {
  FEEDTREE_CAPTURE(path, capture);
  const temporary_folder folder;
  const auto database = "sqlite:" + folder.file("events.db");
  filled(database, path);
  const auto unknown = query(database, {"trades", "--instrument", "BTC-USDX"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("has no instrument 'BTC-USDX'; did you mean 'BTC-USDT'?"));
  const auto elsewhere = query(database, {"trades", "--instrument", "BTC-USDT", "--venue", "okx"});
  EXPECT_EQ(elsewhere.exit_code, 1);
  EXPECT_THAT(elsewhere.err, HasSubstr("has nothing of BTC-USDT at 'okx'"));
  const auto early = query(database, {"book", "--instrument", "BTC-USDT", "--at", "2026-08-09"});
  EXPECT_EQ(early.exit_code, 1);
  EXPECT_THAT(early.err, HasSubstr("no snapshot of the book of BTC-USDT at bybit"));
  const auto time = query(database, {"trades", "--instrument", "BTC-USDT", "--as-of", "noon"});
  EXPECT_EQ(time.exit_code, 2);
  EXPECT_THAT(time.err, HasSubstr("'noon' is no time; write 2026-08-09T21:05:00.5Z"));
  EXPECT_EQ(query(database, {"trades"}).exit_code, 2);
  EXPECT_EQ(query(database, {"news", "--instrument", "BTC-USDT"}).exit_code, 2);
  EXPECT_EQ(query(database, {"trades", "--instrument", "BTC-USDT", "--at", "2026-08-09"}).exit_code,
            2);
  const auto nothing = query("sqlite:" + folder.file("none.db"), {"trades", "--instrument", "X-Y"});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("there is no such file"));
}

}  // namespace
}  // namespace feedtree::tests
