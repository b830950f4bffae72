// Candles over kill -9: the server is killed and started again in one interval, several times, and
// each interval has one closed candle with all of its trades.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <map>

#include "storage/sqlite_database.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t interval_ns = 4 * second_ns;
constexpr std::int64_t lateness_ns = 200'000'000;

// What the database knows of one interval.
struct interval {
  std::vector<std::uint64_t> numbers;  // of its trades, in order
  std::vector<std::string> prices;     // likewise
  int candles = 0;
  bool closed = false;  // its last candle
  std::int64_t trades = 0;
  std::string open;
  std::string close;
};

class candles_over_kills : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(simulator_.wait_for_output("listens on ")) << simulator_.err();
    const auto out = simulator_.out();
    const auto begin = out.find("listens on ") + 11;
    const auto address = out.substr(begin, out.find(' ', begin) - begin);
    write_text(folder_.file("config.yaml"),
               "venues:\n  - venue: binance-usdm\n    instruments: [BTC-USDT-PERP]\n"
               "    feeds: [trade]\n    websocket_url: ws://" +
                   address + "\n    rest_url: http://" + address +
                   "\ncandles: {intervals: [4s], lateness: 200ms}\nhttp: {listen: "
                   "\"127.0.0.1:0\"}\njournal: {path: " +
                   folder_.file("journal") + "}\nsinks:\n  - {kind: sqlite, path: " + database_ +
                   ", flush_interval: 50ms}\n  - kind: none\n");
  }
  child_process server(int run) const {
    return {{binary, "run", "--config", folder_.file("config.yaml")},
            folder_.path(),
            "server-" + std::to_string(run),
            {"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"}};
  }
  // 0 where there is no such table or row yet.
  std::int64_t number(const std::string& sql) const {
    storage::sqlite_database file(database_, 1'000);
    auto known = file.prepare("SELECT 1 FROM sqlite_master WHERE name = 'candle'");
    if (!known.step()) return 0;
    auto query = file.prepare(sql);
    return query.step() ? query.integer(0) : 0;
  }
  bool becomes(const std::string& sql, std::int64_t least) const {
    return eventually([&] { return number(sql) >= least; }, std::chrono::seconds(60));
  }
  std::map<std::int64_t, interval> intervals() const;

  temporary_folder folder_;
  std::string database_ = folder_.file("events.db");
  child_process simulator_{
      {binary, "simulate", "--venue", "binance-usdm", "--listen", "127.0.0.1:0", "--instruments",
       "BTC-USDT-PERP", "--rate", "300", "--seed", "5"},
      folder_.path(),
      "simulator"};
};

std::map<std::int64_t, interval> candles_over_kills::intervals() const {
  std::map<std::int64_t, interval> result;
  storage::sqlite_database file(database_, 1'000);
  auto trades = file.prepare(
      "SELECT exchange_ns, key, price FROM trade ORDER BY exchange_ns, CAST(key AS INTEGER)");
  while (trades.step()) {
    auto& into = result[trades.integer(0) / interval_ns * interval_ns];
    into.numbers.push_back(std::stoull(trades.text(1)));
    into.prices.push_back(trades.text(2));
  }
  auto candles = file.prepare(
      "SELECT open_ns, closed, trades, open, close FROM candle ORDER BY receive_ns, revision");
  while (candles.step()) {
    auto& into = result[candles.integer(0)];
    ++into.candles;
    into.closed = candles.integer(1) != 0;
    into.trades = candles.integer(2);
    into.open = candles.text(3);
    into.close = candles.text(4);
  }
  return result;
}

// Trades are numbered without holes: a whole interval begins behind the last of the one before.
bool is_whole(const std::map<std::int64_t, interval>& all,
              std::map<std::int64_t, interval>::const_iterator at) {
  const auto& numbers = at->second.numbers;
  if (at == all.begin() || numbers.empty() || std::prev(at)->second.numbers.empty()) return false;
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  const auto& before = std::prev(at)->second.numbers;
  return *high - *low + 1 == numbers.size() &&
         *std::max_element(before.begin(), before.end()) + 1 == *low;
}

TEST_F(candles_over_kills, are_closed_with_all_trades_of_their_intervals) {
  const std::string closed = "SELECT count(*) FROM candle WHERE closed = 1";
  const std::string in_interval = "SELECT count(*) FROM trade WHERE exchange_ns >= ";
  int run = 0;
  std::int64_t closed_before = 0;
  for (; run < 3; ++run) {
    auto killed = server(run);
    ASSERT_TRUE(becomes(closed, closed_before + 1)) << killed.err();
    // Some trades into the next interval, and long before its end.
    const auto open = number("SELECT max(open_ns) FROM candle") + interval_ns;
    ASSERT_TRUE(becomes(in_interval + std::to_string(open), 20)) << killed.err();
    killed.signal(SIGKILL);
    ASSERT_EQ(killed.wait(), 128 + SIGKILL);
    closed_before = number(closed);
  }
  auto last = server(run);
  ASSERT_TRUE(becomes(closed, closed_before + 1)) << last.err();
  last.signal(SIGTERM);
  ASSERT_EQ(last.wait(), 0) << last.err();

  const auto all = intervals();
  const auto last_candle = std::find_if(all.rbegin(), all.rend(),
                                        [](const auto& each) { return each.second.candles != 0; });
  ASSERT_NE(last_candle, all.rend());
  std::int64_t whole = 0;
  // One that begins as the first server does, or within the lateness behind that, stays open.
  const auto first_open = number("SELECT min(receive_ns) FROM trade") + lateness_ns;
  for (auto at = all.lower_bound(first_open); at->first <= last_candle->first; ++at) {
    const auto& what = at->second;
    ASSERT_FALSE(what.numbers.empty()) << at->first;
    EXPECT_TRUE(is_whole(all, at)) << at->first << " has only a part of its trades";
    EXPECT_TRUE(what.closed) << at->first;
    if (!what.closed) continue;
    ++whole;
    EXPECT_EQ(what.trades, static_cast<std::int64_t>(what.numbers.size())) << at->first;
    EXPECT_EQ(what.open, what.prices.front()) << at->first;
    EXPECT_EQ(what.close, what.prices.back()) << at->first;
  }
  EXPECT_GE(whole, 3) << "one for each kill";
}

}  // namespace
}  // namespace feedtree::tests
