// How far backfills and pollers are, in both databases.
#include "storage/backfill_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/sink.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/timescale_sink.hpp"
#include "tests/storage/timescale_fixture.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::storage {
namespace {

backfill_row part(std::int64_t from_ns, std::int64_t to_ns) {
  backfill_row row;
  row.venue = "kraken";
  row.instrument = "BTC-USD";
  row.kind = "trade";
  row.from_ns = from_ns;
  row.to_ns = to_ns;
  return row;
}

std::vector<std::string> reasons(const std::vector<backfill_gap_row>& gaps) {
  std::vector<std::string> result;
  for (const auto& gap : gaps) {
    result.push_back(std::to_string(gap.from_ns) + "-" + std::to_string(gap.to_ns) + " " +
                     gap.reason);
  }
  return result;
}

// What both must do.
void keeps_what_it_is_told(backfill_state& state, backfill_state& another) {
  auto row = part(100, 200);
  EXPECT_FALSE(state.load(row));
  row.next_ns = 150;
  row.first_id = 7;
  row.last_id = ~std::uint64_t{0};  // more than a database's integer holds
  row.step_ns = 3;
  row.rows = 12;
  state.save(row, {{110, 120, "a"}, {120, 130, "b"}});
  row.done = true;
  row.next_ns = 200;
  state.save(row, {{110, 120, "a"}});  // again: there already

  auto found = part(100, 200);
  ASSERT_TRUE(another.load(found));
  EXPECT_EQ(found.next_ns, 200);
  EXPECT_EQ(found.first_id, std::uint64_t{7});
  EXPECT_EQ(found.last_id, ~std::uint64_t{0});
  EXPECT_EQ(found.step_ns, 3);
  EXPECT_EQ(found.rows, 12U);
  EXPECT_TRUE(found.done);
  EXPECT_EQ(reasons(another.gaps(found)), (std::vector<std::string>{"110-120 a", "120-130 b"}));
  auto other = part(200, 300);
  EXPECT_FALSE(another.load(other));
  EXPECT_TRUE(another.gaps(other).empty());
  other.kind = "candle";
  other.from_ns = 100;
  EXPECT_TRUE(another.gaps(other).empty());
}

void tells_number_zero_from_none(backfill_state& state) {
  auto row = part(0, 100);
  state.save(row, {});
  ASSERT_TRUE(state.load(row));
  EXPECT_FALSE(row.first_id.has_value());
  EXPECT_FALSE(row.last_id.has_value());
  row.first_id = row.last_id = 0;
  row.rows = 1;
  state.save(row, {});
  row.first_id.reset();
  row.last_id.reset();
  ASSERT_TRUE(state.load(row));
  EXPECT_EQ(row.first_id, std::uint64_t{0});
  EXPECT_EQ(row.last_id, std::uint64_t{0});
}

// What is polled has no end, and is read again.
void forgets_gaps_that_were_read_again(backfill_state& state) {
  auto row = part(0, 0);
  state.save(row, {{110, 120, "a"}, {150, 160, "b"}, {190, 210, "c"}});
  state.save(row, {{155, 160, "d"}}, {150, 200});
  row.to_ns = 1000;
  EXPECT_EQ(reasons(state.gaps(row)),
            (std::vector<std::string>{"110-120 a", "155-160 d", "190-210 c"}));
}

// A database with some rows that came through its sink, of which the journal's position is 7.
void knows_what_is_stored(sink& into, backfill_state& state) {
  listing_registry registry;
  const auto* const where = tests::sample_listing(registry);
  auto batch = std::make_shared<event_batch>();
  for (const auto* const key : {"1", "2", "a \"quoted\\ key"}) {
    batch->events.push_back(tests::sample_trade(where, key));
  }
  auto body = tests::sample_candle();
  body.closed = true;
  batch->events.push_back(tests::sample_event(where, "1m-5", body));
  EXPECT_EQ(state.position("j"), 0U);
  into.write(batch);
  into.mark("j", 7);
  into.flush();
  EXPECT_EQ(state.position("j"), 7U);
  EXPECT_EQ(state.position("another"), 0U);

  const auto at_ns = batch->events[0].exchange_ns;
  event_keys keys{"trade", "kraken", "BTC-USD", {"2", "3", "a \"quoted\\ key"}, at_ns, at_ns};
  EXPECT_THAT(state.stored(keys), testing::UnorderedElementsAre("2", "a \"quoted\\ key"));
  keys.from_ns = keys.to_ns = at_ns + 3'600'000'000'000;  // told with another time
  EXPECT_THAT(state.stored(keys), testing::UnorderedElementsAre("2", "a \"quoted\\ key"));
  keys.from_ns = keys.to_ns = at_ns + 30 * 86'400'000'000'000;
  EXPECT_THAT(state.stored(keys), testing::IsEmpty());
  keys.from_ns = keys.to_ns = at_ns;
  keys.venue = "okx";
  EXPECT_THAT(state.stored(keys), testing::IsEmpty());
  EXPECT_THAT(state.stored({"candle", "kraken", "BTC-USD", {"1m-5", "1m-6"}, at_ns, at_ns}),
              testing::ElementsAre("1m-5"));
  EXPECT_THROW(state.stored({"trade; DROP TABLE trade", "kraken", "BTC-USD", {"1"}, 1, 1}),
               sink_error);
}

class sqlite_backfill : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/feedtree-backfill-XXXXXX";
    folder_ = mkdtemp(name);
    path_ = folder_ + "/a.db";
    sink_context context;
    context.now_ns = [] { return std::int64_t{1}; };
    make_sink("sqlite:" + path_, context)->close();  // makes the tables
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
};

