// The book of an instant from the database, against the book of a replay at that instant.
#include "storage/stored_book.hpp"

#include <gtest/gtest.h>

#include <map>

#include "adapters/venues/venue_pipeline.hpp"
#include "core/sink.hpp"
#include "storage/capture_reader.hpp"
#include "storage/sqlite_sink.hpp"
#include "storage/timescale_sink.hpp"
#include "tests/storage/timescale_fixture.hpp"
#include "tests/support/captures.hpp"
#include "tests/support/process.hpp"

namespace feedtree::storage {
namespace {

struct instant {
  std::string instrument;
  std::int64_t at_ns = 0;
  std::uint64_t hash = 0;
  bool is_last = false;  // nothing of the instrument was stored from then on
};

struct replayed {
  std::string venue;
  std::shared_ptr<event_batch> events = std::make_shared<event_batch>();
  std::vector<instant> instants;  // of live books
};

// Notes the live books behind each record that is the last one of its time, every so many.
replayed replay(const std::string& path, const std::string& venue, listing_registry& registry,
                std::size_t every) {
  auto content = read_capture(path);
  replayed result;
  result.venue = venue;
  venues::venue_pipeline pipeline(*venues::find_venue(venue), registry);
  for (std::size_t at = 0; at < content.records.size(); ++at) {
    auto& record = content.records[at];
    const venues::raw_frame frame{std::move(record.text), record.receive_ns};
    if (record.type == record_type::frame) pipeline.frame(record.connection, frame, *result.events);
    if (record.type == record_type::rest) pipeline.rest(record.url, frame, *result.events);
    if (record.type == record_type::connect) pipeline.connect(record.connection, record.url);
    const bool is_last_of_time =
        at + 1 == content.records.size() || content.records[at + 1].receive_ns > record.receive_ns;
    if (at % every != 0 || !is_last_of_time || record.receive_ns == 0) continue;
    for (const auto* keeper : pipeline.books()) {
      if (keeper->state() != feed_state::live) continue;
      result.instants.push_back(
          {keeper->where()->symbol, record.receive_ns, keeper->book().hash()});
    }
  }
  std::map<std::string, std::int64_t> last_ns;
  for (const auto& what : result.events->events) {
    auto& known_ns = last_ns[what.where->symbol];
    known_ns = std::max(known_ns, what.receive_ns);
  }
  for (auto& each : result.instants) each.is_last = last_ns[each.instrument] < each.at_ns;
  return result;
}

void expect_the_same_books(database_reader& from, const replayed& want) {
  ASSERT_GT(want.instants.size(), 10);
  for (const auto& each : want.instants) {
    const auto found = book_at(from, want.venue, each.instrument, each.at_ns, each.at_ns);
    ASSERT_TRUE(found.found) << each.instrument << " at " << each.at_ns;
    ASSERT_EQ(found.book.hash(), each.hash)
        << each.instrument << " at " << each.at_ns << ", " << found.deltas << " deltas";
    EXPECT_EQ(found.feed.state, each.is_last ? "unknown" : "live");
    EXPECT_LE(found.receive_ns, each.at_ns);
  }
}

struct source {
  const char* venue;
  const char* capture;
  std::size_t every;
};

void PrintTo(const source& what, std::ostream* out) {
  *out << what.capture;
}

class stored_book_of : public testing::TestWithParam<source> {};

TEST_P(stored_book_of, equals_the_live_one_at_every_instant) {
  FEEDTREE_CAPTURE(path, GetParam().capture);
  const tests::temporary_folder folder;
  listing_registry registry;
  const auto want = replay(path, GetParam().venue, registry, GetParam().every);
  sink_context context;
  context.now_ns = [] { return std::int64_t{1}; };
  {
    sqlite_sink out(folder.file("events.db"), context);
    out.write(want.events);
    out.close();
  }
  const auto reader = open_reader({"sqlite", folder.file("events.db")});
  expect_the_same_books(*reader, want);
}

INSTANTIATE_TEST_SUITE_P(
    captures, stored_book_of,
    testing::Values(source{"binance", "binance/spot_cryptofeed_20211012.jsonl.zst", 12},
                    source{"binance-usdm", "binance/usdm_cryptofeed_20210722.jsonl.zst", 60},
                    source{"binance-coinm", "binance/coinm_cryptofeed_20210722.jsonl.zst", 150},
                    source{"bybit", "bybit/v5_cryptofeed_20260809.jsonl.zst", 100},
                    source{"coinbase", "coinbase/advanced_cryptofeed_20260809.jsonl.zst", 60},
                    source{"kraken", "kraken/ws2_book_minagbp_d25_20260816.ndjson", 1},
                    source{"kraken-futures", "kraken_futures/ws1_cryptofeed_20210722.jsonl.zst",
                           250},
                    source{"okx", "okx/v5_cryptofeed_20220513.jsonl.zst", 10}),
    [](const auto& what) { return "capture_" + std::to_string(what.index); });

class stored_book_in_timescale : public timescale_test {};

TEST_F(stored_book_in_timescale, equals_the_live_one_at_every_instant) {
  FEEDTREE_CAPTURE(path, "binance/usdm_cryptofeed_20210722.jsonl.zst");
  const auto want = replay(path, "binance-usdm", registry_, 150);
  {
    timescale_sink out(dsn_, context_);
    out.write(want.events);
    out.close();
  }
  const auto reader = open_reader({"timescale", dsn_});
  expect_the_same_books(*reader, want);
}

// A book without update ids, whose connection is lost.
TEST(stored_book, tells_what_the_feed_was_worth) {
  const tests::temporary_folder folder;
  listing_registry registry;
  const auto* where = tests::sample_listing(registry);
  auto batch = std::make_shared<event_batch>();
  tests::append_book(*batch, where, "1", true, 2);
  batch->events.back().receive_ns = 1'000;
  tests::append_book(*batch, where, "2", false, 1);
  batch->events.back().receive_ns = 2'000;
  status_change lost;
  lost.from = feed_state::live;
  lost.reason.append("the connection was lost");
  batch->events.push_back(tests::sample_event(where, "s", lost));
  batch->events.back().receive_ns = 3'000;
  sink_context context;
  context.now_ns = [] { return std::int64_t{1}; };
  {
    sqlite_sink out(folder.file("events.db"), context);
    out.write(batch);
    out.close();
  }
  const auto reader = open_reader({"sqlite", folder.file("events.db")});
  const auto at = [&](std::int64_t ns) {
    return book_at(*reader, where->venue, where->symbol, ns);
  };
  EXPECT_FALSE(at(999).found);
  EXPECT_EQ(at(1'999).deltas, 0);
  EXPECT_EQ(at(2'999).deltas, 1);
  EXPECT_EQ(at(2'999).feed.state, "live");
  EXPECT_EQ(at(3'000).feed.state, "syncing");
  EXPECT_EQ(at(3'000).feed.since_ns, 3'000);
  EXPECT_EQ(at(3'000).feed.reason, "the connection was lost");
}

}  // namespace
}  // namespace feedtree::storage
