#include "storage/rotating_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/small_disk.hpp"

namespace feedtree::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::int64_t second = 1'000'000'000;

class lines_in_files : public testing::Test {
 protected:
  lines_in_files() {
    std::string name = testing::TempDir() + "rotating-XXXXXX";
    root_ = mkdtemp(name.data());
    options_.folder = root_ + "/a/b";
    options_.prefix = "metrics";
    options_.rotate_bytes = 100;
    options_.total_bytes = 250;
  }
  ~lines_in_files() override { fs::remove_all(root_); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(options_.folder)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  static std::string content(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string root_;
  rotating_options options_;
};

TEST_F(lines_in_files, are_whole_and_in_order_in_a_folder_for_this_user_alone) {
  rotating_lines lines(options_);
  EXPECT_EQ(lines.path(), "");
  lines.append("one", second);
  lines.append("two", 2 * second);
  EXPECT_EQ(content(lines.path()), "one\ntwo\n");
  struct stat about {};
  ASSERT_EQ(stat(options_.folder.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0700U);
  ASSERT_EQ(stat(lines.path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_EQ(files().front(), "metrics-19700101T000001.000000000Z.jsonl");
}

TEST_F(lines_in_files, begin_another_file_when_one_is_full) {
  rotating_lines lines(options_);
  for (std::int64_t at = 1; at <= 3; ++at) lines.append(std::string(49, 'x'), at * second);
  ASSERT_EQ(files().size(), 2u);
  EXPECT_EQ(fs::file_size(options_.folder + "/" + files()[0]), 100u);
  EXPECT_EQ(fs::file_size(options_.folder + "/" + files()[1]), 50u);
}

TEST_F(lines_in_files, the_oldest_go_and_what_belongs_to_others_stays) {
  rotating_lines lines(options_);
  lines.append("x", second);
  std::ofstream(options_.folder + "/notes.txt") << std::string(1'000, 'x');
  std::size_t removed = 0;
  for (std::int64_t at = 2; at <= 20; ++at) {
    removed += lines.append(std::string(49, 'x'), at * second);
    std::uint64_t total = 0;
    for (const auto& name : files()) {
      if (name != "notes.txt") total += fs::file_size(options_.folder + "/" + name);
    }
    EXPECT_LE(total, options_.total_bytes);
  }
  EXPECT_GT(removed, 5u);
  EXPECT_TRUE(fs::exists(options_.folder + "/notes.txt"));
  EXPECT_TRUE(fs::exists(lines.path()));
}

TEST_F(lines_in_files, a_line_that_is_larger_than_a_file_has_one_for_itself) {
  rotating_lines lines(options_);
  lines.append("small", second);
  lines.append(std::string(180, 'x'), 2 * second);
  lines.append("small", 3 * second);
  EXPECT_EQ(files().size(), 3u);
}

TEST_F(lines_in_files, a_folder_that_cannot_be_made_is_named_with_a_way_out) {
  std::ofstream(root_ + "/a") << "a file";
  rotating_lines lines(options_);
  try {
    lines.append("x", second);
    FAIL() << "did not throw";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(root_ + "/a"));
  }
  fs::remove(root_ + "/a");
  lines.append("x", second);
  EXPECT_EQ(content(lines.path()), "x\n");
}

TEST_F(lines_in_files, a_full_disk_leaves_no_half_line) {
  const tests::small_disk disk(root_ + "/disk", 1 << 20);
  if (!disk.is_mounted()) GTEST_SKIP() << "skipped: nothing can be mounted here";
  options_.folder = disk.path();
  options_.rotate_bytes = options_.total_bytes = 1 << 20;
  rotating_lines lines(options_);
  lines.append("one", second);
  disk.fill(0);
  try {
    lines.append(std::string(20'000, 'x'), 2 * second);
    FAIL() << "did not throw";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("free space on that disk"));
  }
  EXPECT_EQ(content(lines.path()), "one\n");
  disk.free();
  lines.append("two", 3 * second);
  EXPECT_EQ(content(lines.path()), "one\ntwo\n");
}

}  // namespace
}  // namespace feedtree::storage
