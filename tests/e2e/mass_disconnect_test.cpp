// Fifty real connections are cut at once: their reconnects keep to the venue's limit.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();
constexpr std::size_t connections = 50;
constexpr int connects_a_second = 3;  // of OKX, an address: docs/venues/okx.md
constexpr std::chrono::seconds patience{240};

std::string instruments(const std::string& separator) {
  std::string result;
  for (std::size_t at = 0; at < connections; ++at) {
    const std::string name{'C', static_cast<char>('A' + at / 26), static_cast<char>('A' + at % 26)};
    result += (result.empty() ? "" : separator) + name + "-USDT";
  }
  return result;
}

child_process simulate(const temporary_folder& folder, const std::string& name,
                       const std::string& address) {
  return child_process({binary, "simulate", "--venue", "okx", "--listen", address, "--seed", "5",
                        "--instruments", instruments(","), "--rate", "100"},
                       folder.path(), name);
}

// Milliseconds of the day of each line that tells of a connect.
std::vector<std::int64_t> connects(const std::string& log) {
  std::vector<std::int64_t> result;
  std::istringstream in(log);
  for (std::string line; std::getline(in, line);) {
    if (line.find(": connected to ") == line.npos) continue;
    const auto number = [&](std::size_t at, std::size_t size) {
      return std::stoll(line.substr(at, size));
    };
    result.push_back(((number(11, 2) * 60 + number(14, 2)) * 60 + number(17, 2)) * 1'000 +
                     number(20, 3));
  }
  return result;
}

void print(const std::vector<std::int64_t>& times_ms) {
  std::map<std::int64_t, std::size_t> histogram;
  for (const auto when : times_ms) ++histogram[(when - times_ms.front()) / 1'000];
  for (const auto& [second, count] : histogram) {
    std::printf("%4lld s %3zu %s\n", static_cast<long long>(second), count,
                std::string(count, '#').c_str());
  }
}

// A loaded machine delays connects and so pushes them together; over ten seconds that is little.
void expect_within_limit(const std::vector<std::int64_t>& times_ms) {
  constexpr std::int64_t window_ms = 10'000;
  for (std::size_t first = 0; first < times_ms.size(); ++first) {
    const auto last =
        std::find_if(times_ms.begin() + static_cast<std::ptrdiff_t>(first), times_ms.end(),
                     [&](auto when) { return when >= times_ms[first] + window_ms; });
    const auto count = last - (times_ms.begin() + static_cast<std::ptrdiff_t>(first));
    EXPECT_LE(count, connects_a_second * (window_ms / 1'000 + 3));
  }
}

TEST(mass_disconnect, of_fifty_connections_is_followed_by_reconnects_within_the_venues_limit) {
  const temporary_folder folder;
  std::optional<child_process> okx(simulate(folder, "okx", "127.0.0.1:0"));
  ASSERT_TRUE(okx->wait_for_output("listens on ")) << okx->err();
  const auto line = okx->out();
  const auto begin = line.find("listens on ") + 11;
  const auto address = line.substr(begin, line.find(' ', begin) - begin);
  write_text(
      folder.file("config.yaml"),
      "venues:\n  - venue: okx\n    instruments: [" + instruments(", ") +
          "]\n    feeds: [trade]\n    instruments_per_connection: 1\n    websocket_url: ws://" +
          address + "\n    rest_url: http://" + address + "\nsinks: [{kind: none}]\n");
  child_process server({binary, "run", "--config", folder.file("config.yaml")}, folder.path(),
                       "server", {"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"});
  ASSERT_TRUE(eventually([&] { return connects(server.err()).size() >= connections; }, patience))
      << server.err();

  okx->signal(SIGKILL);
  okx->wait();
  okx.emplace(simulate(folder, "okx-again", address));
  ASSERT_TRUE(okx->wait_for_output("listens on ")) << okx->err();
  ASSERT_TRUE(
      eventually([&] { return connects(server.err()).size() >= 2 * connections; }, patience))
      << server.err();

  const auto all = connects(server.err());
  const auto second = all.begin() + static_cast<std::ptrdiff_t>(connections);
  for (const auto& part : {std::vector(all.begin(), second), std::vector(second, all.end())}) {
    print(part);
    expect_within_limit(part);
  }
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
}

}  // namespace
}  // namespace feedtree::tests
