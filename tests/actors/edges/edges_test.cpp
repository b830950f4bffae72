// What is on the way, as it is shown.
#include <gtest/gtest.h>

#include "actors/edges/edge_display.hpp"
#include "actors/venue/frame_inbox.hpp"

namespace feedtree::actors {
namespace {

edge_statistics only_edge(const statistics& counters) {
  const auto edges = counters.edges();
  EXPECT_EQ(edges.size(), 1U);
  return edges.empty() ? edge_statistics{} : edges.front();
}

TEST(edge_display, shows_what_waits_and_what_was_sent_with_the_bounds) {
  statistics counters({});
  outbox<int> box({10, 1'000});
  edge_display display("a to b");
  box.push(1, 6, 60);
  box.push(2, 6, 60);
  box.pump([](std::uint64_t, int) {});
  display.show(box, counters);
  const auto edge = only_edge(counters);
  EXPECT_EQ(edge.name, "a to b");
  EXPECT_EQ(edge.events, 12U);
  EXPECT_EQ(edge.bytes, 120U);
  EXPECT_EQ(edge.events_max, 10U);
  EXPECT_EQ(edge.bytes_max, 1'000U);
}

TEST(edge_display, shows_at_once_that_it_has_become_empty) {
  statistics counters({});
  outbox<int> box({10, 1'000});
  edge_display display("a to b");
  box.push(1, 6, 60);
  box.pump([](std::uint64_t, int) {});
  display.show(box, counters);
  box.acknowledge(1);
  display.show(box, counters);
  EXPECT_EQ(only_edge(counters).events, 0U);
}

TEST(edge_display, shows_a_busy_edge_now_and_then) {
  statistics counters({});
  outbox<int> box({1'000, 1'000});
  edge_display display("a to b");
  for (int at = 0; at < 64; ++at) {
    box.push(at, 1, 1);
    box.pump([](std::uint64_t, int) {});
    display.show(box, counters);
  }
  EXPECT_GT(only_edge(counters).events, 40U);
}

TEST(watched_edges, are_looked_at_when_someone_asks_until_they_are_gone) {
  statistics counters({});
  std::uint64_t depth = 3;
  bool there = true;
  counters.watch_edge("inbox", [&]() -> std::optional<edge_statistics> {
    if (!there) return {};
    return edge_statistics{"inbox", depth};
  });
  EXPECT_EQ(only_edge(counters).events, 3U);
  depth = 5;
  EXPECT_EQ(only_edge(counters).events, 5U);
  there = false;
  EXPECT_TRUE(counters.edges().empty());
}

TEST(frame_inbox_load, is_what_waits_and_how_often_it_was_full) {
  frame_inbox inbox({2, 1'000});
  inbox.put("abc", 1);
  EXPECT_FALSE(inbox.now().full);
  inbox.put("de", 2);
  const auto now = inbox.now();
  EXPECT_EQ(now.frames, 2U);
  EXPECT_EQ(now.bytes, 5U);
  EXPECT_EQ(now.times_full, 1U);
  EXPECT_TRUE(now.full);
  std::vector<venues::raw_frame> taken;
  EXPECT_TRUE(inbox.take(taken));
  EXPECT_EQ(inbox.now().frames, 0U);
  EXPECT_FALSE(inbox.now().full);
  EXPECT_EQ(inbox.now().bounds.frames, 2U);
}

}  // namespace
}  // namespace feedtree::actors
