// `feedtree run` against venues that fall silent, and against venues that have nothing to say.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();
const std::vector<std::string> insecure{"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"};
constexpr std::int64_t second_ns = 1'000'000'000;
// At the default settings, and what a busy machine adds.
constexpr std::int64_t bound_ns = 10 * second_ns;
constexpr std::int64_t slack_ns = 10 * second_ns;

constexpr auto patience = std::chrono::minutes(2);

// With the books of which instrument.
const std::map<std::string, std::string> venues{{"kraken", "BTC-USD"},
                                                {"kraken-futures", "BTC-USD-PERP"},
                                                {"coinbase", "BTC-USD"},
                                                {"binance", "BTC-USDT"},
                                                {"bybit", "BTC-USDT"},
                                                {"okx", "BTC-USDT"},
                                                {"binance-usdm", "BTC-USDT-PERP"}};

// The value of a text field of a JSON line; empty if it is not there.
std::string field(const std::string& line, const std::string& name) {
  const auto begin = line.find("\"" + name + "\":\"");
  if (begin == line.npos) return {};
  const auto from = begin + name.size() + 4;
  return line.substr(from, line.find('"', from) - from);
}

// All venues, each a process of its own, and one server that is connected to them.
class silent_venues {
 public:
  explicit silent_venues(const std::vector<std::string>& how) {
    run_program({binary, "make-certificate", folder_.file("tls")});
    std::string config = "startup_timeout: 60s\nvenues:\n";
    for (const auto& [venue, instrument] : venues) {
      std::vector<std::string> argv{binary, "simulate", "--venue",
                                    venue,  "--listen", "127.0.0.1:0"};
      argv.insert(argv.end(), {"--instruments", instrument, "--rate", "40", "--seed", "3"});
      argv.insert(argv.end(), {"--tls-cert", folder_.file("tls/cert.pem"), "--tls-key",
                               folder_.file("tls/key.pem"), "--fault-log", log_of(venue)});
      argv.insert(argv.end(), how.begin(), how.end());
      auto& process = simulators_[venue] = child_process(argv, folder_.path(), venue);
      if (!process.wait_for_output("listens on ")) throw std::runtime_error(process.err());
      const auto line = process.out();
      const auto begin = line.find("listens on ") + 11;
      const auto address = line.substr(begin, line.find(' ', begin) - begin);
      config += "  - venue: " + venue + "\n    instruments: [" + instrument +
                "]\n    feeds: [book, trade]\n    websocket_url: wss://" + address +
                "\n    rest_url: https://" + address +
                "\n    tls: {ca_file: " + folder_.file("tls/ca.pem") + "}\n";
    }
    write_text(folder_.file("config.yaml"),
               config + "sinks:\n  - {kind: jsonl, path: " + folder_.file("events.jsonl") +
                   "}\n  - kind: none\n");
  }
  std::vector<std::string> command() const {
    return {binary, "run", "--config", folder_.file("config.yaml")};
  }
  child_process start() { return {command(), folder_.path(), "server", insecure}; }

  // Lines of this kind of a venue, in order.
  std::vector<std::string> events(const std::string& venue, const std::string& kind) const {
    std::vector<std::string> result;
    std::istringstream lines(read_text(folder_.file("events.jsonl")));
    for (std::string line; std::getline(lines, line);) {
      if (field(line, "venue") == venue && field(line, "kind") == kind) result.push_back(line);
    }
    return result;
  }
  // When a feed came into this state, after a time; 0: it did not.
  std::int64_t became(const std::string& venue, const std::string& feed, const std::string& state,
                      std::int64_t after_ns) const {
    for (const auto& line : events(venue, "status")) {
      const auto at_ns = std::stoll(field(line, "receive_ns"));
      if (at_ns > after_ns && field(line, "feed") == feed && field(line, "to") == state) {
        return at_ns;
      }
    }
    return 0;
  }
  // When the venue fell silent by its own account; 0: it did not.
  std::int64_t silent_ns(const std::string& venue) const {
    const auto line = read_text(log_of(venue));
    const auto begin = line.find("\"at_ns\":");
    if (begin == line.npos) return 0;
    return std::stoll(line.substr(line.find_first_of("0123456789", begin)));
  }

 private:
  std::string log_of(const std::string& venue) const { return folder_.file(venue + ".faults"); }

  temporary_folder folder_;
  std::map<std::string, child_process> simulators_;
};

void expect_notice(const std::string& fault) {
  silent_venues all({"--fault", fault + ":after=25s,for=40s"});
  auto server = all.start();
  for (const auto& [venue, instrument] : venues) {
    for (const std::string feed : {"book", "trade"}) {
      ASSERT_TRUE(eventually([&] { return all.became(venue, feed, "live", 0) != 0; }, patience))
          << venue << " " << feed << server.err();
    }
  }
  for (const auto& [venue, instrument] : venues) {
    ASSERT_TRUE(eventually([&] { return all.silent_ns(venue) != 0; }, patience)) << venue;
    const auto silent_ns = all.silent_ns(venue);
    for (const std::string feed : {"book", "trade"}) {
      ASSERT_TRUE(
          eventually([&] { return all.became(venue, feed, "stale", silent_ns) != 0; }, patience))
          << venue << " " << feed << "\n"
          << server.err();
      const auto stale_ns = all.became(venue, feed, "stale", silent_ns);
      EXPECT_LE(stale_ns - silent_ns, bound_ns + slack_ns) << venue << " " << feed;
      std::cout << venue << ' ' << feed << ": stale " << (stale_ns - silent_ns) / 1'000'000
                << " ms after the fault\n";
    }
    // The connection is made anew, and the ledger says so.
    ASSERT_TRUE(
        eventually([&] { return all.became(venue, "book", "live", silent_ns) != 0; }, patience))
        << venue << server.err();
  }
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
  for (const auto& [venue, instrument] : venues) {
    const auto gaps = all.events(venue, "gap");
    const auto healed = std::count_if(gaps.begin(), gaps.end(), [](const std::string& line) {
      return field(line, "cause") == "silence" && field(line, "feed") == "book" &&
             field(line, "repair") == "reconnect" && line.find("\"recovered\":true") != line.npos;
    });
    EXPECT_GE(healed, 1) << venue;
  }
}

TEST(freshness, a_muted_socket_is_stale_within_the_bound_at_every_venue) {
  expect_notice("mute");
}

TEST(freshness, a_half_open_socket_is_stale_within_the_bound_at_every_venue) {
  expect_notice("half_open");
}

TEST(freshness, a_quiet_market_raises_no_alarm_at_any_venue) {
  silent_venues all({"--move-for", "10"});
  auto command = all.command();
  command.insert(command.end(), {"--seconds", "50", "--summary", "-"});
  const auto result = run_program(command, insecure);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("\"connections_silent\":0"), std::string::npos) << result.out;
  // The silence was looked into where there is no heartbeat.
  EXPECT_EQ(result.out.find("\"proofs_asked\":0"), std::string::npos) << result.out;
  for (const auto& [venue, instrument] : venues) {
    EXPECT_NE(all.became(venue, "book", "live", 0), 0) << venue;
    for (const std::string feed : {"book", "trade"}) {
      EXPECT_EQ(all.became(venue, feed, "stale", 0), 0) << venue << " " << feed << result.err;
    }
    EXPECT_TRUE(all.events(venue, "gap").empty()) << venue << all.events(venue, "gap").front();
  }
}

}  // namespace
}  // namespace feedtree::tests
