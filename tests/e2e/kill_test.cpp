// kill -9 at random moments, and what the sink has in the end. FEEDTREE_KILLS says how many kills
// there are (10 where it is not set), FEEDTREE_SEED at which moments.
#include <gtest/gtest.h>

#include <algorithm>

#include "storage/sqlite_database.hpp"
#include "tests/adapters/nats/jetstream_support.hpp"
#include "tests/support/kill_runs.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

int environment_number(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

// The numbers of the trades that a sink has, and how many entries it has for them.
struct stored_trades {
  std::set<std::uint64_t> numbers;
  std::size_t entries = 0;
};

// A sink as the kill test sees it.
class kill_target {
 public:
  kill_target() = default;
  virtual ~kill_target() = default;
  kill_target(const kill_target&) = delete;
  kill_target& operator=(const kill_target&) = delete;
  virtual std::string spec() const = 0;
  virtual stored_trades stored() const = 0;
  // Between a kill and the next start.
  virtual void after_kill(int kills) { static_cast<void>(kills); }
};

class sqlite_target : public kill_target {
 public:
  explicit sqlite_target(const temporary_folder& folder) : path_(folder.file("events.db")) {}
  std::string spec() const override { return "sqlite:" + path_; }
  stored_trades stored() const override {
    storage::sqlite_database database(path_, 1'000);
    auto query = database.prepare("SELECT key FROM trade");
    stored_trades result;
    for (; query.step(); ++result.entries) result.numbers.insert(std::stoull(query.text(0)));
    return result;
  }

 private:
  std::string path_;
};

// The stream remembers ids for half a second only. Every second time the next process begins when
// that is over, so that the sink alone must see to it that nothing is stored twice; else it begins
// at once, while the server may still be reading what the killed process had sent.
class jetstream_target : public kill_target {
 public:
  explicit jetstream_target(const temporary_folder&) : stream_(server_.url()) {
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    const char* subjects[] = {"md.v1.>"};
    config.Name = "MD";
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Duplicates = 500'000'000;
    EXPECT_EQ(js_AddStream(nullptr, stream_.context(), &config, nullptr, nullptr), NATS_OK);
  }
  std::string spec() const override { return "jetstream:" + server_.url(); }
  stored_trades stored() const override {
    stored_trades result;
    for (const auto& id : stream_.ids()) {
      if (id == window_id) continue;
      ++result.entries;
      result.numbers.insert(std::stoull(id.substr(id.rfind(':') + 1)));
    }
    return result;
  }
  void after_kill(int kills) override {
    if (kills % 2 != 0) return;
    EXPECT_TRUE(stream_.wait_until_the_window_is_over());
  }

 private:
  nats_server server_{with_jetstream};
  stream_reader stream_;
};

struct round_result {
  int kills = 0;
  std::size_t journalled = 0;
  std::size_t entries = 0;
};

void compare(const kill_runs& runs, const kill_target& target, round_result& result) {
  const auto stored = target.stored();
  result.entries = stored.entries;
  result.kills = runs.kills();
  result.journalled = runs.journalled().size();
  ASSERT_EQ(stored.numbers.size(), stored.entries);
  ASSERT_TRUE(std::includes(stored.numbers.begin(), stored.numbers.end(), runs.journalled().begin(),
                            runs.journalled().end()));
  // More may be there only where a kill came between the sink and our own note of it.
  ASSERT_TRUE(stored.numbers.empty() || *stored.numbers.rbegin() <= runs.last_sent());
}

// Some kills over one journal and one target. Now and then the rest is handed over in between, so
// that processes find the journal empty, or find what several before them have left.
template <class Target>
void run_round(std::uint32_t seed, int kills, round_result& result) {
  const temporary_folder folder;
  Target target(folder);
  kill_runs runs(paths::delivery_source(), folder.path(), target.spec(), seed);
  for (int run = 0; runs.kills() < kills && run < 4 * kills; ++run) {
    runs.run_and_kill(400'000);
    target.after_kill(runs.kills());
    if (run % 5 != 4) continue;
    runs.drain();
    ASSERT_NO_FATAL_FAILURE(compare(runs, target, result));
  }
  runs.drain();
  compare(runs, target, result);
}

template <class Target>
void kill_often() {
  const auto seed = static_cast<std::uint32_t>(environment_number("FEEDTREE_SEED", 1));
  const auto kills = environment_number("FEEDTREE_KILLS", 10);
  round_result total;
  for (std::uint32_t round = 0; total.kills < kills && round < 1'000; ++round) {
    round_result result;
    run_round<Target>(seed + round, std::min(10, kills - total.kills), result);
    if (testing::Test::HasFatalFailure()) {
      FAIL() << "seed " << seed + round << ", kill " << result.kills;
    }
    total.kills += result.kills;
    total.journalled += result.journalled;
    total.entries += result.entries;
  }
  EXPECT_GE(total.kills, kills);
  EXPECT_GT(total.journalled, 0U);
  std::printf("%d kills, %zu events journalled, %zu stored, seeds from %u\n", total.kills,
              total.journalled, total.entries, seed);
}

TEST(kill, at_any_moment_leaves_every_journalled_event_in_sqlite_once) {
  kill_often<sqlite_target>();
}

TEST(kill, at_any_moment_leaves_every_journalled_event_in_jetstream_once) {
  FEEDTREE_NATS_SERVER();
  kill_often<jetstream_target>();
}

}  // namespace
}  // namespace feedtree::tests
