// A subscriber that does not read, a connection that is slow, a database that hangs, a disk that is
// full: each harms only what depends on it, and nothing is missing in the end.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/e2e/two_sinks.hpp"
#include "tests/support/small_disk.hpp"
#include "tests/support/tcp_proxy.hpp"

namespace feedtree::tests {
namespace {

using testing::HasSubstr;
using slow_sinks = two_sinks;

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
  EXPECT_LT(in_database.size(), count);
  EXPECT_EQ(*in_database.rbegin(), count);
  expect_stored_or_in_ledger(count);
}

}  // namespace
}  // namespace feedtree::tests
