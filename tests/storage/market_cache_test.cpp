#include "storage/market_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/sample_events.hpp"

namespace feedtree::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tests::number;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'700'000'040 * second;  // a whole minute

class market_cache_test : public testing::Test {
 protected:
  // Adds an event at so many nanoseconds behind the start.
  template <class Body>
  event& add(event_batch& batch, const Body& body, std::int64_t at_ns = 0) const {
    auto what = tests::sample_event(where_, "k" + std::to_string(at_ns), body);
    what.exchange_ns = start + at_ns;
    what.receive_ns = what.exchange_ns + 1'000;
    batch.events.push_back(what);
    return batch.events.back();
  }
  void add_book(event_batch& batch, bool snapshot, std::vector<level> bids, std::vector<level> asks,
                std::int64_t at_ns = 0, feed_state state = feed_state::live) const {
    book_change change;
    change.snapshot = snapshot;
    change.first_level = static_cast<std::uint32_t>(batch.levels.size());
    change.bids = static_cast<std::uint32_t>(bids.size());
    change.asks = static_cast<std::uint32_t>(asks.size());
    batch.levels.insert(batch.levels.end(), bids.begin(), bids.end());
    batch.levels.insert(batch.levels.end(), asks.begin(), asks.end());
    add(batch, change, at_ns).state = state;
  }
  void add_status(event_batch& batch, event_kind feed, feed_state to) const {
    status_change change;
    change.feed = feed;
    change.to = to;
    add(batch, change);
  }
  void follow(const event_batch& batch) { cache_.follow(batch, now_ms_); }
  // All that is to be written, by key.
  std::map<std::string, std::string> take() {
    std::map<std::string, std::string> result;
    market_cache::value_ref what;
    std::string_view key;
    std::string_view value;
    while (cache_.take(now_ms_, what, key, value)) result[std::string(key)] = value;
    return result;
  }
  static std::vector<std::string> keys_of(const std::map<std::string, std::string>& values) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : values) keys.push_back(key);
    return keys;
  }
  static level at(const char* price, const char* quantity) {
    return {number(price), number(quantity)};
  }

  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_);
  market_cache cache_{{"md", 2, 10'000, 60'000}};
  std::int64_t now_ms_ = 1'000;
};

TEST_F(market_cache_test, a_book_gives_its_best_levels_a_quote_and_features) {
  event_batch batch;
  add_book(batch, true, {at("100", "1"), at("99", "2"), at("98", "3")},
           {at("101", "4"), at("102", "5")});
  add_book(batch, false, {at("99", "0"), at("97", "7")}, {at("100.5", "1.0")}, 5);
  follow(batch);
  const auto values = take();
  EXPECT_THAT(keys_of(values), ElementsAre("md:book:kraken:BTC-USD", "md:features:kraken:BTC-USD",
                                           "md:quote:kraken:BTC-USD"));
  const auto& book = values.at("md:book:kraken:BTC-USD");
  EXPECT_THAT(book,
              HasSubstr(R"("bids":[["100","1"],["98","3"]],"asks":[["100.5","1.0"],["101","4"]])"));
  EXPECT_THAT(book, HasSubstr(R"("state":"live")"));
  EXPECT_THAT(book, HasSubstr("\"exchange_ns\":\"" + std::to_string(start + 5) + "\""));
  EXPECT_THAT(
      values.at("md:quote:kraken:BTC-USD"),
      HasSubstr(
          R"("bid_price":"100","bid_quantity":"1","ask_price":"100.5","ask_quantity":"1.0")"));
  const auto& features = values.at("md:features:kraken:BTC-USD");
  for (const auto* part :
       {R"("mid":"100.25")", R"("spread":"0.5")", R"("imbalance_1":"0")", R"("state":"live")"}) {
    EXPECT_THAT(features, HasSubstr(part));
  }
  EXPECT_TRUE(cache_.empty());
}

