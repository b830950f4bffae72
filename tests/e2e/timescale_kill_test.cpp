// kill -9 of the source and of the database at random moments, and what the database has in the
// end.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "storage/timescale_connection.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/kill_runs.hpp"
#include "tests/support/paths.hpp"
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

std::int64_t rows_in(const std::string& dsn) {
  storage::pg_connection connection(storage::timescale_dsn(dsn), {});
  if (connection.execute("SELECT to_regclass('trade')").is_null(0, 0)) return 0;
  return connection.execute("SELECT count(*) FROM trade").integer(0, 0);
}

// Kills the database when rows come into it; not if none has come when the source is over.
class database_killer {
 public:
  explicit database_killer(postgres_server& server)
      : server_(server), before_(rows_in(server.dsn())), thread_([this] { run(); }) {}
  // The source is over; true if the database was killed.
  bool finish() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
    return killed_;
  }
  ~database_killer() { finish(); }
  database_killer(const database_killer&) = delete;
  database_killer& operator=(const database_killer&) = delete;

 private:
  void run() {
    const bool moved = eventually([this] { return over_ || rows_in(server_.dsn()) > before_; });
    if (!moved || over_) return;
    server_.kill();
    killed_ = true;
  }

  postgres_server& server_;
  std::int64_t before_;
  std::atomic<bool> over_{false};
  bool killed_ = false;
  std::thread thread_;
};

// The database dies while the source writes to it, and is back before the next one.
TEST(kill_timescale, of_both_leaves_every_journalled_event_once) {
  FEEDTREE_TIMESCALE(server);
  const temporary_folder folder;
  kill_runs runs(paths::delivery_source(), folder.path(), "timescale:" + server->dsn(), 7);
  int database_kills = 0;
  for (int run = 0; (runs.kills() < 6 || database_kills < 2) && run < 60; ++run) {
    database_killer killer(*server);
    // Longer each time: a slow machine has to come as far as the first commit.
    runs.run_and_kill(400'000 + run * 50'000);
    if (!killer.finish()) continue;
    server->start();
    ++database_kills;
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
