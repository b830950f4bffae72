// Candles of a running server, against the trades that it gave: a simulator drops some of these and
// lets every other question for them wait, so that they come late and candles are corrected.
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "core/exact_sum.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();
constexpr std::int64_t second_ns = 1'000'000'000;

struct sold {
  std::int64_t exchange_ns = 0;
  std::uint64_t number = 0;
  decimal price;
  decimal quantity;
};

struct given {
  std::uint64_t revision = 0;
  bool closed = false;
  std::string prices;  // open high low close volume
  std::size_t trades = 0;
};

// Interval and begin.
using place = std::pair<std::int64_t, std::int64_t>;

struct stored {
  std::vector<sold> trades;
  std::map<place, given> candles;  // the last revision of each
  std::size_t revisions = 0;
  std::size_t closed = 0;
};

decimal number(const rapidjson::Value& of, const char* name) {
  decimal value;
  EXPECT_EQ(parse_decimal(of[name].GetString(), value), decimal_error::none);
  return value;
}

std::string text(const decimal& value) {
  return value.normalised().to_string() + " ";
}

void take(const rapidjson::Value& line, stored& out) {
  const std::string kind = line["kind"].GetString();
  if (kind == "trade") {
    out.trades.push_back({std::stoll(line["exchange_ns"].GetString()),
                          std::stoull(line["trade_id"].GetString()), number(line, "price"),
                          number(line, "quantity")});
  }
  if (kind != "candle") return;
  EXPECT_STREQ(line["source"].GetString(), "trades");
  const auto open_ns = std::stoll(line["open_ns"].GetString());
  const auto interval_ns = std::stoll(line["close_ns"].GetString()) - open_ns;
  given now;
  now.revision = line["revision"].GetUint64();
  now.closed = line["closed"].GetBool();
  now.trades = line["trades"].GetUint64();
  for (const auto* name : {"open", "high", "low", "close", "volume"}) {
    now.prices += text(number(line, name));
  }
  auto& last = out.candles[{interval_ns, open_ns}];
  EXPECT_TRUE(now.revision == 0 || now.revision == last.revision + 1) << now.revision;
  out.revisions += now.revision > 0 ? 1 : 0;
  last = now;
}

stored read_stored(const std::string& path) {
  stored result;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    rapidjson::Document parsed;
    // The last line may be on its way.
    if (!parsed.Parse(line.c_str()).HasParseError()) take(parsed, result);
  }
  for (const auto& [at, candle] : result.candles) result.closed += candle.closed ? 1 : 0;
  return result;
}

// The candle of these trades, found in another way.
given made_of(std::vector<sold> trades) {
  std::sort(trades.begin(), trades.end(), [](const sold& a, const sold& b) {
    return std::pair(a.exchange_ns, a.number) < std::pair(b.exchange_ns, b.number);
  });
  const auto [low, high] = std::minmax_element(
      trades.begin(), trades.end(), [](const sold& a, const sold& b) { return a.price < b.price; });
  exact_sum volume;
  for (const auto& each : trades) volume.add(each.quantity);
  given result;
  result.trades = trades.size();
  result.prices = text(trades.front().price) + text(high->price) + text(low->price) +
                  text(trades.back().price) + text(*volume.value());
  return result;
}

TEST(candles, of_a_running_server_are_those_of_its_trades) {
  const temporary_folder folder;
  child_process simulator(
      {binary, "simulate", "--venue", "binance-usdm", "--listen", "127.0.0.1:0", "--instruments",
       "BTC-USDT-PERP", "--rate", "200", "--seed", "5", "--fault", "drop:every=9,kind=trade",
       "--fault", "rate_limit:status=429,retry=1s,after=2s,every=2", "--faults-for", "9"},
      folder.path(), "simulator");
  ASSERT_TRUE(simulator.wait_for_output("listens on ")) << simulator.err();
  const auto out = simulator.out();
  const auto begin = out.find("listens on ") + 11;
  const auto address = out.substr(begin, out.find(' ', begin) - begin);
  write_text(folder.file("config.yaml"),
             "venues:\n  - venue: binance-usdm\n    instruments: [BTC-USDT-PERP]\n"
             "    feeds: [trade]\n    websocket_url: ws://" +
                 address + "\n    rest_url: http://" + address +
                 "\ncandles: {intervals: [1s, 5s], lateness: 200ms}\nhttp: {listen: "
                 "\"127.0.0.1:0\"}\nsinks:\n  - {kind: jsonl, path: " +
                 folder.file("live.jsonl") + "}\n  - kind: none\n");
  child_process server({binary, "run", "--config", folder.file("config.yaml")}, folder.path(),
                       "server", {"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"});
  stored there;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
  do {
    ASSERT_EQ(server.wait(std::chrono::milliseconds(500)), -1) << server.err();
    there = read_stored(folder.file("live.jsonl"));
  } while (std::chrono::steady_clock::now() < deadline &&
           (there.closed < 15 || there.revisions == 0));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
  simulator.signal(SIGTERM);
  EXPECT_EQ(simulator.wait(), 0) << simulator.err();
  there = read_stored(folder.file("live.jsonl"));
  EXPECT_GE(there.closed, 15U);
  EXPECT_GT(there.revisions, 0U);
  std::map<place, std::vector<sold>> by_place;
  for (const auto& each : there.trades) {
    for (const auto interval_ns : {second_ns, 5 * second_ns}) {
      by_place[{interval_ns, each.exchange_ns / interval_ns * interval_ns}].push_back(each);
    }
  }
  std::size_t open = 0;
  for (const auto& [at, candle] : there.candles) {
    if (!candle.closed) {
      ++open;
      continue;
    }
    const auto want = made_of(by_place[at]);
    EXPECT_EQ(candle.prices, want.prices) << at.first << " " << at.second;
    EXPECT_EQ(candle.trades, want.trades) << at.first << " " << at.second;
  }
  EXPECT_GE(open, 1U) << "the start of the first interval was not seen";
}

}  // namespace
}  // namespace feedtree::tests
