// A poller whose TimescaleDB is killed and started again: its rounds go on, and the database has in
// the end what a SQLite behind the same journal has.
#include <gtest/gtest.h>
#include <signal.h>

#include "storage/sqlite_database.hpp"
#include "tests/e2e/same_rows.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();

// A simulated venue or source, and where it listens.
class simulated {
 public:
  simulated(const temporary_folder& folder, const std::string& name, const std::string& instrument)
      : process_({binary, "simulate", "--venue", name, "--listen", "127.0.0.1:0", "--seed", "5",
                  "--instruments", instrument},
                 folder.path(), name) {
    if (!process_.wait_for_output("listens on ")) throw std::runtime_error(process_.err());
    const auto line = process_.out();
    const auto begin = line.find("listens on ") + 11;
    address_ = line.substr(begin, line.find(' ', begin) - begin);
  }
  const std::string& address() const { return address_; }

 private:
  child_process process_;
  std::string address_;
};

std::int64_t polled(const std::string& path) {
  storage::sqlite_database file(path, 1'000);
  auto known = file.prepare("SELECT 1 FROM sqlite_master WHERE name = 'ticker'");
  if (!known.step()) return 0;
  auto query = file.prepare("SELECT count(*) FROM ticker WHERE venue = 'coingecko'");
  return query.step() ? query.integer(0) : 0;
}

bool has_polled(const std::string& path, std::int64_t least) {
  return eventually([&] { return polled(path) >= least; }, std::chrono::seconds(60));
}

TEST(timescale_pollers, go_on_without_their_database_and_lose_nothing) {
  FEEDTREE_TIMESCALE(database);
  const temporary_folder folder;
  const simulated venue(folder, "kraken", "BTC-USD");
  const simulated source(folder, "coingecko", "BTC-USD");
  const auto path = folder.file("events.db");
  write_text(folder.file("config.yaml"),
             "venues:\n  - venue: kraken\n    instruments: [BTC-USD]\n    feeds: [ticker]\n"
             "    websocket_url: ws://" +
                 venue.address() + "\n    rest_url: http://" + venue.address() +
                 "\nhttp: {listen: \"127.0.0.1:0\"}\njournal: {path: " + folder.file("journal") +
                 "}\nsinks:\n  - {kind: timescale, dsn: \"${FEEDTREE_TEST_DSN}\", flush_interval: "
                 "50ms}\n  - {kind: sqlite, path: " +
                 path +
                 ", flush_interval: 50ms}\n  - kind: none\npollers:\n  - {name: prices, source: "
                 "coingecko, instruments: [BTC-USD=bitcoin], feeds: [ticker], every: 1s, key: any, "
                 "plan: pro, rest_url: \"http://" +
                 source.address() + "\"}\n");
  child_process server(
      {binary, "run", "--config", folder.file("config.yaml")}, folder.path(), "server",
      {"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1", "FEEDTREE_TEST_DSN=" + database->dsn()});
  ASSERT_TRUE(has_polled(path, 2)) << server.err();
  database->kill();
  ASSERT_TRUE(server.wait_for_output("pollers/prices: its run cannot be noted")) << server.err();
  ASSERT_TRUE(has_polled(path, polled(path) + 3)) << "no rounds without it: " << server.err();
  database->start();
  ASSERT_TRUE(server.wait_for_output("works again")) << server.err();
  ASSERT_TRUE(has_polled(path, polled(path) + 2)) << server.err();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
  const auto compared = compare_databases(path, database->dsn());
  EXPECT_EQ(compared.difference, "");
  EXPECT_GE(polled(path), 7);
}

}  // namespace
}  // namespace feedtree::tests
