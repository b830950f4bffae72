#include "core/trade_keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t ms = 1'000'000;

trade_keeper_options filling() {
  trade_keeper_options options;
  options.numbered = true;
  options.fills = true;
  return options;
}

// Trades by their numbers; a trade's exchange time is its number in seconds.
struct feed {
  explicit feed(trade_keeper_options options) : keeper(where, options) {}

  event trade_of(std::uint64_t number) const {
    auto what = tests::sample_trade(where, std::to_string(number));
    what.exchange_ns = static_cast<std::int64_t>(number) * 1'000 * ms;
    what.receive_ns = now_ns;
    return what;
  }
  void live(std::uint64_t number) { keeper.process(trade_of(number), out); }
  void live(std::uint64_t first, std::uint64_t last) {
    for (auto number = first; number <= last; ++number) live(number);
  }
  void answer(std::uint64_t first, std::uint64_t last) {
    event_batch body;
    for (auto number = first; number <= last; ++number) body.events.push_back(trade_of(number));
    keeper.take_answer(body, now_ns, out);
  }
  void pass_time(std::int64_t for_ns) {
    now_ns += for_ns;
    keeper.on_time(now_ns, out);
  }
  // Keys of what was passed on, in order; ledger entries as "trade-2-3+" if filled, "-" if not.
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    for (const auto& what : out.events) {
      texts.emplace_back(what.key.view());
      const auto* const entry = std::get_if<gap>(&what.body);
      if (entry != nullptr) texts.back() += entry->recovered ? "+" : "-";
    }
    out.clear();
    return texts;
  }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  trade_keeper keeper;
  event_batch out;
  std::int64_t now_ns = 1'618'678'200'000 * ms;
};

TEST(trade_keeper, passes_trades_on_as_long_as_none_is_missing) {
  feed with(filling());
  with.live(5, 8);
  EXPECT_THAT(with.take(), ElementsAre("5", "6", "7", "8"));
  EXPECT_EQ(with.keeper.due_ns(), 0);
  with.live(7);
  EXPECT_THAT(with.take(), IsEmpty());
  EXPECT_EQ(with.keeper.counters().duplicates, 1U);
}

