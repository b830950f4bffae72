// What a connection takes for a sign of life of its feeds.
#include <gtest/gtest.h>

#include "actors/venue/connection_parts.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors::connection_parts {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t begin_ns = 1'764'547'200 * second_ns;
constexpr auto book = static_cast<std::size_t>(event_kind::book);

class one_book : public testing::Test {
 protected:
  one_book() {
    auto& slot = state.slots.emplace_back(outbox<decoded_slice>(credit_window{10, 10'000}), "edge");
    slot.where = tests::sample_listing(registry);
    slot.kinds.set(book);
    slot.feeds[book] = state.watch.add(true);
    state.watch.start(begin_ns);
  }
  // Updates of the book, four a second; true if a proof is asked for within so many seconds.
  bool is_doubted_within(int seconds) {
    for (int quarter = 0; quarter < 4 * seconds; ++quarter) {
      now_ns += second_ns / 4;
      state.slots.front().heard.set(book);
      note_heard(state, now_ns);
      std::vector<freshness::finding> found;
      state.watch.look(now_ns, found);
      if (!found.empty()) return true;
    }
    return false;
  }

  listing_registry registry;
  connection_state state;
  std::int64_t now_ns = begin_ns;
};

TEST_F(one_book, that_gets_updates_lives) {
  EXPECT_FALSE(is_doubted_within(60));
}

TEST_F(one_book, whose_updates_show_nothing_new_is_doubted) {
  ASSERT_FALSE(is_doubted_within(30));
  state.slots.front().book_repeats = true;
  EXPECT_TRUE(is_doubted_within(7));
}

TEST_F(one_book, that_gets_its_snapshot_is_proven_although_its_updates_showed_nothing_new) {
  ASSERT_FALSE(is_doubted_within(30));
  state.slots.front().book_repeats = true;
  ASSERT_TRUE(is_doubted_within(7));
  ASSERT_TRUE(state.watch.is_asked(state.slots.front().feeds[book]));
  state.slots.front().heard.set(book);
  state.slots.front().has_snapshot = true;
  note_heard(state, now_ns);
  EXPECT_FALSE(state.watch.is_asked(state.slots.front().feeds[book]));
}

}  // namespace
}  // namespace feedtree::actors::connection_parts