TEST_F(market_cache_test, a_change_before_the_snapshot_is_not_a_book) {
  event_batch batch;
  add_book(batch, false, {at("100", "1")}, {at("101", "1")});
  follow(batch);
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(market_cache_test, many_updates_of_a_value_are_written_once_as_the_last_one_is) {
  for (int price = 1; price <= 100; ++price) {
    event_batch batch;
    add(batch, trade{{price, 0}, number("1"), trade_side::buy}, price);
    follow(batch);
  }
  EXPECT_EQ(cache_.waiting(), 3U);  // trade, candle, features
  EXPECT_EQ(cache_.updates(), 300U);
  EXPECT_EQ(cache_.merged(), 297U);
  const auto values = take();
  EXPECT_THAT(values.at("md:trade:kraken:BTC-USD"), HasSubstr(R"("price":"100")"));
  EXPECT_THAT(values.at("md:candle:kraken:BTC-USD"),
              HasSubstr(R"("open":"1","high":"100","low":"1","close":"100","volume":"100")"));
  EXPECT_THAT(values.at("md:candle:kraken:BTC-USD"), HasSubstr(R"("source":"trades")"));
}

TEST_F(market_cache_test, a_late_trade_is_in_the_candle_and_is_not_the_last_one) {
  event_batch batch;
  add(batch, trade{number("10"), number("1"), trade_side::buy}, 1'000);
  add(batch, trade{number("20"), number("1"), trade_side::buy}, 500);
  follow(batch);
  const auto values = take();
  EXPECT_THAT(values.at("md:trade:kraken:BTC-USD"), HasSubstr(R"("price":"10")"));
  EXPECT_THAT(values.at("md:candle:kraken:BTC-USD"), HasSubstr(R"("open":"20")"));
}

TEST_F(market_cache_test, every_state_of_a_feed_is_written_with_the_values_that_have_it) {
  event_batch first;
  add_book(first, true, {at("100", "1")}, {at("101", "1")});
  add(first, trade{number("10"), number("1"), trade_side::buy});
  follow(first);
  take();
  for (const auto state : {feed_state::stale, feed_state::gap, feed_state::crossed,
                           feed_state::syncing, feed_state::live}) {
    event_batch batch;
    add_status(batch, event_kind::book, state);
    follow(batch);
    const auto values = take();
    EXPECT_THAT(keys_of(values), ElementsAre("md:book:kraken:BTC-USD", "md:features:kraken:BTC-USD",
                                             "md:quote:kraken:BTC-USD"));
    for (const auto& [key, value] : values) {
      EXPECT_THAT(value, HasSubstr("\"state\":\"" + std::string(to_string(state)) + "\"")) << key;
    }
  }
  event_batch batch;
  add_status(batch, event_kind::trade, feed_state::stale);
  follow(batch);
  const auto values = take();
  EXPECT_THAT(keys_of(values), ElementsAre("md:candle:kraken:BTC-USD", "md:features:kraken:BTC-USD",
                                           "md:trade:kraken:BTC-USD"));
  EXPECT_THAT(values.at("md:trade:kraken:BTC-USD"), HasSubstr(R"("state":"stale")"));
  EXPECT_THAT(values.at("md:features:kraken:BTC-USD"),
              HasSubstr(R"("state":"live","trade_state":"stale")"));
}

TEST_F(market_cache_test, live_values_are_refreshed_and_others_are_left_to_expire) {
  event_batch batch;
  add(batch, tests::full_ticker());
  add(batch, open_interest{number("5"), {}}).state = feed_state::stale;
  follow(batch);
  EXPECT_EQ(take().size(), 2U);
  now_ms_ += 9'999;
  cache_.refresh(now_ms_);
  EXPECT_THAT(take(), IsEmpty());
  now_ms_ += 1;
  cache_.refresh(now_ms_);
  EXPECT_THAT(keys_of(take()), ElementsAre("md:ticker:kraken:BTC-USD"));
  now_ms_ += 60'000;  // nothing of the instrument for so long: what goes by its name may be gone
  cache_.refresh(now_ms_);
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(market_cache_test, a_refresh_is_no_news_and_does_not_hide_any) {
  event_batch batch;
  add(batch, tests::full_ticker());
  follow(batch);
  market_cache::value_ref what;
  std::string_view key;
  std::string_view value;
  ASSERT_TRUE(cache_.take(now_ms_, what, key, value));
  EXPECT_TRUE(what.news);
  cache_.put_back(what);
  ASSERT_TRUE(cache_.take(now_ms_, what, key, value));
  EXPECT_TRUE(what.news);
  cache_.rewrite();
  ASSERT_TRUE(cache_.take(now_ms_, what, key, value));
  EXPECT_FALSE(what.news);
  cache_.rewrite();
  follow(batch);
  ASSERT_TRUE(cache_.take(now_ms_, what, key, value));
  EXPECT_TRUE(what.news);
  EXPECT_FALSE(cache_.take(now_ms_, what, key, value));
}

TEST_F(market_cache_test, the_venues_own_quotes_win_over_those_of_the_book) {
  event_batch batch;
  add_book(batch, true, {at("100", "1")}, {at("101", "1")});
  add(batch, quote{number("100.1"), number("2"), number("100.2"), number("3")});
  add_book(batch, false, {at("99", "1")}, {});
  follow(batch);
  const auto values = take();
  EXPECT_THAT(values.at("md:quote:kraken:BTC-USD"), HasSubstr(R"("bid_price":"100.1")"));
  EXPECT_THAT(values.at("md:features:kraken:BTC-USD"), HasSubstr(R"("mid":"100.5")"));
}

TEST_F(market_cache_test, a_quote_with_one_side_replaces_the_one_before_and_has_no_features) {
  event_batch batch;
  add(batch, quote{number("1.4"), number("5"), number("1.5"), number("20")});
  follow(batch);
  EXPECT_THAT(take().at("md:features:kraken:BTC-USD"), HasSubstr(R"("mid":"1.45")"));
  event_batch later;
  add(later, quote{{}, {}, number("1.5"), number("20")}, second);
  follow(later);
  const auto values = take();
  const auto& best = values.at("md:quote:kraken:BTC-USD");
  EXPECT_THAT(best, HasSubstr(R"("ask_price":"1.5","ask_quantity":"20")"));
  EXPECT_THAT(best, Not(HasSubstr("bid_price")));
  const auto& features = values.at("md:features:kraken:BTC-USD");
  for (const auto* part :
       {R"("mid":null)", R"("micro_price":null)", R"("spread":null)", R"("imbalance_1":null)"}) {
    EXPECT_THAT(features, HasSubstr(part));
  }
}

TEST_F(market_cache_test, a_book_that_lost_a_side_gives_a_quote_without_it) {
  event_batch batch;
  add_book(batch, true, {at("100", "1")}, {at("101", "4")});
  follow(batch);
  EXPECT_THAT(take().at("md:quote:kraken:BTC-USD"), HasSubstr(R"("bid_price":"100")"));
  event_batch later;
  add_book(later, false, {at("100", "0")}, {}, second);
  follow(later);
  const auto best = take().at("md:quote:kraken:BTC-USD");
  EXPECT_THAT(best, Not(HasSubstr("bid_price")));
  EXPECT_THAT(best, HasSubstr(R"("ask_price":"101","ask_quantity":"4")"));
}

TEST_F(market_cache_test, a_candle_with_missing_trades_is_not_live) {
  event_batch batch;
  add(batch, trade{number("10"), number("1"), trade_side::buy}, 0);
  follow(batch);
  EXPECT_THAT(take().at("md:candle:kraken:BTC-USD"), HasSubstr(R"("state":"live")"));
  event_batch later;
  gap lost;
  lost.feed = event_kind::trade;
  add(later, lost, second);
  add(later, trade{number("11"), number("1"), trade_side::buy}, 2 * second);
  follow(later);
  const auto values = take();
  EXPECT_THAT(values.at("md:candle:kraken:BTC-USD"), HasSubstr(R"("state":"gap")"));
  EXPECT_THAT(values.at("md:trade:kraken:BTC-USD"), HasSubstr(R"("state":"live")"));
}

}  // namespace
}  // namespace feedtree::storage
