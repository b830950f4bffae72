// The keeper of trades behind an outage of the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/trade_keeper.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t ms = 1'000'000;

// Trades by their numbers; a trade's exchange time is its number in seconds. Number 100 is the last
// one that was stored.
struct after_outage : testing::Test {
  static trade_keeper_options numbered() {
    trade_keeper_options options;
    options.numbered = options.fills = true;
    return options;
  }
  void start(const trade_keeper_options& options = numbered()) {
    past.any = true;
    past.last = 100;
    past.exchange_ns = 100'000 * ms;
    past.receive_ns = 900 * ms;
    keeper.emplace(where, options);
    keeper->resume(past);
  }
  event trade_of(std::uint64_t number) const {
    auto what = tests::sample_trade(where, std::to_string(number));
    what.exchange_ns = static_cast<std::int64_t>(number) * 1'000 * ms;
    what.receive_ns = now_ns;
    return what;
  }
  void live(std::uint64_t number) { keeper->process(trade_of(number), out); }
  void answer(std::uint64_t first, std::uint64_t last) {
    event_batch body;
    for (auto number = first; number <= last; ++number) body.events.push_back(trade_of(number));
    keeper->take_answer(body, now_ns, out);
  }
  std::optional<missing_trades> asks() {
    now_ns += 60 * ms;
    return keeper->take_request(now_ns);
  }
  // Keys of trades, and what ledger entries say.
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    for (const auto& what : out.events) {
      const auto* const entry = std::get_if<gap>(&what.body);
      if (entry == nullptr) {
        texts.emplace_back(what.key.view());
        continue;
      }
      texts.push_back(std::string(to_string(entry->cause)) + ": " +
                      std::string(entry->detail.view()) + (entry->recovered ? " +" : " -"));
      last_entry = *entry;
    }
    out.clear();
    return texts;
  }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  stored_trades past;
  std::optional<trade_keeper> keeper;
  event_batch out;
  gap last_entry;
  std::int64_t now_ns = 5'000 * ms;
};

