// A capture served by the simulator over TLS to `feedtree run` gives the events of its replay.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "storage/capture_reader.hpp"
#include "tests/support/captures.hpp"
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

void erase_field(std::string& line, const std::string& name) {
  const auto key = "\"" + name + "\":\"";
  const auto at = line.find(key);
  if (at != std::string::npos) line.erase(at, line.find('"', at + key.size()) + 2 - at);
}

// Where the venue sends no time, the receive time stands for it: that goes too.
std::string without_receive_time(std::string line) {
  const auto received = field_of(line, "receive_ns");
  if (field_of(line, "exchange_ns") == received) erase_field(line, "exchange_ns");
  erase_field(line, "receive_ns");
  return line;
}

// The events of a JSON Lines file by instrument and kind, in order. Changes of state are left out:
// the live server has those of its connections too.
using event_lists = std::map<std::string, std::vector<std::string>>;
event_lists read_events(const std::string& path) {
  event_lists result;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    const auto kind = field_of(line, "kind");
    if (kind == "status" || kind == "gap") continue;
    result[field_of(line, "instrument") + " " + kind].push_back(without_receive_time(line));
  }
  return result;
}

std::size_t count(const event_lists& lists) {
  std::size_t total = 0;
  for (const auto& [name, events] : lists) total += events.size();
  return total;
}

struct wanted {
  std::string venue;
  std::set<std::string> instruments;
  std::set<std::string> feeds;
};

wanted wanted_of(const std::string& path) {
  wanted result;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    const auto kind = field_of(line, "kind");
    if (kind == "status" || kind == "gap") continue;
    result.venue = field_of(line, "venue");
    result.instruments.insert(field_of(line, "instrument"));
    result.feeds.insert(kind == "candle" ? "candle: " + field_of(line, "interval") : kind);
  }
  return result;
}

