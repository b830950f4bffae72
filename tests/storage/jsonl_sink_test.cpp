#include "storage/jsonl_sink.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/sample_events.hpp"

namespace feedtree::storage {
namespace {

using testing::HasSubstr;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class jsonl : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "jsonl_" + std::to_string(::getpid());
    std::filesystem::create_directory(folder_);
    path_ = folder_ + "/events.jsonl";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write_all(const std::string& path, const batch_ptr& batch) {
    jsonl_sink out(path, context_);
    out.write(batch);
    out.close();
  }

  batch_ptr many_trades(std::size_t count) {
    auto batch = std::make_shared<event_batch>();
    for (std::size_t at = 0; at < count; ++at) {
      batch->events.push_back(tests::sample_trade(where_, std::to_string(at)));
    }
    return batch;
  }

  std::string lines_of(const event_batch& batch) {
    std::string lines;
    for (const auto& what : batch.events) {
      encode_json(what, batch, lines);
      lines += '\n';
    }
    return lines;
  }

  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_);
  sink_context context_;
  std::string folder_;
  std::string path_;
};

TEST_F(jsonl, writes_one_line_an_event_and_what_is_in_quarantine_behind_them) {
  auto batch = tests::every_kind(where_);
  batch->quarantine.push_back(tests::sample_quarantine());
  write_all(path_, batch);
  auto expected = lines_of(*batch);
  encode_json(tests::sample_quarantine(), {}, expected);
  EXPECT_EQ(read_file(path_), expected + "\n");
}

TEST_F(jsonl, gives_the_same_bytes_on_a_second_run) {
  write_all(path_, tests::every_kind(where_));
  listing_registry other;
  write_all(folder_ + "/second", tests::every_kind(tests::sample_listing(other)));
  const auto first = read_file(path_);
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(first, read_file(folder_ + "/second"));
}

TEST_F(jsonl, appends_to_a_file_unless_it_is_to_be_overwritten) {
  const auto batch = many_trades(2);
  write_all(path_, batch);
  write_all(path_, batch);
  EXPECT_EQ(read_file(path_), lines_of(*batch) + lines_of(*batch));
  context_.options["overwrite"] = "1";
  write_all(path_, batch);
  EXPECT_EQ(read_file(path_), lines_of(*batch));
}

TEST_F(jsonl, cuts_off_the_line_that_a_crash_left_unfinished) {
  const auto batch = many_trades(1);
  std::ofstream(path_) << "{\"whole\":1}\n" << std::string(200'000, 'x');
  write_all(path_, batch);
  EXPECT_EQ(read_file(path_), "{\"whole\":1}\n" + lines_of(*batch));
  std::filesystem::resize_file(path_, 5);
  write_all(path_, batch);
  EXPECT_EQ(read_file(path_), lines_of(*batch));
}

TEST_F(jsonl, holds_lines_back_until_flush_and_counts_them) {
  jsonl_sink out(path_, context_);
  out.write(many_trades(3));
  EXPECT_EQ(std::filesystem::file_size(path_), 0U);
  EXPECT_EQ(out.counters().events, 3U);
  EXPECT_EQ(out.counters().delivered, 0U);
  out.flush();
  EXPECT_EQ(out.counters().delivered, 3U);
  EXPECT_EQ(out.counters().bytes, std::filesystem::file_size(path_));
}

TEST_F(jsonl, says_which_path_is_full_and_keeps_the_lines) {
  jsonl_sink out("/dev/full", context_);
  out.write(many_trades(3));
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      out.flush();
      FAIL() << "nothing was thrown";
    } catch (const sink_error& error) {
      EXPECT_TRUE(error.retryable());
      EXPECT_THAT(error.what(), HasSubstr("/dev/full: No space left on device; free space"));
    }
  }
  EXPECT_EQ(out.counters().errors, 2U);
  EXPECT_EQ(out.counters().delivered, 0U);
  EXPECT_THROW(out.close(), sink_error);
}

TEST_F(jsonl, refuses_a_batch_while_the_disk_is_full_and_its_buffer_too) {
  jsonl_sink out("/dev/full", context_);
  const auto batch = many_trades(5'000);
  out.write(batch);  // more than the buffer: goes on the disk at the next write
  EXPECT_THROW(out.write(batch), sink_error);
  EXPECT_EQ(out.counters().batches, 1U);
}

// In a child, because the limit is the process's: what fits before the limit is written, and after
// the limit is raised the rest follows without a torn or a doubled line.
TEST_F(jsonl, goes_on_behind_the_last_byte_when_there_is_room_again) {
  const auto batch = many_trades(1'000);
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const auto before = limit.rlim_cur;
    limit.rlim_cur = 10'001;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    jsonl_sink out(path_, context_);
    out.write(batch);
    bool failed = false;
    try {
      out.flush();
    } catch (const sink_error& error) {
      failed = error.retryable();
    }
    failed = failed && std::filesystem::file_size(path_) == 10'001;
    limit.rlim_cur = before;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    out.close();
    ::_exit(failed ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(read_file(path_), lines_of(*batch));
}

TEST_F(jsonl, reports_a_pipe_whose_reader_has_gone) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  jsonl_sink out(path_, context_);
  out.write(many_trades(1));
  out.flush();
  ::close(reader);
  out.write(many_trades(1));
  try {
    out.flush();
    FAIL() << "nothing was thrown";
  } catch (const sink_error& error) {
    EXPECT_FALSE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr(path_ + ": Broken pipe; its reader has gone"));
  }
}

TEST_F(jsonl, says_why_a_target_cannot_be_opened) {
  try {
    jsonl_sink out(folder_ + "/no/such/file", context_);
    FAIL() << "nothing was thrown";
  } catch (const sink_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(folder_ + "/no/such/file: No such file or directory"));
  }
  EXPECT_THROW(jsonl_sink("", context_), sink_error);
  context_.options["overwrit"] = "1";
  EXPECT_THROW(jsonl_sink(path_, context_), sink_error);
}

}  // namespace
}  // namespace feedtree::storage
