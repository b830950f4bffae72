// Connections that are replaced before they are too old, and two connections for one stream:
// nothing is missing, nothing comes twice, and the books are live all the while.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <map>
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

// Updates by (instrument, kind), in the order in which the simulator made them.
using streams = std::map<std::string, std::vector<std::string>>;

streams read_truth(const std::string& path) {
  streams result;
  std::map<std::string, bool> seen;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    const auto id = field_of(line, "id");
    const bool snapshot = line.find(R"("snapshot":true)") != std::string::npos;
    if (id.empty() || snapshot || std::exchange(seen[id], true)) continue;
    result[field_of(line, "instrument") + " " + field_of(line, "kind")].push_back(id);
  }
  return result;
}

struct stored {
  std::map<std::string, int> times;  // by id, of trades and book updates
  std::size_t gaps = 0;
  std::size_t not_live = 0;  // books that were live and are no longer
  std::size_t snapshots = 0;
};

stored read_stored(const std::string& path) {
  stored result;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    const auto kind = field_of(line, "kind");
    if (kind == "gap") ++result.gaps;
    if (kind == "status" && field_of(line, "from") == "live") ++result.not_live;
    if (kind == "book" && field_of(line, "type") == "snapshot") ++result.snapshots;
    if (kind == "trade" || (kind == "book" && field_of(line, "type") == "delta")) {
      ++result.times[field_of(line, "id")];
    }
  }
  return result;
}

// Updates that are not stored between the first and the last one that are.
std::vector<std::string> missing(const streams& made, const stored& there) {
  std::vector<std::string> result;
  for (const auto& [name, ids] : made) {
    std::vector<std::string> since;
    bool begun = false;
    for (const auto& id : ids) {
      if (!there.times.contains(id)) {
        if (begun) since.push_back(id);
        continue;
      }
      begun = true;
      result.insert(result.end(), since.begin(), since.end());
      since.clear();
    }
  }
  return result;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

struct connected_venue {
  std::string venue;
  std::string instruments;
};

void PrintTo(const connected_venue& what, std::ostream* out) {
  *out << what.venue;
}

class connections : public testing::TestWithParam<connected_venue> {
 protected:
  void start(const std::string& keys, const std::vector<std::string>& faults) {
    std::vector<std::string> argv{binary,          "simulate",
                                  "--venue",       GetParam().venue,
                                  "--listen",      "127.0.0.1:0",
                                  "--instruments", GetParam().instruments,
                                  "--rate",        "200",
                                  "--seed",        "3",
                                  "--truth",       folder.file("truth.jsonl"),
                                  "--move-for",    "40"};
    for (const auto& fault : faults) argv.insert(argv.end(), {"--fault", fault});
    simulator = child_process(argv, folder.path(), "simulator");
    ASSERT_TRUE(simulator.wait_for_output("listens on ")) << simulator.err();
    const auto text = simulator.out();
    const auto begin = text.find("listens on ") + 11;
    const auto address = text.substr(begin, text.find(' ', begin) - begin);
    write_text(
        folder.file("config.yaml"),
        "venues:\n  - venue: " + GetParam().venue + "\n    instruments: [" +
            GetParam().instruments + "]\n    feeds: [trade, book]\n    websocket_url: ws://" +
            address + "\n    rest_url: http://" + address + "\n" + keys +
            "sinks:\n  - {kind: jsonl, path: " + folder.file("live.jsonl") + "}\n  - kind: none\n");
    server = child_process({binary, "run", "--config", folder.file("config.yaml")}, folder.path(),
                           "server", {"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"});
  }
  void finish() {
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0) << server.err();
    simulator.signal(SIGTERM);
    EXPECT_EQ(simulator.wait(), 0) << simulator.err();
    there = read_stored(folder.file("live.jsonl"));
    made = read_truth(folder.file("truth.jsonl"));
  }
  void expect_whole() {
    EXPECT_EQ(missing(made, there), std::vector<std::string>{}) << server.err();
    for (const auto& [id, times] : there.times) EXPECT_EQ(times, 1) << id;
    EXPECT_EQ(there.gaps, 0U);
    EXPECT_EQ(there.not_live, 0U);
    EXPECT_GT(there.times.size(), 500U);
  }

  const temporary_folder folder;
  child_process simulator;
  child_process server;
  streams made;
  stored there;
};

class announced_closes : public connections {};

TEST_P(connections, are_replaced_without_a_gap_or_a_second_copy) {
  start("    connection_lifetime: 8s\n", {});
  ASSERT_TRUE(simulator.wait_for_output("markets rest", std::chrono::seconds(90)))
      << simulator.err() << server.err();
  const auto log = server.err() + server.out();
  finish();
  expect_whole();
  EXPECT_GE(count(log, "the new connection has taken over"), 2U) << log;
}

// OKX says so a minute before an upgrade of its service, Binance before a server stops.
TEST_P(announced_closes, cost_nothing) {
  start("", {"announced_close:after=6s,by=8s"});
  ASSERT_TRUE(simulator.wait_for_output("markets rest", std::chrono::seconds(90)))
      << simulator.err() << server.err();
  const auto log = server.err() + server.out();
  finish();
  expect_whole();
  EXPECT_EQ(count(log, "the venue announced that it closes the connection"),
            count(log, "the new connection has taken over"))
      << log;
  EXPECT_GE(count(log, "the new connection has taken over"), 1U) << log;
}

// Frames are lost on one connection or the other, and connections are cut.
TEST_P(connections, that_are_two_for_one_stream_make_up_for_each_other) {
  start("    connections_per_stream: 2\n", {"drop:every=150,kind=trade"});
  ASSERT_TRUE(simulator.wait_for_output("markets rest", std::chrono::seconds(90)))
      << simulator.err() << server.err();
  finish();
  expect_whole();
}

INSTANTIATE_TEST_SUITE_P(venues, connections,
                         testing::Values(connected_venue{"kraken", "BTC-USD,ETH-USD"},
                                         connected_venue{"binance", "BTC-USDT,ETH-USDT"},
                                         connected_venue{"bybit", "BTC-USDT,ETH-USDT"},
                                         connected_venue{"coinbase", "BTC-USD,ETH-USD"}),
                         [](const auto& what) { return what.param.venue; });

INSTANTIATE_TEST_SUITE_P(venues, announced_closes,
                         testing::Values(connected_venue{"okx", "BTC-USDT,ETH-USDT"},
                                         connected_venue{"binance", "BTC-USDT,ETH-USDT"},
                                         connected_venue{"binance-usdm",
                                                         "BTC-USDT-PERP,ETH-USDT-PERP"}),
                         [](const auto& what) {
                           auto name = what.param.venue;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace feedtree::tests