TEST_F(after_outage, the_first_trade_shows_what_is_missing_and_it_is_asked_for) {
  start();
  EXPECT_EQ(keeper->due_ns(), 0) << "nothing is known to be missing";
  live(108);
  const auto begin_ns = now_ns;
  EXPECT_THAT(take(), IsEmpty());
  const auto wanted = asks();
  ASSERT_TRUE(wanted.has_value());
  EXPECT_EQ(wanted->numbers, (number_range{101, 107}));
  EXPECT_EQ(wanted->before_ns, 100'000 * ms);
  EXPECT_EQ(wanted->after_ns, 108'000 * ms);
  answer(99, 108);
  EXPECT_THAT(take(), ElementsAre("101", "102", "103", "104", "105", "106", "107", "108",
                                  "outage: trades 101 to 107: 7 were missing, 7 came +"));
  EXPECT_EQ(last_entry.begin_ns, 900 * ms);
  EXPECT_EQ(last_entry.end_ns, begin_ns);
  EXPECT_EQ(keeper->counters().filled, 7U);
}

TEST_F(after_outage, in_which_nothing_was_traded_nothing_is_missing) {
  start();
  live(99);
  live(100);
  EXPECT_THAT(take(), IsEmpty()) << "the venue repeats its last trades";
  live(101);
  live(102);
  EXPECT_THAT(take(), ElementsAre("101", "outage: no trade is missing +", "102"));
}

TEST_F(after_outage, what_does_not_come_is_told) {
  start();
  live(108);
  ASSERT_TRUE(asks().has_value());
  answer(101, 103);
  while (keeper->holes() != 0) {
    now_ns = keeper->due_ns();
    keeper->on_time(now_ns, out);
    if (keeper->take_request(now_ns)) keeper->request_failed(now_ns, out);
  }
  EXPECT_EQ(take().back(), "outage: trades 101 to 107: 7 were missing, 3 came -");
  live(109);
  EXPECT_THAT(take(), ElementsAre("109"));
}

TEST_F(after_outage, what_was_missing_before_it_is_asked_for_too) {
  past.holes = {{{90, 92}, 89'000 * ms, 93'000 * ms}};
  start();
  EXPECT_FALSE(asks().has_value()) << "nobody is there to be asked";
  live(101);
  EXPECT_THAT(take(), ElementsAre("101"));
  const auto wanted = asks();
  ASSERT_TRUE(wanted.has_value());
  EXPECT_EQ(wanted->numbers, (number_range{90, 92}));
  EXPECT_EQ(wanted->before_ns, 89'000 * ms);
  answer(89, 93);
  EXPECT_THAT(take(),
              ElementsAre("90", "91", "92", "outage: trades 90 to 92: 3 were missing, 3 came +"));
}

TEST_F(after_outage, of_an_hour_at_a_busy_venue_every_page_is_fetched) {
  start();
  live(360'101);
  EXPECT_THAT(take(), ElementsAre("360101")) << "so many are not waited for";
  std::uint64_t pages = 0;
  std::uint64_t came = 0;
  while (const auto wanted = asks()) {
    ASSERT_LT(pages, 400U);
    ++pages;
    answer(wanted->numbers.first, std::min(wanted->numbers.first + 999, wanted->numbers.last));
    // Each page takes its time: what comes keeps the rest from being given up.
    now_ns += 10'000 * ms;
    keeper->on_time(now_ns, out);
    const auto texts = take();
    came += texts.size();
    if (keeper->holes() == 0) {
      EXPECT_EQ(texts.back(), "outage: trades 101 to 360100: 360000 were missing, 360000 came +");
    }
  }
  EXPECT_EQ(pages, 360U);
  EXPECT_EQ(came, 360'001U);
}

TEST_F(after_outage, answers_that_begin_with_the_newest_lead_to_the_oldest) {
  start();
  live(5'000);
  take();
  auto end = std::uint64_t{4'999};
  while (const auto wanted = asks()) {
    EXPECT_EQ(wanted->after_ns, static_cast<std::int64_t>(end + 1) * 1'000 * ms);
    answer(end < 1'100 ? 101 : end - 999, end);
    if (end < 1'100) break;
    end -= 1'000;
  }
  EXPECT_EQ(keeper->holes(), 0U);
  take();
  EXPECT_TRUE(last_entry.recovered);
}

TEST_F(after_outage, a_stop_leaves_what_is_missing_to_the_next_run) {
  start();
  live(108);
  keeper->stop(now_ns, out);
  EXPECT_THAT(take(), ElementsAre("108"));
  EXPECT_EQ(keeper->holes(), 0U);
}

TEST_F(after_outage, whose_numbers_are_not_known_any_more_is_not_recovered) {
  keeper.emplace(where, numbered());
  keeper->lose_outage();
  live(108);
  EXPECT_THAT(take(),
              ElementsAre("108", "outage: the actor that kept these trades was restarted -"));
}

TEST_F(after_outage, of_a_venue_without_numbers_trades_may_be_missing) {
  past.recent = {hash_text("100")};
  start({});
  live(100);
  EXPECT_THAT(take(), IsEmpty()) << "the venue repeats its last trades";
  live(108);
  EXPECT_THAT(
      take(),
      ElementsAre("108",
                  "outage: the venue gives no trades of the past that could be told apart -"));
}

TEST_F(after_outage, of_a_venue_without_numbers_the_trades_of_the_time_are_fetched_once) {
  trade_keeper_options by_time;
  by_time.fills_by_time = true;
  past.recent = {hash_text("99"), hash_text("100")};
  start(by_time);
  live(108);
  live(109);
  EXPECT_THAT(take(), ElementsAre("108", "109"));
  EXPECT_EQ(keeper->holes(), 1U);
  const auto wanted = asks();
  ASSERT_TRUE(wanted.has_value());
  EXPECT_EQ(wanted->before_ns, 100'000 * ms);
  EXPECT_EQ(wanted->after_ns, 108'000 * ms);
  answer(99, 104);
  EXPECT_THAT(take(), ElementsAre("101", "102", "103", "104"));
  const auto more = asks();
  ASSERT_TRUE(more.has_value());
  EXPECT_EQ(more->before_ns, 104'000 * ms);
  answer(104, 108);
  EXPECT_THAT(take(), ElementsAre("105", "106", "107",
                                  "outage: 7 trades of this time came, which have no numbers +"));
  EXPECT_EQ(keeper->holes(), 0U);
}

TEST_F(after_outage, of_a_venue_without_numbers_that_does_not_answer_is_given_up) {
  trade_keeper_options by_time;
  by_time.fills_by_time = true;
  start(by_time);
  live(108);
  int requests = 0;
  while (keeper->holes() != 0) {
    now_ns = keeper->due_ns();
    if (!keeper->take_request(now_ns)) continue;
    ASSERT_LT(++requests, 50);
    keeper->request_failed(now_ns, out);
  }
  EXPECT_GE(requests, 5);
  EXPECT_EQ(take().back(), "outage: the venue did not give the trades of this time -");
}

}  // namespace
}  // namespace feedtree
