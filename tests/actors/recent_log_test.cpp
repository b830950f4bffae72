#include "actors/recent_log.hpp"

#include <gtest/gtest.h>

#include "core/instrument.hpp"

namespace feedtree::actors {
namespace {

// A batch with what a keeper writes when a book breaks and is whole again.
class recent : public testing::Test {
 protected:
  event_batch gap_batch(std::int64_t begin_ns, std::int64_t end_ns,
                        const char* symbol = "BTC-USD") {
    event what;
    what.where = registry_.intern("kraken", *parse_instrument(symbol), symbol);
    what.key.append("book-").append(begin_ns).append(end_ns == 0 ? "-begin" : "-end");
    gap body;
    body.begin_ns = begin_ns;
    body.end_ns = end_ns;
    body.recovered = end_ns != 0;
    what.body = body;
    event_batch batch;
    batch.events.push_back(what);
    return batch;
  }
  static event_batch quarantine_batch(std::int64_t receive_ns, std::string excerpt) {
    event_batch batch;
    batch.quarantine.push_back({"kraken", "", "decode", "no JSON", std::move(excerpt), receive_ns});
    return batch;
  }
  listing_registry registry_;
  recent_log log_{3};
};

TEST_F(recent, joins_the_end_of_a_gap_with_its_begin) {
  log_.add(gap_batch(10, 0));
  ASSERT_EQ(log_.gaps({}).size(), 1U);
  EXPECT_EQ(log_.gaps({})[0].end_ns, 0);
  const auto id = log_.gaps({})[0].id;
  log_.add(gap_batch(10, 30));
  ASSERT_EQ(log_.gaps({}).size(), 1U);
  EXPECT_EQ(log_.gaps({})[0].end_ns, 30);
  EXPECT_EQ(log_.gaps({})[0].id, id);
  EXPECT_TRUE(log_.gaps({})[0].recovered);
  EXPECT_EQ(log_.totals().gaps_opened, 1U);
  EXPECT_EQ(log_.totals().gaps_closed, 1U);
}

TEST_F(recent, counts_a_gap_once_however_often_it_is_told) {
  log_.add(gap_batch(10, 0));
  log_.add(gap_batch(10, 0));
  EXPECT_EQ(log_.gaps({}).size(), 1U);
  EXPECT_EQ(log_.totals().gaps_opened, 1U);
}

TEST_F(recent, keeps_the_gaps_of_neighbours_apart) {
  log_.add(gap_batch(10, 0));
  log_.add(gap_batch(10, 0, "ETH-USD"));
  log_.add(gap_batch(10, 30, "ETH-USD"));
  ASSERT_EQ(log_.gaps({}).size(), 2U);
  EXPECT_EQ(log_.gaps({"kraken", "BTC-USD", 10})[0].end_ns, 0);
  EXPECT_EQ(log_.gaps({"", "ETH-USD", 10})[0].end_ns, 30);
  EXPECT_TRUE(log_.gaps({"binance", "", 10}).empty());
}

TEST_F(recent, holds_the_newest_up_to_its_bound_and_counts_all) {
  for (std::int64_t at = 1; at <= 10; ++at) log_.add(quarantine_batch(at, "{"));
  const auto held = log_.quarantine({});
  ASSERT_EQ(held.size(), 3U);
  EXPECT_EQ(held[0].entry.receive_ns, 10);
  EXPECT_EQ(log_.totals().quarantined, 10U);
}

TEST_F(recent, cuts_long_texts) {
  log_.add(quarantine_batch(1, std::string(100'000, 'x')));
  EXPECT_LE(log_.quarantine({})[0].entry.excerpt.size(), 1'000U);
}

TEST_F(recent, tells_its_listener_until_that_is_taken_away) {
  std::vector<std::int64_t> heard;
  log_.set_listener({[&](const gap_record& what) { heard.push_back(what.begin_ns); }, {}, {}});
  log_.add(gap_batch(10, 0));
  log_.set_listener({});
  log_.add(gap_batch(20, 0));
  EXPECT_EQ(heard, std::vector<std::int64_t>{10});
}

}  // namespace
}  // namespace feedtree::actors
