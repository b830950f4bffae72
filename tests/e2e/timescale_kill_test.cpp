// kill -9 of the source and of the database at random moments, and what the database has in the
// end.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "storage/timescale_connection.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/kill_runs.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

std::set<std::uint64_t> trades_in(const std::string& dsn, std::size_t& rows) {
  storage::pg_connection connection(storage::timescale_dsn(dsn), {5'000, 120'000});
  const auto found = connection.execute("SELECT key FROM trade");
  std::set<std::uint64_t> result;
  for (int row = 0; row < found.rows(); ++row) result.insert(std::stoull(found.text(row, 0)));
  rows = static_cast<std::size_t>(found.rows());
  return result;
}

// Waits until a source has connected; one that is killed in its first steps may never do so.
bool is_used(const std::string& dsn) {
  return eventually([&] {
    storage::pg_connection connection(storage::timescale_dsn(dsn), {});
    return connection
               .execute(
                   "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
                   "application_name = 'feedtree'")
               .text(0, 0) != "0";
  });
}

// The database dies while the source runs and is back before the next one.
TEST(kill_timescale, of_both_leaves_every_journalled_event_once) {
  FEEDTREE_TIMESCALE(server);
  const temporary_folder folder;
  kill_runs runs(DELIVERY_SOURCE, folder.path(), "timescale:" + server->dsn(), 7);
  int database_kills = 0;
  for (int run = 0; runs.kills() < 6 && run < 30; ++run) {
    const bool too = run % 2 == 1;
    bool killed = false;
    std::thread killer([&] {
      killed = too && is_used(server->dsn());
      if (killed) server->kill();
    });
    runs.run_and_kill(400'000);
    killer.join();
    if (killed) server->start();
    database_kills += killed ? 1 : 0;
  }
  runs.drain();
  std::size_t rows = 0;
  const auto stored = trades_in(server->dsn(), rows);
  EXPECT_GE(runs.kills(), 6);
  EXPECT_GE(database_kills, 2);
  EXPECT_FALSE(runs.journalled().empty());
  EXPECT_EQ(stored.size(), rows);
  EXPECT_TRUE(std::includes(stored.begin(), stored.end(), runs.journalled().begin(),
                            runs.journalled().end()));
  EXPECT_LE(*stored.rbegin(), runs.last_sent());
  std::printf("%d kills of the source, %d of the database, %zu events journalled, %zu rows\n",
              runs.kills(), database_kills, runs.journalled().size(), rows);
}

}  // namespace
}  // namespace feedtree::tests