TEST_F(sqlite_backfill, keeps_what_it_is_told) {
  keeps_what_it_is_told(*make_backfill_state("sqlite", path_),
                        *make_backfill_state("sqlite", path_));
}

TEST_F(sqlite_backfill, forgets_gaps_that_were_read_again) {
  forgets_gaps_that_were_read_again(*make_backfill_state("sqlite", path_));
}

TEST_F(sqlite_backfill, knows_what_is_stored) {
  sink_context context;
  context.now_ns = [] { return std::int64_t{1}; };
  const auto into = make_sink("sqlite:" + path_, context);
  knows_what_is_stored(*into, *make_backfill_state("sqlite", path_));
  into->close();
}

TEST_F(sqlite_backfill, tells_number_zero_from_none) {
  tells_number_zero_from_none(*make_backfill_state("sqlite", path_));
}

// A row of a version that wrote 0 where there was no number yet.
TEST_F(sqlite_backfill, reads_zero_without_rows_as_none) {
  sqlite_database(path_, 1'000)
      .execute(
          "INSERT INTO backfill VALUES ('kraken', 'BTC-USD', 'trade', 0, 100, 200, 150, "
          "'0', '0', 0, 0, 0)");
  auto row = part(100, 200);
  ASSERT_TRUE(make_backfill_state("sqlite", path_)->load(row));
  EXPECT_EQ(row.next_ns, 150);
  EXPECT_FALSE(row.last_id.has_value());
}

TEST_F(sqlite_backfill, is_refused_for_sinks_that_are_no_database) {
  EXPECT_THROW(make_backfill_state("jsonl", path_), sink_error);
}

class timescale_backfill : public timescale_test {};

TEST_F(timescale_backfill, knows_what_is_stored) {
  timescale_sink into(dsn_, context_);
  knows_what_is_stored(into, *make_backfill_state("timescale", dsn_));
  into.close();
}

TEST_F(timescale_backfill, keeps_what_it_is_told_and_forgets_gaps_that_were_read_again) {
  timescale_sink(dsn_, context_).close();  // makes the tables
  keeps_what_it_is_told(*make_backfill_state("timescale", dsn_),
                        *make_backfill_state("timescale", dsn_));
  auto row = part(100, 200);
  const auto state = make_backfill_state("timescale", dsn_);
  tells_number_zero_from_none(*state);
  execute("DELETE FROM backfill_gap");
  forgets_gaps_that_were_read_again(*state);
}

}  // namespace
}  // namespace feedtree::storage
