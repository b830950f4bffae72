// The journal at its bound, in a real run: a database that takes nothing while events come.
#include <filesystem>

#include "tests/e2e/two_sinks.hpp"

namespace feedtree::tests {
namespace {

using testing::HasSubstr;

class journal_limit : public two_sinks {
 protected:
  static constexpr std::uint64_t count = 200'000;  // some five MiB in the journal

  // Begins with the database locked by this process.
  void start(const std::string& at_limit) {
    process_ = source(folder_.path(), "sqlite:" + database(), count, 20'000, {at_limit, "1048576"});
    ASSERT_TRUE(process_.wait_for_output("ready")) << process_.err();
    lock_ = std::make_unique<storage::sqlite_database>(database(), 10'000);
    lock_->execute("BEGIN EXCLUSIVE");
  }
  void unlock() {
    lock_->execute("ROLLBACK");
    lock_.reset();
  }
  std::uint64_t accepted() const {
    const auto path = folder_.file("accepted");
    const auto text = std::filesystem::exists(path) ? read_text(path) : "";
    return text.empty() ? 0 : std::stoull(text);
  }

  child_process process_;
  std::unique_ptr<storage::sqlite_database> lock_;
};

TEST_F(journal_limit, blocks_until_the_sink_takes_something_and_loses_nothing) {
  start("block");
  ASSERT_TRUE(eventually(
      [&] { return process_.err().find("is full: everything waits") != std::string::npos; },
      patience));
  EXPECT_LT(accepted(), count);
  EXPECT_THAT(process_.out(), testing::Not(HasSubstr("accepted")));
  unlock();
  expect_end(process_);
  EXPECT_EQ(stored().size(), count);
  EXPECT_TRUE(lost_by_ledger().empty());
}

TEST_F(journal_limit, drops_the_oldest_and_the_ledger_has_each_of_them) {
  start("drop_oldest");
  ASSERT_TRUE(process_.wait_for_output("accepted", patience)) << process_.err();  // nobody waits
  unlock();
  expect_end(process_);
  EXPECT_LT(stored().size(), count);
  EXPECT_EQ(*stored().rbegin(), count);
  EXPECT_FALSE(lost_by_ledger().empty());
  expect_stored_or_in_ledger(count);
}

}  // namespace
}  // namespace feedtree::tests
