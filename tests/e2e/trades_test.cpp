// Trades that the network lost: `feedtree run` against simulators that drop them, and a sink that
// has each of them once.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "storage/file_text.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();

std::string field_of(const std::string& line, const std::string& name) {
  const auto key = "\"" + name + "\":\"";
  const auto at = line.find(key);
  if (at == std::string::npos) return {};
  const auto begin = at + key.size();
  return line.substr(begin, line.find('"', begin) - begin);
}

bool has(const std::string& line, const std::string& text) {
  return line.find(text) != std::string::npos;
}

// "kraken:BTC-USD:trade:17" as "kraken:BTC-USD:trade" and 17.
std::pair<std::string, std::uint64_t> parts_of(const std::string& id) {
  const auto colon = id.rfind(':');
  return {id.substr(0, colon), std::stoull(id.substr(colon + 1))};
}

// Trades that the simulator made after the client had subscribed, with how many of them it kept.
struct truth {
  std::set<std::string> ids;
  std::size_t withheld = 0;
};

truth read_truth(const std::string& path) {
  truth result;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    if (field_of(line, "kind") != "trade" || has(line, R"("snapshot":true)")) continue;
    result.ids.insert(field_of(line, "id"));
    if (field_of(line, "fate") == "withheld") ++result.withheld;
  }
  return result;
}

struct stored {
  std::map<std::string, int> trades;           // by id: how often
  std::map<std::string, std::uint64_t> first;  // the first number, by the id without it
  std::size_t filled = 0;                      // ledger entries of holes that were filled
  std::size_t lost = 0;                        // and of those that were not
};

stored read_stored(const std::string& path) {
  stored result;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    const auto kind = field_of(line, "kind");
    if (kind == "trade") {
      const auto id = field_of(line, "id");
      ++result.trades[id];
      const auto [feed, number] = parts_of(id);
      const auto known = result.first.try_emplace(feed, number).first;
      known->second = std::min(known->second, number);
    }
    const bool ended = !field_of(line, "end_ns").empty();  // null while it is open
    if (kind == "gap" && field_of(line, "feed") == "trade" && ended) {
      ++(has(line, R"("recovered":true)") ? result.filled : result.lost);
    }
  }
  return result;
}

// How many of these are missing. What was lost before the first trade that came shows nowhere.
std::size_t missing(const truth& made, const stored& there) {
  std::size_t count = 0;
  for (const auto& id : made.ids) {
    const auto [feed, number] = parts_of(id);
    const auto first = there.first.find(feed);
    if (first == there.first.end() || number < first->second) continue;
    count += there.trades.contains(id) ? 0 : 1;
  }
  return count;
}

struct lossy_venue {
  std::string venue;
  std::string instruments;
  std::string fault;
};

void PrintTo(const lossy_venue& what, std::ostream* out) {
  *out << what.venue << " " << what.fault;
}

class lost_trades : public testing::TestWithParam<lossy_venue> {};

TEST_P(lost_trades, are_fetched_so_that_each_is_stored_once) {
  const temporary_folder folder;
  child_process simulator({binary,          "simulate",
                           "--venue",       GetParam().venue,
                           "--listen",      "127.0.0.1:0",
                           "--instruments", GetParam().instruments,
                           "--rate",        "300",
                           "--seed",        "5",
                           "--fault",       GetParam().fault,
                           "--faults-for",  "8",
                           "--move-for",    "12",
                           "--truth",       folder.file("truth.jsonl")},
                          folder.path(), "simulator");
  ASSERT_TRUE(simulator.wait_for_output("listens on ")) << simulator.err();
  const auto text = simulator.out();
  const auto begin = text.find("listens on ") + 11;
  const auto address = text.substr(begin, text.find(' ', begin) - begin);
  write_text(folder.file("config.yaml"),
             "venues:\n  - venue: " + GetParam().venue + "\n    instruments: [" +
                 GetParam().instruments + "]\n    feeds: [trade, book]\n    websocket_url: ws://" +
                 address + "\n    rest_url: http://" + address +
                 "\nsinks:\n  - {kind: jsonl, path: " + folder.file("live.jsonl") +
                 "}\n  - kind: none\n");
  child_process server({binary, "run", "--config", folder.file("config.yaml")}, folder.path(),
                       "server", {"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"});
  ASSERT_TRUE(simulator.wait_for_output("markets rest", std::chrono::seconds(60)))
      << simulator.err() << server.err();
  truth made;
  stored there;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
  do {
    ASSERT_EQ(server.wait(std::chrono::milliseconds(200)), -1) << server.err();
    made = read_truth(folder.file("truth.jsonl"));
    there = read_stored(folder.file("live.jsonl"));
  } while (std::chrono::steady_clock::now() < deadline &&
           (there.trades.empty() || missing(made, there) != 0));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
  simulator.signal(SIGTERM);
  EXPECT_EQ(simulator.wait(), 0) << simulator.err();
  there = read_stored(folder.file("live.jsonl"));
  EXPECT_GT(made.ids.size(), 100U);
  EXPECT_GT(made.withheld, 3U);
  EXPECT_EQ(missing(made, there), 0U) << server.err();
  EXPECT_GT(there.trades.size(), made.ids.size() * 3 / 4);
  for (const auto& [id, times] : there.trades) EXPECT_EQ(times, 1) << id;
  EXPECT_GT(there.filled, 0U);
  EXPECT_EQ(there.lost, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    venues, lost_trades,
    testing::Values(lossy_venue{"kraken", "BTC-USD,ETH-USD", "drop:every=9,kind=trade"},
                    lossy_venue{"coinbase", "BTC-USD,ETH-USD", "drop:every=20,kind=trade"},
                    lossy_venue{"binance", "BTC-USDT,ETH-USDT", "drop:every=9,kind=trade"},
                    lossy_venue{"binance-usdm", "BTC-USDT-PERP", "drop:every=9,kind=trade"},
                    lossy_venue{"binance-coinm", "BTC-USD-BTC-PERP", "drop:every=9,kind=trade"}),
    [](const auto& what) { return "at_" + std::to_string(what.index); });

}  // namespace
}  // namespace feedtree::tests
