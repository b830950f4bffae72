// A sink that stands still: memory while it does, and catching up behind it. What was measured with
// real figures is in docs/reliability.md.
#include <gtest/gtest.h>

#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

double figure(const std::string& json, const std::string& name) {
  const auto at = json.find('"' + name + "\":");
  return at == std::string::npos ? -1 : std::stod(json.substr(at + name.size() + 3));
}

std::string load(const std::string& backlog, const std::string& pace, const std::string& live) {
  const temporary_folder folder;
  child_process process({paths::delivery_load(), folder.path(), backlog, pace, live}, folder.path(),
                        "load");
  EXPECT_EQ(process.wait(std::chrono::minutes(4)), 0) << process.err();
  const auto out = process.out();
  std::printf("%s", out.c_str());
  return out;
}

TEST(stalled_sink, costs_less_than_64_mib_of_memory) {
  const auto result = load("500000", "50000", "5000");
  EXPECT_LT(figure(result, "growth_kib"), 64 * 1024);
  EXPECT_GE(figure(result, "growth_kib"), 0);
  EXPECT_EQ(figure(result, "backlog"), 500'000);
}

// An hour of 500 trades a second, that comes at once; live trades go on at that rate.
TEST(stalled_sink, catches_up_at_ten_times_the_live_rate_or_better_in_order) {
  const auto result = load("1800000", "0", "500");
  EXPECT_GE(figure(result, "times_live"), 10);
  EXPECT_GE(figure(result, "caught_up"), 1'800'000);
}

}  // namespace
}  // namespace feedtree::tests
