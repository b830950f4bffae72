// What the tests of slow and full targets share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "storage/sqlite_database.hpp"
#include "tests/adapters/nats/nats_server.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {

inline constexpr auto patience = std::chrono::seconds(120);

// A source of trades in front of a SQLite database and a nats-server.
class two_sinks : public testing::Test {
 protected:
  void SetUp() override { FEEDTREE_NATS_SERVER(); }

  // Sends trades 1 to count, so many a second (0: what can be), with its journal in the folder.
  child_process source(const std::string& folder, const std::string& sinks, std::uint64_t count,
                       std::uint64_t rate, const std::vector<std::string>& journal = {}) const {
    std::vector<std::string> argv{
        paths::delivery_source(), folder, sinks, "1", std::to_string(count), "50",
        std::to_string(rate)};
    argv.insert(argv.end(), journal.begin(), journal.end());
    return {argv, folder_.path(), "source"};
  }
  std::string database() const { return folder_.file("events.db"); }
  std::set<std::uint64_t> stored() const {
    storage::sqlite_database file(database(), 1'000);
    auto query = file.prepare("SELECT key FROM trade");
    std::set<std::uint64_t> result;
    while (query.step()) result.insert(std::stoull(query.text(0)));
    return result;
  }
  std::int64_t rows() const {
    storage::sqlite_database file(database(), 1'000);
    auto query = file.prepare("SELECT count(*) FROM trade");
    query.step();
    return query.integer(0);
  }
  bool has_rows(std::int64_t least) const {
    return eventually([&] { return rows() >= least; }, patience);
  }
  // The numbers that the ledger of the database explains.
  std::set<std::uint64_t> lost_by_ledger() const {
    storage::sqlite_database file(database(), 1'000);
    auto query = file.prepare("SELECT begin_ns, end_ns FROM gap WHERE cause = 'journal'");
    std::set<std::uint64_t> result;
    while (query.step()) {
      for (auto at = query.integer(0); at <= query.integer(1); ++at) {
        result.insert(static_cast<std::uint64_t>(at));
      }
    }
    return result;
  }
  // Each of the trades 1 to count is in the database, or in its ledger.
  void expect_stored_or_in_ledger(std::uint64_t count) const {
    const auto in_database = stored();
    const auto in_ledger = lost_by_ledger();
    for (std::uint64_t number = 1; number <= count; ++number) {
      ASSERT_TRUE(in_database.count(number) + in_ledger.count(number) > 0) << number;
    }
  }
  // Trades 1 to count, in order.
  static void expect_all(subscriber& from, std::uint64_t count) {
    const auto received = from.take(count, 60'000);
    ASSERT_EQ(received.size(), count);
    for (std::uint64_t at = 0; at < count; ++at) {
      ASSERT_EQ(received[at].id, "kraken:BTC-USD:trade:" + std::to_string(at + 1));
    }
  }
  static void expect_end(child_process& process) {
    EXPECT_EQ(process.wait(patience), 0) << process.err();
  }

  temporary_folder folder_;
};

}  // namespace feedtree::tests