TEST(trade_keeper, asks_for_what_is_missing_and_gives_it_in_order) {
  feed with(filling());
  with.live(5);
  with.live(8, 9);
  EXPECT_THAT(with.take(), ElementsAre("5"));
  EXPECT_FALSE(with.keeper.take_request(with.now_ns).has_value()) << "it may be a swap";
  with.pass_time(60 * ms);
  const auto asked = with.keeper.take_request(with.now_ns);
  ASSERT_TRUE(asked.has_value());
  EXPECT_EQ(asked->numbers, (number_range{6, 7}));
  EXPECT_EQ(asked->before_ns, 5'000 * ms);
  EXPECT_EQ(asked->after_ns, 8'000 * ms);
  EXPECT_FALSE(with.keeper.take_request(with.now_ns).has_value()) << "one at a time";
  with.live(10);
  with.answer(4, 9);
  EXPECT_THAT(with.take(), ElementsAre("trade-6-7+", "6", "7", "8", "9", "10"));
  EXPECT_EQ(with.keeper.counters().filled, 2U);
  EXPECT_EQ(with.keeper.counters().lost, 0U);
  EXPECT_EQ(with.keeper.holes(), 0U);
  EXPECT_EQ(with.keeper.held(), 0U);
}

TEST(trade_keeper, trades_that_were_swapped_are_put_in_order_without_a_request) {
  feed with(filling());
  with.live(5);
  with.live(7);
  with.live(6);
  EXPECT_THAT(with.take(), ElementsAre("5", "trade-6-6+", "6", "7"));
  EXPECT_EQ(with.keeper.counters().late, 1U);
  EXPECT_EQ(with.keeper.counters().filled, 0U);
}

TEST(trade_keeper, what_another_connection_brings_in_time_was_never_missing) {
  auto options = filling();
  options.redundant = true;
  feed with(options);
  with.live(5);
  with.live(8);
  with.live(6, 7);
  EXPECT_THAT(with.take(), ElementsAre("5", "6", "7", "8"));
}

TEST(trade_keeper, a_long_hole_takes_several_requests) {
  feed with(filling());
  with.live(5);
  with.live(31);
  with.pass_time(60 * ms);
  ASSERT_TRUE(with.keeper.take_request(with.now_ns).has_value());
  with.answer(6, 15);
  const auto more = with.keeper.take_request(with.now_ns);
  ASSERT_TRUE(more.has_value());
  EXPECT_EQ(more->numbers, (number_range{16, 30}));
  EXPECT_EQ(more->before_ns, 15'000 * ms) << "what came tells where to go on";
  // The venue gives the newest first.
  with.answer(26, 31);
  const auto rest = with.keeper.take_request(with.now_ns);
  ASSERT_TRUE(rest.has_value());
  EXPECT_EQ(rest->numbers, (number_range{16, 25}));
  EXPECT_EQ(rest->after_ns, 26'000 * ms);
  with.answer(16, 25);
  const auto given = with.take();
  EXPECT_EQ(given.size(), 28U);
  EXPECT_EQ(given[1], "trade-6-30+");
  EXPECT_EQ(given.back(), "31");
}

TEST(trade_keeper, trades_do_not_wait_for_ever_and_what_comes_then_comes_behind_them) {
  feed with(filling());
  with.live(5);
  with.live(7);
  with.pass_time(60 * ms);
  ASSERT_TRUE(with.keeper.take_request(with.now_ns).has_value());
  with.pass_time(5'000 * ms);
  EXPECT_THAT(with.take(), ElementsAre("5", "7"));
  with.live(8);
  with.answer(6, 6);
  EXPECT_THAT(with.take(), ElementsAre("8", "6", "trade-6-6+"));
}

TEST(trade_keeper, asks_again_with_growing_pauses_and_gives_up_in_the_end) {
  feed with(filling());
  with.live(5);
  with.live(8);
  with.take();
  int requests = 0;
  for (int step = 0; step < 1'000 && with.keeper.holes() != 0; ++step) {
    with.pass_time(std::max(ms, with.keeper.due_ns() - with.now_ns));
    if (!with.keeper.take_request(with.now_ns)) continue;
    ++requests;
    if (requests % 2 == 0) {
      with.answer(1, 4);  // an answer that is of no use
    } else {
      with.keeper.request_failed(with.now_ns, with.out);
    }
  }
  EXPECT_THAT(with.take(), ElementsAre("8", "trade-6-7-"));
  EXPECT_GE(requests, 5);
  EXPECT_LE(requests, 20);
  EXPECT_EQ(with.keeper.counters().lost, 2U);
  EXPECT_EQ(with.keeper.due_ns(), 0);
}

TEST(trade_keeper, without_requests_a_hole_is_told_at_once_and_nothing_waits) {
  trade_keeper_options options;
  options.numbered = true;
  feed with(options);
  with.live(5);
  with.live(8);
  EXPECT_THAT(with.take(), ElementsAre("5", "trade-6-7-", "8"));
  EXPECT_EQ(with.keeper.due_ns(), 0);
}

TEST(trade_keeper, a_hole_too_large_to_be_asked_for_is_told_at_once) {
  feed with(filling());
  with.live(5);
  with.live(5'000'000);
  EXPECT_THAT(with.take(), ElementsAre("5", "trade-6-4999999-", "5000000"));
  EXPECT_FALSE(with.keeper.take_request(with.now_ns + 1'000 * ms).has_value());
}

TEST(trade_keeper, trades_without_numbers_pass_as_they_come) {
  feed with(trade_keeper_options{});
  with.live(5);
  with.live(9);
  with.live(9);
  EXPECT_THAT(with.take(), ElementsAre("5", "9", "9"));
  feed marked(filling());
  marked.keeper.process(tests::sample_trade(marked.where, "t17"), marked.out);
  marked.keeper.process(tests::sample_trade(marked.where, "t3"), marked.out);
  EXPECT_THAT(marked.take(), ElementsAre("t17", "t3"));
}

TEST(trade_keeper, at_the_end_everything_that_waits_is_let_go) {
  feed with(filling());
  with.live(5);
  with.live(7);
  with.take();
  with.keeper.give_up(with.now_ns, with.out);
  EXPECT_THAT(with.take(), ElementsAre("trade-6-6-", "7"));
}

TEST(trade_keeper, holds_a_bounded_number_of_trades) {
  auto options = filling();
  options.held_max = 10;
  feed with(options);
  with.live(1);
  with.live(3, 50);
  EXPECT_LT(with.keeper.held(), 10U);
  EXPECT_EQ(with.take().size(), 49U);
}

// Any loss, any swap near by, and a venue that answers now and then, some trades at a time: each
// trade is passed on once, and in order unless it was given up waiting for.
TEST(trade_keeper, of_any_lossy_stream_each_trade_is_passed_on_once) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    std::mt19937 random(seed);
    feed with(filling());
    std::vector<std::uint64_t> stream;
    for (std::uint64_t number = 100; number < 1'100; ++number) {
      if (number == 100 || number == 1'099 || random() % 5 != 0) stream.push_back(number);
      if (random() % 20 == 0) stream.push_back(number);
    }
    for (std::size_t at = 2; at + 1 < stream.size(); ++at) {
      if (random() % 10 == 0 && at + 2 < stream.size()) std::swap(stream[at], stream[at - 1]);
    }
    const auto serve = [&] {
      const auto asked = with.keeper.take_request(with.now_ns);
      if (!asked) return;
      if (random() % 4 == 0) {
        with.keeper.request_failed(with.now_ns, with.out);
      } else {
        with.answer(asked->numbers.first - 2,
                    std::min(asked->numbers.first + 2, asked->numbers.last));
      }
    };
    for (const auto number : stream) {
      with.live(number);
      with.pass_time(20 * ms);
      if (random() % 2 == 0) serve();
    }
    for (int step = 0; step < 100'000 && with.keeper.holes() != 0; ++step) {
      with.pass_time(10 * ms);
      serve();
    }
    std::set<std::uint64_t> seen;
    for (const auto& what : with.out.events) {
      if (what.kind() != event_kind::trade) continue;
      EXPECT_TRUE(seen.insert(number_of_trade(what).value()).second) << "seed " << seed;
    }
    EXPECT_EQ(seen.size(), 1'000U) << "seed " << seed;
    EXPECT_EQ(with.keeper.counters().lost, 0U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace feedtree
