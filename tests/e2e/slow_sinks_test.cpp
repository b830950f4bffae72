// A subscriber that does not read, a connection that is slow, a database that hangs, a disk that is
// full: each harms only what depends on it, and nothing is missing in the end.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>

#include "storage/sqlite_database.hpp"
#include "tests/adapters/nats/nats_server.hpp"
#include "tests/support/process.hpp"
#include "tests/support/small_disk.hpp"
#include "tests/support/tcp_proxy.hpp"

namespace feedtree::tests {
namespace {

using testing::HasSubstr;
constexpr auto patience = std::chrono::seconds(120);

std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

// Subscribes to everything and never reads.
class deaf_subscriber {
 public:
  explicit deaf_subscriber(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int bytes = 4'096;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const std::string hello = "CONNECT {\"verbose\":false}\r\nSUB md.v1.> 1\r\n";
    EXPECT_EQ(::send(socket_, hello.data(), hello.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(hello.size()));
  }
  ~deaf_subscriber() { ::close(socket_); }
  deaf_subscriber(const deaf_subscriber&) = delete;
  deaf_subscriber& operator=(const deaf_subscriber&) = delete;

 private:
  int socket_;
};

class slow_sinks : public testing::Test {
 protected:
  void SetUp() override { FEEDTREE_NATS_SERVER(); }

  // Sends trades 1 to count, so many a second (0: what can be), with its journal in the folder.
  child_process source(const std::string& folder, const std::string& sinks, std::uint64_t count,
                       std::uint64_t rate) const {
    return {
        {DELIVERY_SOURCE, folder, sinks, "1", std::to_string(count), "50", std::to_string(rate)},
        folder_.path(),
        "source"};
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

TEST_F(slow_sinks, a_subscriber_that_does_not_read_is_cut_and_nobody_else_suffers) {
  const nats_server server("max_pending: 1MB\nwrite_deadline: \"1s\"");
  subscriber good(server.url(), "md.v1.trade.>");
  const deaf_subscriber deaf(port_of(server.url()));
  constexpr std::uint64_t count = 100'000;  // 40 MB
  auto process = source(folder_.path(), "nats:" + server.url() + ",sqlite:" + database(), count, 0);
  expect_all(good, count);
  expect_end(process);
  EXPECT_EQ(stored().size(), count);
  EXPECT_THAT(read_text(server.folder() + "/log"), HasSubstr("Slow Consumer"));
  EXPECT_THAT(process.err(), testing::Not(HasSubstr("nats")));  // our connection was not touched
}

TEST_F(slow_sinks, a_slow_connection_to_nats_holds_up_nobody_and_gets_everything) {
  const nats_server server;
  tcp_proxy proxy(port_of(server.url()));
  proxy.throttle(1'000'000);
  subscriber all(server.url(), "md.v1.trade.>");
  constexpr std::uint64_t count = 60'000;  // 24 MB: at this rate 24 seconds
  auto process =
      source(folder_.path(), "nats:nats://" + proxy.address() + ",sqlite:" + database(), count, 0);
  ASSERT_TRUE(process.wait_for_output("accepted", patience)) << process.err();
  ASSERT_TRUE(has_rows(count));
  EXPECT_LT(proxy.bytes_to_target(), count * 200);
  proxy.throttle(0);
  expect_all(all, count);
  expect_end(process);
}

TEST_F(slow_sinks, a_database_that_hangs_holds_up_nobody_and_gets_everything) {
  const nats_server server;
  subscriber all(server.url(), "md.v1.trade.>");
  constexpr std::uint64_t count = 60'000;
  auto process =
      source(folder_.path(), "sqlite:" + database() + ",nats:" + server.url(), count, 10'000);
  ASSERT_TRUE(process.wait_for_output("ready")) << process.err();
  {
    storage::sqlite_database other(database(), 10'000);
    other.execute("BEGIN EXCLUSIVE");
    auto query = other.prepare("SELECT count(*) FROM trade");
    query.step();
    const auto before = query.integer(0);
    EXPECT_LT(before, static_cast<std::int64_t>(count));
    expect_all(all, count);  // live goes on to the end
    EXPECT_TRUE(process.wait_for_output("accepted", patience));
    query.reset();
    query.step();
    EXPECT_EQ(query.integer(0), before);
    query.reset();
    other.execute("ROLLBACK");
  }
  expect_end(process);
  EXPECT_EQ(stored().size(), count);
}

// The numbers that the ledger of the database explains.
std::set<std::uint64_t> lost_by_ledger(const std::string& path) {
  storage::sqlite_database file(path, 1'000);
  auto query = file.prepare("SELECT begin_ns, end_ns FROM gap WHERE cause = 'journal'");
  std::set<std::uint64_t> result;
  while (query.step()) {
    for (auto at = query.integer(0); at <= query.integer(1); ++at) {
      result.insert(static_cast<std::uint64_t>(at));
    }
  }
  return result;
}

TEST_F(slow_sinks, a_full_disk_leaves_live_subjects_going_and_recovers_with_a_ledger_entry) {
  const small_disk disk(folder_.file("disk"), 24 << 20);
  if (!disk.is_mounted()) {
    if (captures_must_be_there()) FAIL() << "this test must be able to mount a tmpfs";
    GTEST_SKIP() << "skipped: neither root nor a user namespace";
  }
  const nats_server server;
  subscriber all(server.url(), "md.v1.trade.>");
  constexpr std::uint64_t count = 200'000;
  auto process =
      source(disk.path(), "sqlite:" + database() + ",nats:" + server.url(), count, 20'000);
  ASSERT_TRUE(process.wait_for_output("ready")) << process.err();
  ASSERT_TRUE(has_rows(5'000));
  disk.fill(64 << 10);
  ASSERT_TRUE(eventually(
      [&] { return process.err().find("takes nothing for sinks that store") != std::string::npos; },
      patience));
  const auto at_least = static_cast<std::size_t>(rows()) + 30'000;
  ASSERT_EQ(all.take(at_least, 60'000).size(), at_least);  // live goes on while the disk is full
  disk.free();
  expect_end(process);
  EXPECT_THAT(process.err(), HasSubstr("takes events for sinks that store again"));
  EXPECT_EQ(all.take(count - at_least, 60'000).size(), count - at_least);
  const auto in_database = stored();
  const auto in_ledger = lost_by_ledger(database());
  EXPECT_LT(in_database.size(), count);
  EXPECT_EQ(*in_database.rbegin(), count);
  for (std::uint64_t number = 1; number <= count; ++number) {
    ASSERT_TRUE(in_database.count(number) + in_ledger.count(number) > 0) << number;
  }
}

}  // namespace
}  // namespace feedtree::tests