std::string joined(const std::set<std::string>& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

std::string configuration(const wanted& what, const std::string& address, std::size_t depth,
                          const temporary_folder& folder) {
  return "venues:\n  - venue: " + what.venue + "\n    instruments: [" + joined(what.instruments) +
         "]\n    feeds: [" + joined(what.feeds) + "]\n    book_depth: " + std::to_string(depth) +
         "\n    instruments_per_connection: 50\n    websocket_url: wss://" + address +
         "\n    rest_url: https://" + address +
         "\n    tls: {ca_file: " + folder.file("tls/ca.pem") +
         "}\nsinks:\n  - {kind: jsonl, path: " + folder.file("live.jsonl") + "}\n  - kind: none\n";
}

struct served_capture {
  std::string name;
  std::string venue;      // of bare frames
  std::size_t depth = 0;  // that the recorded client asked for
  std::string symbols;    // body of the symbols request, where the capture has none
};

void PrintTo(const served_capture& what, std::ostream* out) {
  *out << what.name;
}

// The capture in our own format, with the symbols in front.
std::string with_symbols(const served_capture& what, const std::string& path,
                         const temporary_folder& folder) {
  if (what.symbols.empty()) return path;
  auto text = capture_header_line(what.venue);
  const std::string url = "https://api.kraken.com/0/public/AssetPairs";
  text += capture_record_line({record_type::rest, "rest", url, what.symbols, 1});
  auto content = read_capture(path);
  for (std::size_t at = 0; at < content.records.size(); ++at) {
    content.records[at].connection = "kraken.ws.1";
    content.records[at].receive_ns = static_cast<std::int64_t>(at) + 2;
    text += capture_record_line(content.records[at]);
  }
  write_text(folder.file("capture.jsonl"), text);
  return folder.file("capture.jsonl");
}

class live_run : public testing::TestWithParam<served_capture> {};

TEST_P(live_run, over_tls_gives_the_events_of_the_replay) {
  FEEDTREE_CAPTURE(found, GetParam().name);
  const temporary_folder folder;
  const auto path = with_symbols(GetParam(), found, folder);
  const auto replayed = run_program(
      {binary, "replay", "--strict", "--sink", "jsonl:" + folder.file("replay.jsonl"), path});
  ASSERT_EQ(replayed.exit_code, 0) << replayed.err;
  const auto expected = read_events(folder.file("replay.jsonl"));
  const auto what = wanted_of(folder.file("replay.jsonl"));

  ASSERT_EQ(run_program({binary, "make-certificate", folder.file("tls")}).exit_code, 0);
  child_process simulator({binary, "simulate", "--venue", what.venue, "--listen", "127.0.0.1:0",
                           "--tls-cert", folder.file("tls/cert.pem"), "--tls-key",
                           folder.file("tls/key.pem"), "--capture", path, "--speed", "max"},
                          folder.path(), "simulator");
  ASSERT_TRUE(simulator.wait_for_output("listens on ")) << simulator.err();
  const auto line = simulator.out();
  const auto begin = line.find("listens on ") + 11;
  const auto address = line.substr(begin, line.find(' ', begin) - begin);
  write_text(folder.file("config.yaml"), configuration(what, address, GetParam().depth, folder));

  child_process server({binary, "run", "--config", folder.file("config.yaml")}, folder.path(),
                       "server", {"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"});
  event_lists live;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline && count(live) < count(expected)) {
    ASSERT_EQ(server.wait(std::chrono::milliseconds(100)), -1) << server.err();
    live = read_events(folder.file("live.jsonl"));
  }
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
  live = read_events(folder.file("live.jsonl"));
  for (const auto& [name, events] : expected) {
    const auto& other = live[name];
    EXPECT_EQ(other.size(), events.size()) << name << "\n" << server.err();
    const auto [a, b] = std::mismatch(events.begin(), events.end(), other.begin(), other.end());
    EXPECT_TRUE(a == events.end() && b == other.end())
        << name << "\nreplay: " << (a == events.end() ? "end" : a->substr(0, 400))
        << "\nlive:   " << (b == other.end() ? "end" : b->substr(0, 400));
  }
  EXPECT_EQ(live.size(), expected.size());
}

const std::string kraken_symbols =
    R"({"error":[],"result":{"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD","base":"XXBT",)"
    R"("quote":"ZUSD","status":"online"},"MINAGBP":{"altname":"MINAGBP","wsname":"MINA/GBP",)"
    R"("base":"MINA","quote":"ZGBP","status":"online"}}})";

INSTANTIATE_TEST_SUITE_P(
    captures, live_run,
    testing::Values(
        served_capture{"kraken/ws2_book_btcusd_d10_20260912.jsonl", "kraken", 10, kraken_symbols},
        served_capture{"kraken/ws2_book_minagbp_d25_20260816.ndjson", "kraken", 25, kraken_symbols},
        served_capture{"kraken/ws2_trade_btcusd_20260914.jsonl", "kraken", 0, kraken_symbols},
        served_capture{"kraken_futures/ws1_cryptofeed_20210722.jsonl.zst", "", 0, ""},
        served_capture{"coinbase/advanced_cryptofeed_20260809.jsonl.zst", "", 0, ""},
        served_capture{"binance/spot_cryptofeed_20211012.jsonl.zst", "", 0, ""},
        served_capture{"binance/us_spot_cryptofeed_20211012.jsonl.zst", "", 0, ""},
        served_capture{"binance/usdm_cryptofeed_20210722.jsonl.zst", "", 0, ""},
        served_capture{"binance/coinm_cryptofeed_20210722.jsonl.zst", "", 0, ""},
        served_capture{"bybit/v5_cryptofeed_20260809.jsonl.zst", "", 0, ""},
        served_capture{"okx/v5_cryptofeed_20220513.jsonl.zst", "", 0, ""}),
    [](const auto& what) { return "capture_" + std::to_string(what.index); });

}  // namespace
}  // namespace feedtree::tests
