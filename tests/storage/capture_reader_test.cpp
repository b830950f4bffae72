#include "storage/capture_reader.hpp"

#include <gtest/gtest.h>

namespace feedtree {
namespace {

capture capture_of(const std::string& header) {
  return parse_capture("{\"t\":\"header\"," + header +
                       "}\n{\"t\":\"recv\",\"conn\":\"x\",\"ts\":1.5,\"data\":\"{}\"}\n");
}

TEST(captures, name_their_venue_by_its_present_and_its_former_name) {
  EXPECT_EQ(capture_of(R"("format":2,"exchange":"OKX")").venue, "okx");
  EXPECT_EQ(capture_of(R"("format":2,"exchange":"OKEX")").venue, "okx");
  EXPECT_EQ(capture_of(R"("format":2,"exchange":"HUOBI")").venue, "htx");
  EXPECT_EQ(capture_of(R"("format":"feedtree-1","venue":"OKEX")").venue, "okx");
  EXPECT_EQ(capture_of(R"("format":"feedtree-1","venue":"kraken")").venue, "kraken");
}

// Whoever replays it may say which venue of ours it is.
TEST(captures, of_a_venue_that_is_not_known_are_read_all_the_same) {
  const auto read = capture_of(R"("format":2,"exchange":"ELSEWHERE")");
  EXPECT_EQ(read.venue, "");
  EXPECT_EQ(read.recorded_from, "ELSEWHERE");
  ASSERT_EQ(read.records.size(), 1U);
  EXPECT_EQ(read.records[0].receive_ns, 1'500'000'000);
}

}  // namespace
}  // namespace feedtree
