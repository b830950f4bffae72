#include "actors/edges/outbox.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace feedtree::actors {
namespace {

using sent_items = std::vector<std::pair<std::uint64_t, std::string>>;

sent_items pump(outbox<std::string>& box) {
  sent_items sent;
  box.pump(
      [&](std::uint64_t sequence, const std::string& what) { sent.emplace_back(sequence, what); });
  return sent;
}

TEST(outbox, sends_in_order_while_there_is_credit_for_events) {
  outbox<std::string> box({10, 1000});
  box.push("a", 4, 1);
  box.push("b", 6, 1);
  box.push("c", 1, 1);
  EXPECT_EQ(pump(box), (sent_items{{1, "a"}, {2, "b"}}));
  EXPECT_EQ(box.events_sent(), 10u);
  EXPECT_EQ(box.events_waiting(), 1u);
  EXPECT_FALSE(box.is_clear());
}

TEST(outbox, sends_in_order_while_there_is_credit_for_bytes) {
  outbox<std::string> box({1000, 10});
  box.push("a", 1, 7);
  box.push("b", 1, 4);
  box.push("c", 1, 1);  // would fit, but may not overtake
  EXPECT_EQ(pump(box), (sent_items{{1, "a"}}));
  EXPECT_EQ(box.bytes_sent(), 7u);
  EXPECT_EQ(box.bytes_waiting(), 5u);
}

TEST(outbox, sends_an_item_larger_than_the_window_alone) {
  outbox<std::string> box({10, 10});
  box.push("a", 1, 1);
  box.push("large", 99, 99);
  box.push("b", 1, 1);
  EXPECT_EQ(pump(box), (sent_items{{1, "a"}}));
  EXPECT_TRUE(box.acknowledge(1));
  EXPECT_EQ(pump(box), (sent_items{{2, "large"}}));
  EXPECT_TRUE(pump(box).empty());
  EXPECT_TRUE(box.acknowledge(2));
  EXPECT_EQ(pump(box), (sent_items{{3, "b"}}));
}

TEST(outbox, takes_an_acknowledgement_for_everything_up_to_it) {
  outbox<std::string> box({10, 10});
  for (const auto* text : {"a", "b", "c"}) box.push(text, 1, 2);
  EXPECT_EQ(pump(box).size(), 3u);
  EXPECT_TRUE(box.acknowledge(2));
  EXPECT_EQ(box.events_sent(), 1u);
  EXPECT_EQ(box.bytes_sent(), 2u);
  EXPECT_TRUE(box.is_clear());
  EXPECT_FALSE(box.is_done());
  EXPECT_TRUE(box.acknowledge(3));
  EXPECT_TRUE(box.is_done());
}

TEST(outbox, ignores_an_acknowledgement_of_what_is_not_on_the_way) {
  outbox<std::string> box({1, 10});
  box.push("a", 1, 1);
  box.push("b", 1, 1);
  EXPECT_FALSE(box.acknowledge(2));
  EXPECT_EQ(pump(box), (sent_items{{1, "a"}}));
  EXPECT_TRUE(box.acknowledge(1));
  EXPECT_FALSE(box.acknowledge(1));
  EXPECT_EQ(box.events_waiting(), 1u);
}

TEST(outbox, sends_again_in_order_what_a_restarted_consumer_had_not_acknowledged) {
  outbox<std::string> box({3, 100});
  for (const auto* text : {"a", "b", "c", "d"}) box.push(text, 1, 10);
  EXPECT_EQ(pump(box).size(), 3u);
  box.acknowledge(1);
  box.take_back();
  EXPECT_EQ(box.events_sent(), 0u);
  EXPECT_EQ(box.bytes_sent(), 0u);
  EXPECT_EQ(box.events_waiting(), 3u);
  EXPECT_EQ(box.bytes_waiting(), 30u);
  EXPECT_EQ(pump(box), (sent_items{{2, "b"}, {3, "c"}, {4, "d"}}));
  EXPECT_TRUE(box.acknowledge(4));
  EXPECT_TRUE(box.is_done());
}

}  // namespace
}  // namespace feedtree::actors
