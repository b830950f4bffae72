// What a journal knows of the feeds, whatever was deleted from it.
#include <gtest/gtest.h>

#include "core/sink.hpp"
#include "storage/journal.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::storage {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'700'006'400 * second;

// Trades of two instruments; a trade's time is its number in seconds.
struct known_of_feeds : testing::Test {
  journal_options options(std::uint64_t bytes_max = std::uint64_t{1} << 30,
                          journal_limit at_limit = journal_limit::block) const {
    journal_options result{folder.file("journal"), bytes_max, at_limit};
    result.past.numbers_trades = [](std::string_view) { return true; };
    result.past.candles.intervals_ns = {60 * second, 300 * second};
    return result;
  }
  journal_batch batch(std::uint64_t number) {
    auto result = std::make_shared<event_batch>();
    for (const auto* const each : {where, other}) {
      auto what = tests::sample_trade(each, std::to_string(number));
      what.exchange_ns = what.receive_ns = start + static_cast<std::int64_t>(number) * second;
      result->events.push_back(what);
    }
    return {number, result};
  }
  void append(journal& to, std::uint64_t first, std::uint64_t last) {
    for (auto number = first; number <= last; ++number) {
      const std::vector<journal_batch> one{batch(number)};
      ASSERT_TRUE(to.append(one));
    }
  }
  // Of both instruments: the last number, when it was received, and the trades of each minute.
  static std::string text(journal& of) {
    std::string result;
    for (const auto& [name, past] : of.past()) {
      result += name.second + " " + std::to_string(past.trades.last) + " at " +
                std::to_string((past.feed(event_kind::trade).receive_ns - start) / second) + ":";
      for (const auto& series : past.candles.series) {
        for (const auto& each : series.candles) result += " " + std::to_string(each.sum.trades);
      }
      result += "\n";
    }
    return result;
  }

  tests::temporary_folder folder;
  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  const listing* other = tests::sample_listing(registry, "ETH-USD");
};

TEST_F(known_of_feeds, is_there_after_any_end) {
  std::string known;
  {
    journal store(options(), registry);
    append(store, 1, 100);
    known = text(store);
    EXPECT_EQ(known, "BTC-USD 100 at 100: 59 41 100\nETH-USD 100 at 100: 59 41 100\n");
  }
  journal again(options(), registry);
  EXPECT_EQ(text(again), known);
}

TEST_F(known_of_feeds, outlives_what_is_deleted) {
  {
    journal store(options(), registry);
    store.keep_cursors({"sink"});
    append(store, 1, 80);
    store.advance({{"sink", 80}});
    EXPECT_EQ(store.bytes(), 0U);
    append(store, 81, 90);
    store.advance({{"sink", 85}});
    append(store, 91, 100);
  }
  journal again(options(), registry);
  EXPECT_EQ(text(again), "BTC-USD 100 at 100: 59 41 100\nETH-USD 100 at 100: 59 41 100\n");
  again.advance({{"sink", 100}});
  append(again, 101, 130);
  again.advance({{"sink", 130}});
  EXPECT_EQ(text(again), "BTC-USD 130 at 130: 59 60 11 130\nETH-USD 130 at 130: 59 60 11 130\n");
}

TEST_F(known_of_feeds, outlives_what_was_dropped_for_want_of_room) {
  const auto small = options(600, journal_limit::drop_oldest);
  {
    journal store(small, registry);
    store.keep_cursors({"sink"});
    append(store, 1, 100);
    EXPECT_GT(store.events_dropped(), 0U);
  }
  journal again(small, registry);
  EXPECT_EQ(text(again), "BTC-USD 100 at 100: 59 41 100\nETH-USD 100 at 100: 59 41 100\n");
}

TEST_F(known_of_feeds, is_stored_with_what_it_is_of_or_not_at_all) {
  std::string known;
  {
    journal store(options(), registry);
    store.keep_cursors({"sink"});
    append(store, 1, 50);
    store.limit_pages(1);
    std::uint64_t number = 51;
    for (; number < 100'000; ++number) {
      const std::vector<journal_batch> one{batch(number)};
      try {
        store.append(one);
      } catch (const sink_error& error) {
        ASSERT_TRUE(error.retryable());
        break;
      }
    }
    known = text(store);
    EXPECT_NE(known.find("BTC-USD " + std::to_string(number - 1) + " "), std::string::npos);
  }
  journal again(options(), registry);
  EXPECT_EQ(text(again), known);
}

TEST_F(known_of_feeds, is_forgotten_with_the_feed) {
  {
    journal store(options(), registry);
    append(store, 1, 100);
    store.keep_past([](const std::string&, const std::string& symbol, event_kind) {
      return symbol == "ETH-USD";
    });
  }
  journal again(options(), registry);
  EXPECT_EQ(text(again), "BTC-USD 0 at " + std::to_string(-start / second) +
                             ":\nETH-USD 100 at 100: 59 41 100\n");
}

TEST_F(known_of_feeds, goes_with_the_intervals_that_are_wanted) {
  {
    journal store(options(), registry);
    store.keep_cursors({"sink"});
    append(store, 1, 100);
    store.advance({{"sink", 100}});
  }
  auto fewer = options();
  fewer.past.candles.intervals_ns = {300 * second};
  {
    journal store(fewer, registry);
    EXPECT_EQ(text(store), "BTC-USD 100 at 100: 100\nETH-USD 100 at 100: 100\n");
    append(store, 101, 110);
    store.advance({{"sink", 110}});
  }
  journal again(options(), registry);
  EXPECT_EQ(text(again), "BTC-USD 110 at 110: 110\nETH-USD 110 at 110: 110\n");
}

}  // namespace
}  // namespace feedtree::storage
