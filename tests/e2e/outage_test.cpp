// A server that is killed and is not there for a while: what the ledger says of that time, that the
// trades of it are fetched, and that its candles are those of the trades.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "storage/sqlite_database.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t interval_ns = 4 * second_ns;
constexpr std::int64_t lateness_ns = second_ns / 2;
constexpr std::int64_t closing_ns = 2 * second_ns;  // behind its end a candle is closed

struct market {
  std::string venue;
  std::string instrument;
  bool numbered = false;  // the venue numbers its trades
  bool fetched = false;   // the venue gives those of the past
};

void PrintTo(const market& what, std::ostream* out) {
  *out << what.venue;
}

std::int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct sold {
  std::int64_t exchange_ns = 0;
  std::int64_t receive_ns = 0;
  std::string key;
  double price = 0;
  double quantity = 0;
};

class server_that_was_off : public testing::TestWithParam<market> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(simulator_.wait_for_output("listens on ")) << simulator_.err();
    const auto out = simulator_.out();
    const auto begin = out.find("listens on ") + 11;
    address_ = out.substr(begin, out.find(' ', begin) - begin);
    write_text(folder_.file("config.yaml"),
               "venues:\n  - venue: " + GetParam().venue + "\n    instruments: [" +
                   GetParam().instrument +
                   "]\n    feeds: [trade, book, ticker]\n"
                   "    websocket_url: ws://" +
                   address_ + "\n    rest_url: http://" + address_ +
                   "\ncandles: {intervals: [4s, 1m, 1d], lateness: 500ms}\nhttp: {listen: "
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
    auto known = file.prepare("SELECT 1 FROM sqlite_master WHERE name = 'gap'");
    if (!known.step()) return 0;
    auto query = file.prepare(sql);
    return query.step() ? query.integer(0) : 0;
  }
  std::string text(const std::string& sql) const {
    storage::sqlite_database file(database_, 1'000);
    auto query = file.prepare(sql);
    return query.step() ? std::string(query.text(0)) : std::string();
  }
  bool becomes(const std::string& sql, std::int64_t least) const {
    return eventually([&] { return number(sql) >= least; }, std::chrono::seconds(60));
  }
  // The markets move while nobody listens.
  static void stay_off(std::chrono::seconds time) {
    eventually([] { return false; }, time);
  }
  std::vector<sold> trades(const std::string& path) const {
    storage::sqlite_database file(path, 1'000);
    auto rows = file.prepare(
        "SELECT exchange_ns, receive_ns, key, price, quantity FROM trade"
        " ORDER BY exchange_ns, CAST(key AS INTEGER), receive_ns");
    std::vector<sold> result;
    while (rows.step()) {
      result.push_back({rows.integer(0), rows.integer(1), std::string(rows.text(2)),
                        std::stod(std::string(rows.text(3))),
                        std::stod(std::string(rows.text(4)))});
    }
    return result;
  }
  void expect_entry(const std::string& kind, std::int64_t off_ns, std::int64_t on_ns) const;
  void expect_trades() const;
  void expect_candles(std::int64_t off_ns, std::int64_t on_ns) const;

  temporary_folder folder_;
  std::string database_ = folder_.file("events.db");
  std::string address_;
  child_process simulator_{
      {binary, "simulate", "--venue", GetParam().venue, "--listen", "127.0.0.1:0", "--instruments",
       GetParam().instrument, "--rate", "200", "--seed", "5"},
      folder_.path(),
      "simulator"};
};

// From the last event that is stored of the first run to the first one of the second.
void server_that_was_off::expect_entry(const std::string& kind, std::int64_t off_ns,
                                       std::int64_t on_ns) const {
  const auto of_outage = " FROM gap WHERE cause = 'outage' AND feed = '" + kind + "'";
  EXPECT_EQ(number("SELECT count(*)" + of_outage + " AND end_ns IS NULL AND repair = 'none'"), 1)
      << kind;
  ASSERT_EQ(number("SELECT count(*)" + of_outage + " AND end_ns IS NOT NULL"), 1) << kind;
  EXPECT_EQ(number("SELECT count(DISTINCT begin_ns)" + of_outage), 1) << kind;
  const auto before = number("SELECT max(receive_ns) FROM " + kind + " WHERE receive_ns < " +
                             std::to_string(off_ns));
  const auto behind = number("SELECT min(receive_ns) FROM " + kind + " WHERE receive_ns > " +
                             std::to_string(on_ns));
  EXPECT_EQ(number("SELECT begin_ns" + of_outage), before) << kind;
  const auto end = number("SELECT max(end_ns)" + of_outage);
  if (kind == "book") {
    EXPECT_GE(end, behind) << "a book is whole with its snapshot";
    EXPECT_LT(end, on_ns + 30 * second_ns);
  } else {
    EXPECT_EQ(end, behind) << kind;
  }
  const bool recovered = kind != "trade" || GetParam().fetched;
  EXPECT_EQ(number("SELECT max(recovered)" + of_outage), recovered ? 1 : 0) << kind;
}

// All that the venue tells of its past, from the first trade that was stored to the last.
void server_that_was_off::expect_trades() const {
  const auto stored = trades(database_);
  std::set<std::string> keys;
  for (const auto& each : stored) EXPECT_TRUE(keys.insert(each.key).second) << each.key;
  const auto path = folder_.file("past.db");
  const auto backfill =
      run_program({binary, "backfill", "--venue", GetParam().venue, "--instrument",
                   GetParam().instrument, "--kind", "trades", "--from", "10m", "--to", "now",
                   "--sink", "sqlite:" + path, "--rest-url", "http://" + address_});
  EXPECT_NE(backfill.exit_code, 2) << backfill.err;
  std::size_t compared = 0;
  std::size_t missing = 0;
  for (const auto& each : trades(path)) {
    if (each.exchange_ns <= stored.front().exchange_ns) continue;
    if (each.exchange_ns >= stored.back().exchange_ns) continue;
    ++compared;
    missing += keys.contains(each.key) ? 0 : 1;
  }
  EXPECT_GT(compared, 100U) << backfill.err << backfill.out;
  EXPECT_EQ(missing, 0U) << "of " << compared;
}

// Each candle is made anew from the trades in the table.
void server_that_was_off::expect_candles(std::int64_t off_ns, std::int64_t on_ns) const {
  std::map<std::int64_t, std::vector<sold>> by_open;
  std::int64_t first_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_ns = 0;
  for (const auto& each : trades(database_)) {
    by_open[each.exchange_ns / interval_ns * interval_ns].push_back(each);
    first_ns = std::min(first_ns, each.receive_ns);
    last_ns = std::max(last_ns, each.receive_ns);
  }
  storage::sqlite_database file(database_, 1'000);
  auto rows = file.prepare(
      "SELECT open_ns, closed, trades, open, high, low, close, volume FROM candle"
      " WHERE interval_ns = " +
      std::to_string(interval_ns) + " ORDER BY receive_ns, revision");
  struct given {
    bool closed = false;
    std::int64_t trades = 0;
    std::vector<double> values;
  };
  std::map<std::int64_t, given> candles;
  while (rows.step()) {
    auto& known = candles[rows.integer(0)];
    known = {rows.integer(1) != 0, rows.integer(2), {}};
    for (int at = 3; at < 8; ++at) known.values.push_back(std::stod(std::string(rows.text(at))));
  }
  std::size_t of_outage = 0;
  // One that begins as the server does stays open, and the last one may have been about to close
  // when the server was stopped.
  const auto first_open = first_ns + lateness_ns;
  const auto last_open = std::min(candles.rbegin()->first, last_ns - closing_ns - interval_ns);
  for (auto at = by_open.lower_bound(first_open); at != by_open.end() && at->first < last_open;
       ++at) {
    const auto& [open_ns, list] = *at;
    const bool is_torn =
        open_ns < on_ns + 2 * second_ns && open_ns + interval_ns > off_ns - second_ns;
    of_outage += is_torn ? 1 : 0;
    ASSERT_TRUE(candles.contains(open_ns)) << open_ns;
    const auto& found = candles.at(open_ns);
    if (!is_torn || GetParam().fetched) {
      EXPECT_TRUE(found.closed) << open_ns << (is_torn ? " in the outage" : "");
    }
    if (!found.closed) continue;
    EXPECT_EQ(found.trades, static_cast<std::int64_t>(list.size())) << open_ns;
    double high = list.front().price;
    double low = high;
    double volume = 0;
    for (const auto& each : list) {
      high = std::max(high, each.price);
      low = std::min(low, each.price);
      volume += each.quantity;
    }
    EXPECT_DOUBLE_EQ(found.values.at(1), high) << open_ns;
    EXPECT_DOUBLE_EQ(found.values.at(2), low) << open_ns;
    EXPECT_NEAR(found.values.at(4), volume, 1e-6 * volume) << open_ns;
    if (!GetParam().numbered) continue;
    EXPECT_DOUBLE_EQ(found.values.at(0), list.front().price) << open_ns;
    EXPECT_DOUBLE_EQ(found.values.at(3), list.back().price) << open_ns;
  }
  EXPECT_GE(of_outage, 2U);
}

TEST_P(server_that_was_off, says_since_when_and_has_what_the_venue_still_gives) {
  const std::string closed = "SELECT count(*) FROM candle WHERE closed = 1";
  const std::string ended =
      "SELECT count(*) FROM gap WHERE cause = 'outage' AND end_ns IS NOT NULL";
  auto killed = server(1);
  ASSERT_TRUE(becomes(closed, 1)) << killed.err();
  killed.signal(SIGKILL);
  ASSERT_EQ(killed.wait(), 128 + SIGKILL);
  const auto off_ns = wall_ns();
  stay_off(std::chrono::seconds(10));
  const auto on_ns = wall_ns();
  auto second = server(2);
  ASSERT_TRUE(becomes(ended, 3)) << second.err();
  const auto after = "SELECT count(*) FROM candle WHERE closed = 1 AND open_ns > " +
                     std::to_string(on_ns + 2 * interval_ns);
  ASSERT_TRUE(becomes(after, 1)) << second.err();
  second.signal(SIGTERM);
  ASSERT_EQ(second.wait(), 0) << second.err();

  for (const auto* const kind : {"trade", "book", "ticker"}) expect_entry(kind, off_ns, on_ns);
  const auto detail = text(
      "SELECT detail FROM gap WHERE cause = 'outage' AND feed = 'trade' AND end_ns IS NOT NULL");
  const std::string wanted = GetParam().numbered  ? "were missing"
                             : GetParam().fetched ? "came, which have no numbers"
                                                  : "gives no trades of the past";
  EXPECT_NE(detail.find(wanted), std::string::npos) << detail;
  if (GetParam().fetched) expect_trades();
  expect_candles(off_ns, on_ns);
}

INSTANTIATE_TEST_SUITE_P(venues, server_that_was_off,
                         testing::Values(market{"binance-usdm", "BTC-USDT-PERP", true, true},
                                         market{"kraken-futures", "BTC-USD-PERP", false, true},
                                         market{"okx", "BTC-USDT", false, false}),
                         [](const auto& what) { return "at_" + std::to_string(what.index); });

}  // namespace
}  // namespace feedtree::tests
