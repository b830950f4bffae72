#include "actors/venue/frame_inbox.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace feedtree::actors {
namespace {

TEST(frame_inbox, wakes_the_reader_once_a_filling) {
  frame_inbox inbox({100, 100});
  EXPECT_TRUE(inbox.put("a", 1).wake);
  EXPECT_FALSE(inbox.put("b", 2).wake);
  std::vector<venues::raw_frame> out;
  inbox.take(out);
  out.clear();
  EXPECT_TRUE(inbox.put("c", 3).wake);
}

TEST(frame_inbox, gives_all_frames_in_order_with_their_times) {
  frame_inbox inbox({100, 100});
  inbox.put("a", 1);
  inbox.put("b", 2);
  std::vector<venues::raw_frame> out;
  EXPECT_FALSE(inbox.take(out));
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].text, "a");
  EXPECT_EQ(out[0].receive_ns, 1);
  EXPECT_EQ(out[1].text, "b");
  EXPECT_EQ(out[1].receive_ns, 2);
}

TEST(frame_inbox, pauses_once_at_its_bound_of_frames) {
  frame_inbox inbox({2, 100});
  EXPECT_FALSE(inbox.put("a", 1).pause);
  EXPECT_TRUE(inbox.put("b", 2).pause);
  EXPECT_FALSE(inbox.put("c", 3).pause);  // already told
  std::vector<venues::raw_frame> out;
  EXPECT_TRUE(inbox.take(out));
  EXPECT_EQ(out.size(), 3u);
}

TEST(frame_inbox, pauses_at_its_bound_of_bytes_and_counts_anew_after_a_take) {
  frame_inbox inbox({100, 10});
  EXPECT_FALSE(inbox.put(std::string(9, 'x'), 1).pause);
  EXPECT_TRUE(inbox.put("y", 2).pause);
  std::vector<venues::raw_frame> out;
  EXPECT_TRUE(inbox.take(out));
  out.clear();
  EXPECT_FALSE(inbox.put(std::string(9, 'x'), 3).pause);
  EXPECT_FALSE(inbox.take(out));
}

// One thread puts, as the reactor's does; the other takes what is there until it has all.
TEST(frame_inbox, loses_nothing_between_two_threads) {
  constexpr std::size_t frames = 20'000;
  frame_inbox inbox({64, 1 << 20});
  std::uint64_t pauses = 0;
  std::thread writer([&] {
    for (std::size_t at = 0; at < frames; ++at) {
      if (inbox.put(std::to_string(at), static_cast<std::int64_t>(at)).pause) ++pauses;
    }
  });
  std::size_t next = 0;
  std::uint64_t resumes = 0;
  bool in_order = true;
  for (std::vector<venues::raw_frame> out; next < frames; out.clear()) {
    if (inbox.take(out)) ++resumes;
    for (const auto& frame : out) in_order = in_order && frame.text == std::to_string(next++);
  }
  writer.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(next, frames);
  EXPECT_EQ(pauses, resumes);
}

}  // namespace
}  // namespace feedtree::actors
