// Which reads are recorded.
#include "actors/operator/read_journal.hpp"

#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

const http::read_note overview{"victor", "overview", "::1"};

TEST(read_journal, records_the_same_read_once_in_a_while_and_counts_the_others) {
  read_journal journal(1'000);
  EXPECT_EQ(journal.note(overview, 5'000), "from ::1");
  EXPECT_EQ(journal.note(overview, 5'001), std::nullopt);
  EXPECT_EQ(journal.note(overview, 5'999), std::nullopt);
  EXPECT_EQ(journal.note(overview, 6'000), "from ::1; 2 more since the last record");
  EXPECT_EQ(journal.note(overview, 7'000), "from ::1");
}

TEST(read_journal, tells_callers_addresses_and_paths_apart) {
  read_journal journal(1'000);
  EXPECT_TRUE(journal.note(overview, 1).has_value());
  EXPECT_TRUE(journal.note({"olga", "overview", "::1"}, 2).has_value());
  EXPECT_TRUE(journal.note({"victor", "sinks", "::1"}, 3).has_value());
  EXPECT_EQ(journal.note({"victor", "overview", ""}, 4), "");
  EXPECT_FALSE(journal.note(overview, 5).has_value());
}

TEST(read_journal, is_bounded_and_forgets_what_is_due) {
  read_journal journal(1'000, 2);
  EXPECT_TRUE(journal.note(overview, 0).has_value());
  EXPECT_TRUE(journal.note({"victor", "sinks", "::1"}, 500).has_value());
  EXPECT_FALSE(journal.note({"victor", "gaps", "::1"}, 900).has_value());
  EXPECT_EQ(journal.not_recorded(), 1U);
  EXPECT_TRUE(journal.note({"victor", "gaps", "::1"}, 1'000).has_value());
  EXPECT_FALSE(journal.note({"victor", "sinks", "::1"}, 1'001).has_value());
  EXPECT_EQ(journal.not_recorded(), 1U);
}

TEST(read_journal, may_be_off) {
  read_journal journal(0);
  EXPECT_FALSE(journal.note(overview, 1).has_value());
  EXPECT_EQ(journal.not_recorded(), 0U);
}

}  // namespace
}  // namespace feedtree::actors
