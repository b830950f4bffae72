// kill -9 at random moments, and what the sink has in the end. FEEDTREE_KILLS says how many kills
// there are (10 where it is not set), FEEDTREE_SEED at which moments.
#include <gtest/gtest.h>

#include <algorithm>

#include "storage/sqlite_database.hpp"
#include "tests/support/kill_runs.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

int environment_number(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

std::set<std::uint64_t> trades_in(const std::string& path, std::size_t& rows) {
  storage::sqlite_database database(path, 1'000);
  auto query = database.prepare("SELECT key FROM trade");
  std::set<std::uint64_t> result;
  for (rows = 0; query.step(); ++rows) result.insert(std::stoull(query.text(0)));
  return result;
}

struct round_result {
  int kills = 0;
  std::size_t journalled = 0;
  std::size_t rows = 0;
};

void compare(const kill_runs& runs, const std::string& database, round_result& result) {
  const auto stored = trades_in(database, result.rows);
  result.kills = runs.kills();
  result.journalled = runs.journalled().size();
  ASSERT_EQ(stored.size(), result.rows);
  ASSERT_TRUE(std::includes(stored.begin(), stored.end(), runs.journalled().begin(),
                            runs.journalled().end()));
  // More may be there only where a kill came between the sink and our own note of it.
  ASSERT_TRUE(stored.empty() || *stored.rbegin() <= runs.last_sent());
}

// Some kills over one journal and one database. Now and then the rest is handed over in between, so
// that processes find the journal empty, or find what several before them have left.
void run_round(std::uint32_t seed, int kills, round_result& result) {
  const temporary_folder folder;
  const auto database = folder.file("events.db");
  kill_runs runs(DELIVERY_SOURCE, folder.path(), "sqlite:" + database, seed);
  for (int run = 0; runs.kills() < kills && run < 4 * kills; ++run) {
    runs.run_and_kill(400'000);
    if (run % 5 != 4) continue;
    runs.drain();
    ASSERT_NO_FATAL_FAILURE(compare(runs, database, result));
  }
  runs.drain();
  compare(runs, database, result);
}

TEST(kill, at_any_moment_leaves_every_journalled_event_in_sqlite_once) {
  const auto seed = static_cast<std::uint32_t>(environment_number("FEEDTREE_SEED", 1));
  const auto kills = environment_number("FEEDTREE_KILLS", 10);
  round_result total;
  for (std::uint32_t round = 0; total.kills < kills && round < 1'000; ++round) {
    round_result result;
    run_round(seed + round, std::min(10, kills - total.kills), result);
    if (HasFatalFailure()) FAIL() << "seed " << seed + round << ", kill " << result.kills;
    total.kills += result.kills;
    total.journalled += result.journalled;
    total.rows += result.rows;
  }
  EXPECT_GE(total.kills, kills);
  EXPECT_GT(total.journalled, 0U);
  std::printf("%d kills, %zu events journalled, %zu rows, seeds from %u\n", total.kills,
              total.journalled, total.rows, seed);
}

}  // namespace
}  // namespace feedtree::tests
