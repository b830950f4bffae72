#include "storage/timescale_policies.hpp"

#include <gmock/gmock.h>

#include "storage/timescale_sink.hpp"
#include "tests/storage/timescale_fixture.hpp"

namespace feedtree::storage {
namespace {

using testing::HasSubstr;

constexpr std::int64_t day_ns = 86'400'000'000'000;
constexpr std::int64_t today_ns = 1'700'006'400'000'000'000;  // 2023-11-15 00:00

class timescale_policy : public timescale_test {
 protected:
  // Trades and quotes, one a day, for so many days before today.
  batch_ptr days(int count) const {
    auto batch = std::make_shared<event_batch>();
    for (int day = 1; day <= count; ++day) {
      auto sold = tests::sample_trade(where_, std::to_string(day));
      sold.exchange_ns = today_ns - day * day_ns;
      batch->events.push_back(sold);
      auto quoted = tests::sample_event(
          where_, "q" + std::to_string(day),
          quote{tests::number("1"), tests::number("2"), tests::number("3"), tests::number("4")});
      quoted.exchange_ns = sold.exchange_ns;
      batch->events.push_back(quoted);
    }
    return batch;
  }
};

TEST_F(timescale_policy, drops_chunks_behind_the_retention_of_their_kind_once_an_hour) {
  now_ns_ = today_ns;
  context_.options["retention_trade_ms"] = std::to_string(3 * day_ns / 1'000'000);
  timescale_sink out(dsn_, context_);
  out.write(days(10));
  out.flush();
  EXPECT_EQ(rows("SELECT min(exchange_ts)::date, count(*) FROM trade"), "2023-11-12|3\n");
  EXPECT_EQ(count("quote"), "10\n");
  now_ns_ += 30 * 60 * 1'000'000'000LL;
  out.write(days(10));
  out.flush();
  EXPECT_EQ(count("trade"), "10\n");  // a replay brought them back, until the hour is over
  now_ns_ += 30 * 60 * 1'000'000'000LL;
  out.write(days(1));
  out.flush();
  EXPECT_EQ(count("trade"), "3\n");
}

TEST_F(timescale_policy, removes_old_rows_of_tables_that_have_no_chunks) {
  now_ns_ = today_ns;
  context_.options["retention_quarantine_ms"] = std::to_string(3 * day_ns / 1'000'000);
  timescale_sink out(dsn_, context_);
  auto batch = std::make_shared<event_batch>();
  for (int day = 0; day < 10; ++day) {
    batch->quarantine.push_back(
        {"kraken", "", "decode", "no JSON", std::to_string(day), today_ns - day * day_ns});
  }
  batch->events.push_back(tests::sample_trade(where_, "1"));
  out.write(batch);
  out.flush();
  EXPECT_EQ(count("quarantine"), "4\n");  // the fourth is exactly so old
}

TEST_F(timescale_policy, gives_the_minutes_of_trades) {
  auto batch = std::make_shared<event_batch>();
  const char* const prices[] = {"10.5", "12", "9.75", "11.0", "7"};
  for (int at = 0; at < 5; ++at) {
    auto sold = tests::sample_trade(where_, std::to_string(at), prices[at]);
    sold.exchange_ns = today_ns + at * 15'000'000'000;
    batch->events.push_back(sold);
  }
  timescale_sink out(dsn_, context_);
  out.write(batch);
  out.close();
  EXPECT_EQ(rows("SELECT instrument, extract(epoch FROM minute)::bigint, open, high, low, close, "
                 "volume, trades FROM trade_minute ORDER BY minute"),
            "BTC-USD|1700006400|10.5|12|9.75|11.0|0.00480|4\n"
            "BTC-USD|1700006460|7|7|7|7|0.00120|1\n");
  { timescale_sink again(dsn_, context_); }
}

// This edition refuses them by its licence, and by nothing before it: they are what it understands.
TEST_F(timescale_policy, statements_of_the_full_edition_fail_here_by_the_licence_alone) {
  context_.options["retention_trade_ms"] = std::to_string(3 * day_ns / 1'000'000);
  { timescale_sink out(dsn_, context_); }
  ASSERT_EQ(rows("SHOW timescaledb.license"), "apache\n");
  const auto all = timescale_policies(context_).full_edition_statements();
  EXPECT_EQ(all.size(), 9 * 4 + 2 + 1U);
  for (const auto& sql : all) {
    try {
      execute(sql);
      FAIL() << sql;
    } catch (const pg_error& error) {
      EXPECT_EQ(error.sqlstate(), "0A000") << sql << ": " << error.what();
      EXPECT_THAT(error.what(), HasSubstr("license")) << sql;
    }
  }
}

TEST(timescale_policy_options, are_within_their_bounds) {
  sink_context context;
  context.options["retention_trade_ms"] = "1";
  EXPECT_THROW(timescale_policies{context}, sink_error);
  context.options = {{"compress_after_ms", "0"}};
  EXPECT_THROW(timescale_policies{context}, sink_error);
}

}  // namespace
}  // namespace feedtree::storage
