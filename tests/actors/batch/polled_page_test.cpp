// What pollers read again is not published again.
#include "actors/batch/polled_page.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/sink.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

// A database that has these keys of every table.
class fake_database final : public storage::backfill_state {
 public:
  bool load(storage::backfill_row&) override { return false; }
  void save(const storage::backfill_row&, const std::vector<storage::backfill_gap_row>&,
            const storage::backfill_stretch&) override {}
  std::vector<storage::backfill_gap_row> gaps(const storage::backfill_row&) override { return {}; }
  std::vector<std::string> stored(const storage::event_keys& of) override {
    asked.push_back(of.kind + " " + of.instrument + " " + std::to_string(of.keys.size()));
    if (fails) throw sink_error(true, "away");
    std::vector<std::string> result;
    for (const auto& key : of.keys) {
      if (has.contains(of.instrument + "/" + key)) result.push_back(key);
    }
    return result;
  }
  std::uint64_t position(std::string_view) override { return 0; }

  std::set<std::string> has;
  std::vector<std::string> asked;
  bool fails = false;
};

std::vector<std::string> ids_of(const event_batch& batch) {
  std::vector<std::string> result;
  for (const auto& what : batch.events) result.push_back(event_id(what));
  return result;
}

class polled : public testing::Test {
 protected:
  listing_registry registry;
  const listing* btc = tests::sample_listing(registry);
  const listing* eth = tests::sample_listing(registry, "ETH-USD");
  fake_database database;
  event_batch batch;
  using texts = std::vector<std::string>;
};

TEST_F(polled, events_that_the_database_has_are_not_handed_on) {
  database.has = {"BTC-USD/1", "ETH-USD/2"};
  for (const auto* const key : {"1", "2", "3"}) {
    batch.events.push_back(tests::sample_trade(btc, key));
    batch.events.push_back(tests::sample_trade(eth, key));
  }
  batch.events.push_back(tests::sample_event(btc, "1", liquidation{}));
  EXPECT_EQ(remove_stored(database, batch), 3U);
  EXPECT_EQ(ids_of(batch), (texts{"kraken:ETH-USD:trade:1", "kraken:BTC-USD:trade:2",
                                  "kraken:BTC-USD:trade:3", "kraken:ETH-USD:trade:3"}));
  // One question for each kind of each instrument.
  EXPECT_EQ(std::set<std::string>(database.asked.begin(), database.asked.end()),
            (std::set<std::string>{"trade BTC-USD 3", "trade ETH-USD 3", "liquidation BTC-USD 1"}));
}

TEST_F(polled, events_are_kept_where_the_database_cannot_be_asked) {
  database.fails = true;
  batch.events.push_back(tests::sample_trade(btc, "1"));
  EXPECT_THROW(remove_stored(database, batch), sink_error);
  EXPECT_EQ(batch.events.size(), 1U);
}

TEST_F(polled, what_holds_now_is_handed_on_when_it_changes) {
  repeated_events present;
  const auto give = [&](const std::string& key) {
    event_batch answer;
    answer.events.push_back(tests::sample_event(btc, key, ticker{}));
    answer.events.push_back(tests::sample_event(eth, key, ticker{}));
    return present.remove(answer);
  };
  EXPECT_EQ(give("100-a"), 0U);
  EXPECT_EQ(give("100-a"), 2U);
  EXPECT_EQ(give("200-b"), 0U);
}

}  // namespace
}  // namespace feedtree::actors
