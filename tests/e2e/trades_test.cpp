// Trades that the network lost: `feedtree run` against simulators that drop them, and a sink that
// has each of them once.
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <set>
#include <sstream>

#include "storage/file_text.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = FEEDTREE_BINARY;

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
  std::map<std::string, int> trades;  // by id: how often
  std::size_t filled = 0;             // ledger entries of holes that were filled
  std::size_t lost = 0;               // and of those that were not
};

stored read_stored(const std::string& path) {
  stored result;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    const auto kind = field_of(line, "kind");
    if (kind == "trade") ++result.trades[field_of(line, "id")];
    if (kind == "gap" && field_of(line, "feed") == "trade") {
      ++(has(line, R"("recovered":true)") ? result.filled : result.lost);
    }
  }
  return result;
}

// How many of these are stored.
std::size_t found(const truth& made, const stored& there) {
  std::size_t count = 0;
  for (const auto& id : made.ids) count += there.trades.contains(id) ? 1 : 0;
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
  } while (std::chrono::steady_clock::now() < deadline && found(made, there) < made.ids.size());
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
  simulator.signal(SIGTERM);
  EXPECT_EQ(simulator.wait(), 0) << simulator.err();
  there = read_stored(folder.file("live.jsonl"));
  EXPECT_GT(made.ids.size(), 100U);
  EXPECT_GT(made.withheld, 3U);
  EXPECT_EQ(found(made, there), made.ids.size()) << server.err();
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
