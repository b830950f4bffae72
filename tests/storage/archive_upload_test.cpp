// Uploads to a server that checks every signature itself.
#include "storage/archive_upload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/archive_support.hpp"
#include "tests/support/paths.hpp"

namespace feedtree::tests {
namespace {

using namespace feedtree::storage;
using testing::HasSubstr;

class uploads : public testing::Test {
 protected:
  void serve(int fail_first = 0) {
    const auto script = std::string(paths::source_folder()) + "/tests/support/s3_server.py";
    server_ = child_process(
        {"/usr/bin/python3", script, folder_.file("objects"), std::to_string(fail_first)},
        folder_.path(), "s3");
    ASSERT_TRUE(server_.wait_for_output("listens on ")) << server_.err();
    const auto line = server_.out();
    const auto begin = line.find("listens on ") + 11;
    options_.endpoint = "http://" + line.substr(begin, line.find('\n', begin) - begin);
    options_.bucket = "market-data";
    options_.prefix = "raw/";
    options_.access_key = "tester";
    options_.secret_key = "secret";
    options_.wait = [this](std::int64_t ms) { waits_.push_back(ms); };
    options_.now_ns = [] { return noon_ns; };
    small_file(root(), key_of(3));
  }
  std::string root() const { return folder_.file("archive"); }
  std::string object() const {
    return folder_.file("objects") +
           "/market-data/raw/kraken/2026-09-12/12/connection-1-1.jsonl.zst.sealed";
  }
  std::string failure() {
    archive_uploader uploader(options_);
    try {
      uploader.upload_all(root(), {});
    } catch (const archive_error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  temporary_folder folder_;
  child_process server_;
  upload_options options_;
  std::vector<std::int64_t> waits_;
};

TEST_F(uploads, arrive_once_and_byte_for_byte) {
  serve();
  archive_uploader uploader(options_);
  EXPECT_EQ(uploader.upload_all(root(), {}), 1);
  const auto file = files_of(root()).at(0);
  EXPECT_EQ(sha256_of_file(object()), file.facts->sha256);
  EXPECT_EQ(uploader.upload_all(root(), {}), 0);  // it is known to be there
  const auto known = read_uploads(std::filesystem::path(file.path).parent_path().string());
  ASSERT_EQ(known.size(), 1);
  EXPECT_EQ(known.begin()->second.key, "raw/kraken/2026-09-12/12/connection-1-1.jsonl.zst.sealed");
  EXPECT_EQ(known.begin()->second.at_ns, noon_ns);
  // Where only the list is lost, the object is recognised and not sent again.
  EXPECT_FALSE(uploader.upload(file.path, *file.facts, known.begin()->second.key));
  const auto log = server_.out();
  EXPECT_EQ(log.find("PUT"), log.rfind("PUT"));
}

TEST_F(uploads, are_tried_again_while_the_server_is_busy) {
  serve(3);
  archive_uploader uploader(options_);
  EXPECT_EQ(uploader.upload_all(root(), {}), 1);
  EXPECT_EQ(waits_, (std::vector<std::int64_t>{500, 1'000, 2'000}));
}

TEST_F(uploads, with_a_wrong_secret_are_refused_in_the_servers_words) {
  serve();
  options_.secret_key = "wrong";
  EXPECT_THAT(failure(), HasSubstr("cannot be uploaded: HTTP 403"));
  EXPECT_TRUE(waits_.empty());
  EXPECT_FALSE(std::filesystem::exists(object()));
}

TEST_F(uploads, of_a_file_that_is_not_what_the_manifest_says_do_not_arrive) {
  serve();
  const auto file = files_of(root()).at(0);
  auto bytes = read_text(file.path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_text(file.path, bytes);
  EXPECT_THAT(failure(), HasSubstr("XAmzContentSHA256Mismatch"));
  EXPECT_FALSE(std::filesystem::exists(object()));
}

TEST_F(uploads, give_up_where_nobody_answers) {
  serve();
  server_.signal(9);
  server_.wait();
  options_.attempts = 3;
  EXPECT_THAT(failure(), HasSubstr("cannot be uploaded"));
  EXPECT_EQ(waits_.size(), 2);
}

}  // namespace
}  // namespace feedtree::tests
