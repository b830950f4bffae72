#include "core/freshness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace feedtree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t second = 1'000 * ms;
constexpr std::int64_t start = 1'000 * second;

TEST(usual_silence, is_not_known_before_something_was_heard_often) {
  usual_silence rate;
  for (int at = 0; at <= 15; ++at) rate.heard(start + at * second);
  EXPECT_EQ(rate.ns(), 0);
  rate.heard(start + 16 * second);
  EXPECT_EQ(rate.ns(), second);
}

TEST(usual_silence, keeps_a_long_silence_for_a_while) {
  usual_silence rate;
  auto now = start;
  for (int at = 0; at < 100; ++at) rate.heard(now += 10 * ms);
  EXPECT_EQ(rate.ns(), 10 * ms);
  rate.heard(now += 5 * second);
  EXPECT_EQ(rate.ns(), 5 * second);
  for (int at = 0; at < 3'000; ++at) rate.heard(now += 10 * ms);  // half a minute later
  EXPECT_GT(rate.ns(), 2 * second);
  for (int at = 0; at < 60'000; ++at) rate.heard(now += 10 * ms);  // ten minutes later
  EXPECT_LT(rate.ns(), 20 * ms);
}

TEST(usual_silence, does_not_count_the_time_between_two_connections) {
  usual_silence rate;
  auto now = start;
  for (int at = 0; at < 100; ++at) rate.heard(now += 10 * ms);
  rate.restart(now += 60 * second);
  rate.heard(now += 10 * ms);
  EXPECT_EQ(rate.ns(), 10 * ms);
}

// A watch over two books and a trade feed, looked at in time; findings in words.
struct watched : testing::Test {
  freshness_options options;
  freshness watch{options};
  std::int64_t now = start;
  std::int64_t next = 0;
  std::vector<std::string> said;

  void begin(std::int64_t heartbeat_ns = 0) {
    options.heartbeat_ns = heartbeat_ns;
    watch = freshness(options);
    watch.add(true);
    watch.add(true);
    watch.add(false);
    watch.start(now);
    look();
  }
  void look() {
    std::vector<freshness::finding> found;
    next = watch.look(now, found);
    for (const auto& what : found) {
      static constexpr const char* names[] = {"prove connection", "prove", "stale", "silent"};
      auto text = std::string(names[static_cast<std::size_t>(what.kind)]);
      if (what.feed != freshness::no_feed) text += " " + std::to_string(what.feed);
      said.push_back(text + " at " + std::to_string((now - start) / (100 * ms)));
    }
  }
  // Lets time pass; act is called at every step of 100 ms.
  template <class Act>
  void pass(std::int64_t for_ns, Act&& act) {
    for (const auto end = now + for_ns; now < end;) {
      now += 100 * ms;
      act();
      if (next != 0 && now >= next) look();
    }
  }
  void pass(std::int64_t for_ns) {
    pass(for_ns, [] {});
  }
  void speak_all(std::int64_t for_ns) {
    pass(for_ns, [&] {
      for (std::size_t feed = 0; feed < 3; ++feed) watch.heard(feed, now);
    });
  }
  void speak(std::size_t feed, std::int64_t for_ns) {
    pass(for_ns, [&] { watch.heard(feed, now); });
  }
};

TEST_F(watched, says_nothing_of_feeds_that_speak) {
  begin();
  speak_all(600 * second);
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(watched, asks_a_silent_connection_for_a_proof_and_gives_it_up_within_the_bound) {
  begin();
  speak_all(20 * second);
  pass(20 * second);
  ASSERT_EQ(said.size(), 2u);
  EXPECT_EQ(said[0], "prove connection 0 at 220");  // the floor, after a fast market
  EXPECT_EQ(said[1], "silent at 250");
  EXPECT_EQ(next, 0);
  EXPECT_LE(5 * second, watch.bound_ns());
}

TEST_F(watched, is_within_the_bound_however_slow_the_market_was) {
  begin();
  for (int at = 0; at < 30; ++at) {
    pass(5 * second);
    watch.heard(0, now);
  }
  const auto last = now;
  said.clear();
  pass(20 * second);
  ASSERT_EQ(said.size(), 2u);
  EXPECT_EQ(said[1], "silent at " + std::to_string((last + watch.bound_ns() - start) / (100 * ms)));
  EXPECT_LE(watch.bound_ns(), 10 * second);
}

TEST_F(watched, believes_a_quiet_market_for_as_long_as_proofs_come) {
  begin();
  speak(1, 20 * second);
  int asked = 0;
  pass(3'600 * second, [&] {
    for (std::size_t feed = 0; feed < 2; ++feed) {
      if (!watch.is_asked(feed)) continue;
      ++asked;
      watch.proven(feed, now);
    }
  });
  for (const auto& text : said) EXPECT_EQ(text.find("prove"), 0u) << text;
  EXPECT_GT(asked, 0);
  EXPECT_LE(asked, 3'600 / 6 + 10);  // not more than one in the time of the ceiling
}

TEST_F(watched, takes_any_answer_where_no_feed_can_prove_anything) {
  watch = freshness(options);
  watch.add(false);
  watch.start(now);
  watch.heard(0, now);
  look();
  pass(7 * second);
  ASSERT_THAT(said, ElementsAre("prove connection at 60"));
  watch.proven(freshness::no_feed, now);
  pass(5 * second);
  EXPECT_EQ(said.size(), 1u);
}

TEST_F(watched, needs_no_proof_while_a_heartbeat_comes) {
  begin(second);
  speak_all(10 * second);
  pass(5 * second, [&] { watch.alive(now); });
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(watched, gives_up_a_connection_without_its_heartbeat) {
  begin(second);
  speak_all(20 * second);
  pass(20 * second);
  EXPECT_THAT(said, ElementsAre("silent at 250"));
}

TEST_F(watched, asks_for_one_book_that_is_silent_while_its_connection_lives) {
  begin();
  speak_all(20 * second);
  speak(1, 9 * second);
  EXPECT_THAT(said, ElementsAre("prove 0 at 260", "stale 0 at 290"));
  speak(1, 60 * second);
  EXPECT_EQ(said.size(), 2u);  // that one is the business of the repair now
  watch.heard(0, now);
  speak(1, 240 * second);
  EXPECT_EQ(said.size(), 2u);  // it is known by now that it can be silent for 69 s
  speak(1, 60 * second);
  EXPECT_EQ(said.size(), 4u);
}

TEST_F(watched, asks_ever_more_rarely_for_one_quiet_book) {
  begin();
  speak_all(20 * second);
  pass(3'600 * second, [&] {
    watch.heard(1, now);
    if (watch.is_asked(0)) watch.proven(0, now);
  });
  EXPECT_LE(said.size(), 16u);
  EXPECT_GE(said.size(), 5u);
}

TEST_F(watched, does_not_ask_for_a_book_that_is_silent_as_usual) {
  begin();
  for (int at = 0; at < 40; ++at) {
    speak(1, 10 * second);
    watch.heard(0, now);
  }
  said.clear();
  speak(1, 39 * second);
  EXPECT_THAT(said, IsEmpty());
  speak(1, 2 * second);
  EXPECT_EQ(said.size(), 1u);
}

TEST_F(watched, expects_nothing_of_what_the_venue_does_not_give) {
  begin();
  watch.give_up(0);
  speak(1, 120 * second);
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(watched, expects_nothing_of_what_is_not_wanted_on_a_later_connection_either) {
  begin();
  watch.drop(0);
  watch.start(now);
  look();
  speak(1, 120 * second);
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(watched, gives_a_new_connection_time_for_its_first_data) {
  begin();
  pass(19 * second);
  EXPECT_THAT(said, IsEmpty());
  pass(6 * second);
  EXPECT_THAT(said, ElementsAre("prove connection 0 at 200", "silent at 230"));
}

TEST_F(watched, does_not_count_time_in_which_the_process_slept) {
  begin();
  speak_all(20 * second);
  now += 30 * second;
  look();
  EXPECT_THAT(said, IsEmpty());
  pass(1'500 * ms);
  EXPECT_THAT(said, IsEmpty());
  pass(4 * second);
  EXPECT_EQ(said.size(), 2u);  // and is mute after all
}

TEST_F(watched, does_not_count_time_in_which_nobody_listened) {
  begin();
  speak_all(20 * second);
  pass(60 * second, [&] { watch.excuse(now); });
  EXPECT_THAT(said, IsEmpty());
  pass(6 * second);
  EXPECT_EQ(said.size(), 2u);
}

TEST_F(watched, says_nothing_once_the_connection_is_over) {
  begin();
  speak_all(20 * second);
  watch.stop();
  pass(60 * second);
  EXPECT_THAT(said, IsEmpty());
  watch.start(now);
  look();
  speak_all(10 * second);
  EXPECT_THAT(said, IsEmpty());
}

}  // namespace
}  // namespace feedtree
