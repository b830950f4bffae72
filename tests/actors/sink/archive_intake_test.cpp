// What waits for the archive: bounded, and what finds no room is told of in its place.
#include "actors/sink/archive_intake.hpp"

#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

frames_ptr frames(std::size_t count, std::int64_t from_ns = 1) {
  auto result = std::make_shared<std::vector<venues::raw_frame>>();
  for (std::size_t at = 0; at < count; ++at) {
    result->push_back({"frame", from_ns + static_cast<std::int64_t>(at)});
  }
  return result;
}

TEST(archive_intake, keeps_order_and_shares_frames) {
  archive_intake intake({100, 1 << 20});
  const archive_tap tap(std::make_shared<archive_intake>(archive_bounds{}), "kraken", "kraken/a");
  EXPECT_TRUE(tap.is_on());
  EXPECT_FALSE(archive_tap().is_on());
  const auto some = frames(3);
  intake.put_frames("kraken", "a", some);
  archive_item connect;
  connect.type = storage::archive_type::connect;
  intake.put(connect);
  EXPECT_EQ(intake.front()->frames, some);  // the same memory
  intake.pop();
  EXPECT_EQ(intake.front()->type, storage::archive_type::connect);
  intake.pop();
  EXPECT_EQ(intake.front(), nullptr);
  EXPECT_EQ(intake.now().bytes, 0);
  EXPECT_EQ(intake.now().frames, 0);
}

TEST(archive_intake, drops_and_counts_what_finds_no_room_and_says_so_in_its_place) {
  archive_intake intake({10, 1 << 20});
  intake.put_frames("kraken", "a", frames(10, 1));
  intake.put_frames("kraken", "a", frames(4, 11));
  intake.put_frames("kraken", "b", frames(2, 20));
  intake.put_frames("kraken", "a", frames(1, 30));
  EXPECT_EQ(intake.now().dropped, 7);
  EXPECT_EQ(intake.now().times_full, 1);
  EXPECT_TRUE(intake.now().full);
  EXPECT_EQ(intake.now().frames, 10);
  intake.pop();
  // Everything was taken: what is missing is told at once.
  const auto first = intake.front();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->type, storage::archive_type::lost);
  EXPECT_EQ(first->connection, "a");
  EXPECT_EQ(first->count, 5);
  EXPECT_EQ(first->text, "no room from 11 to 30");
  intake.pop();
  EXPECT_EQ(intake.front()->connection, "b");
  EXPECT_EQ(intake.front()->count, 2);
  intake.pop();
  EXPECT_EQ(intake.front(), nullptr);
  EXPECT_FALSE(intake.now().full);
  EXPECT_EQ(intake.now().dropped, 7);
}

TEST(archive_intake, is_bounded_by_bytes_but_takes_one_item_of_any_size) {
  archive_intake intake({1'000, 4'096});
  archive_item large;
  large.type = storage::archive_type::rest;
  large.text = std::string(100'000, 'x');
  intake.put(large);
  EXPECT_EQ(intake.now().dropped, 0);
  intake.put_frames("kraken", "a", frames(1));
  EXPECT_EQ(intake.now().dropped, 1);
}

TEST(archive_intake, gives_each_actor_of_one_name_a_name_of_its_own) {
  archive_intake intake({});
  EXPECT_EQ(intake.open("kraken", "connection-1"), "connection-1");
  EXPECT_EQ(intake.open("kraken", "connection-1"), "connection-1.2");
  EXPECT_EQ(intake.open("okx", "connection-1"), "connection-1");
}

}  // namespace
}  // namespace feedtree::actors
