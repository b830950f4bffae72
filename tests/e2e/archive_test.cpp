// The archive of `feedtree run`: it holds what was published, a kill costs what was not flushed,
// and a full disk costs no live data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>
#include <sstream>

#include "storage/archive_merge.hpp"
#include "tests/support/captures.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"
#include "tests/support/small_disk.hpp"

namespace feedtree::tests {
namespace {

using testing::HasSubstr;
const std::string binary = paths::feedtree_program();
const std::string key_text(64, '7');

std::string field_of(const std::string& line, const std::string& name) {
  const auto key = "\"" + name + "\":\"";
  const auto at = line.find(key);
  if (at == std::string::npos) return {};
  const auto begin = at + key.size();
  return line.substr(begin, line.find('"', begin) - begin);
}

// The number behind a name in a JSON text; -1 if there is none.
long number_of(const std::string& json, const std::string& name) {
  const auto at = json.find("\"" + name + "\":");
  return at == std::string::npos ? -1 : std::atol(json.c_str() + at + name.size() + 3);
}

// Market data by instrument and kind, in order, as it stands there; the states of connections are
// the live server's.
using event_lists = std::map<std::string, std::vector<std::string>>;
event_lists events_of(const std::string& path) {
  event_lists result;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    const auto kind = field_of(line, "kind");
    if (kind == "status" || kind == "gap" || line.empty() || line.back() != '}') continue;
    result[field_of(line, "instrument") + " " + kind].push_back(line);
  }
  return result;
}

std::size_t count(const event_lists& lists) {
  std::size_t total = 0;
  for (const auto& [name, events] : lists) total += events.size();
  return total;
}

class archived : public testing::TestWithParam<std::string> {
 protected:
  // A venue of our own over TLS, and a server that archives it. `more` are keys of the archive.
  void start(const std::string& venue, const std::string& instruments, const std::string& more,
             const std::string& folder = "", const std::string& venue_keys = "",
             const std::vector<std::string>& faults = {}) {
    archive_ = (folder.empty() ? folder_.path() : folder) + "/archive";
    ASSERT_EQ(run_program({binary, "make-certificate", folder_.file("tls")}).exit_code, 0);
    std::vector<std::string> simulate{binary,          "simulate",
                                      "--venue",       venue,
                                      "--listen",      "127.0.0.1:0",
                                      "--tls-cert",    folder_.file("tls/cert.pem"),
                                      "--tls-key",     folder_.file("tls/key.pem"),
                                      "--seed",        "5",
                                      "--instruments", instruments,
                                      "--rate",        rate_};
    for (const auto& fault : faults) simulate.insert(simulate.end(), {"--fault", fault});
    simulator_ = child_process(simulate, folder_.path(), "simulator");
    ASSERT_TRUE(simulator_.wait_for_output("listens on ")) << simulator_.err();
    const auto line = simulator_.out();
    const auto begin = line.find("listens on ") + 11;
    const auto address = line.substr(begin, line.find(' ', begin) - begin);
    write_text(folder_.file("config.yaml"),
               "http: {listen: \"127.0.0.1:0\"}\nvenues:\n  - venue: " + venue +
                   "\n    instruments: [" + instruments + "]\n    feeds: [book, trade]\n" +
                   "    websocket_url: wss://" + address + "\n    rest_url: https://" + address +
                   "\n    tls: {ca_file: " + folder_.file("tls/ca.pem") + "}\n" + venue_keys +
                   "sinks:\n  - {kind: jsonl, path: " + live() +
                   "}\n  - kind: none\njournal: {path: " + folder_.file("journal") +
                   "}\narchive:\n  path: " + archive_ + "\n" + more);
    server_ = run_server("server");
  }
  child_process run_server(const std::string& name) {
    return {{binary, "run", "--config", folder_.file("config.yaml")},
            folder_.path(),
            name,
            {"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1", "FEEDTREE_ARCHIVE_KEY=" + key_text}};
  }
  std::string live() const { return folder_.file("live.jsonl"); }
  bool has_events(std::size_t least) {
    return eventually(
        [&] { return std::filesystem::exists(live()) && count(events_of(live())) >= least; },
        std::chrono::seconds(60));
  }
  void stop() {
    server_.signal(SIGTERM);
    ASSERT_EQ(server_.wait(), 0) << server_.err();
  }
  run_result tool(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), binary);
    return run_program(arguments, {"FEEDTREE_ARCHIVE_KEY=" + key_text});
  }
  event_lists replayed() {
    const auto path = folder_.file("replayed.jsonl");
    const auto result = tool({"replay", "--sink", "jsonl:" + path, "--report", "-", archive_});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    report_ = result.out;
    return events_of(path);
  }
  // What `feedtree validate` counts, by the names of its report.
  void expect_validated() {
    const auto rules = std::string(paths::source_folder()) + "/config/rules.yaml";
    const auto result = tool({"validate", "--rules", rules, archive_});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    for (const std::string name : {"trade", "book"}) {
      EXPECT_GT(number_of(report_, name), 100) << report_;
      EXPECT_EQ(number_of(result.out, name), number_of(report_, name)) << name;
    }
    EXPECT_EQ(number_of(result.out, "frames"), number_of(report_, "received"));
  }
  void expect_same(const event_lists& a, const event_lists& b) {
    EXPECT_EQ(a.size(), b.size());
    for (const auto& [name, events] : a) {
      const auto found = b.find(name);
      ASSERT_NE(found, b.end()) << name;
      EXPECT_EQ(events.size(), found->second.size()) << name;
      const auto [x, y] =
          std::mismatch(events.begin(), events.end(), found->second.begin(), found->second.end());
      EXPECT_TRUE(x == events.end() && y == found->second.end())
          << name << "\n"
          << (x == events.end() ? "end" : *x) << "\n"
          << (y == found->second.end() ? "end" : *y);
    }
  }

  temporary_folder folder_;
  std::string rate_ = "500";
  std::string archive_;
  std::string report_;  // of the last replay
  child_process simulator_;
  child_process server_;
};

TEST_P(archived, run_gives_the_same_events_byte_for_byte_when_it_is_replayed) {
  const bool sealed = GetParam() != "kraken";
  start(GetParam(), "BTC-USDT,ETH-USDT", sealed ? "  key: ${FEEDTREE_ARCHIVE_KEY}\n" : "");
  ASSERT_TRUE(has_events(3'000)) << server_.err();
  stop();
  const auto verified = tool({"archive", "verify", archive_});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr(" 0 frames found no room; 0 files bad or missing"));
  const auto expected = events_of(live());
  EXPECT_GE(count(expected), 3'000);
  expect_same(expected, replayed());
  expect_validated();
  EXPECT_EQ(server_.err().find(key_text), std::string::npos);
  if (!sealed) return;
  const auto without = run_program({binary, "archive", "verify", archive_});
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_THAT(without.out, HasSubstr(".sealed: is sealed, and there is no key for it"));
  EXPECT_THAT(without.out, testing::Not(HasSubstr(".sealed: /")));
  const auto plain = folder_.file("plain");
  ASSERT_EQ(tool({"archive", "decrypt", archive_, plain}).exit_code, 0);
  EXPECT_EQ(run_program({binary, "archive", "verify", plain}).exit_code, 0);
  archive_ = plain;
  expect_same(expected, replayed());
  expect_validated();
}

void erase_field(std::string& line, const std::string& name) {
  const auto key = "\"" + name + "\":\"";
  const auto at = line.find(key);
  if (at != std::string::npos) line.erase(at, line.find('"', at + key.size()) + 2 - at);
}

// Which of two connections the server hears first decides where its lists begin and end, and the
// receive times of what both brought: these are left out, and so are the first and last seconds of
// the venue's time.
struct time_span {
  std::int64_t first_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_ns = 0;
};

time_span span_of(const event_lists& events) {
  time_span span;
  for (const auto& [name, lines] : events) {
    for (const auto& line : lines) {
      const std::int64_t at_ns = std::stoll(field_of(line, "exchange_ns"));
      span.first_ns = std::min(span.first_ns, at_ns);
      span.last_ns = std::max(span.last_ns, at_ns);
    }
  }
  constexpr std::int64_t left_out_ns = 3'000'000'000;
  return {span.first_ns + left_out_ns, span.last_ns - left_out_ns};
}

void keep(event_lists& events, const time_span& span) {
  for (auto& [name, lines] : events) {
    std::erase_if(lines, [&span](const std::string& line) {
      const std::int64_t at_ns = std::stoll(field_of(line, "exchange_ns"));
      return at_ns < span.first_ns || at_ns > span.last_ns;
    });
    for (auto& line : lines) erase_field(line, "receive_ns");
  }
}

TEST_P(archived, run_on_two_connections_of_which_one_is_hostile_replays_to_the_same_events) {
  // Trades without numbers keep no order where one connection lost some.
  const bool numbered = GetParam() != "okx";
  rate_ = "100";  // no machine is too busy for it
  start(GetParam(), "BTC-USDT,ETH-USDT", "", "", "    connections_per_stream: 2\n",
        {std::string("drop:every=80,connection=1") + (numbered ? "" : ",kind=book")});
  ASSERT_TRUE(has_events(2'000)) << server_.err();
  stop();
  auto live_events = events_of(live());
  auto events = replayed();
  const auto span = span_of(live_events);
  keep(live_events, span);
  keep(events, span);
  EXPECT_GE(count(live_events), 1'000);
  expect_same(live_events, events);
  const auto merged = report_.substr(report_.find("\"connections\":"));
  EXPECT_EQ(number_of(merged, "count"), 2) << report_;
  EXPECT_GT(number_of(merged, "repeated"), 200) << report_;
  EXPECT_GT(number_of(report_, "checksum_failed") + number_of(report_, "sequence_gaps"), 0);
  EXPECT_EQ(number_of(report_, "disagreements"), 0) << report_;
}

INSTANTIATE_TEST_SUITE_P(venues, archived, testing::Values("kraken", "binance", "okx"),
                         [](const auto& what) { return what.param; });

using archive_of_a_server = archived;

TEST_F(archive_of_a_server, loses_at_most_its_flush_interval_when_it_is_killed) {
  start("kraken", "BTC-USD,ETH-USD", "  flush_interval: 200ms\n");
  ASSERT_TRUE(has_events(2'000)) << server_.err();
  server_.signal(SIGKILL);
  ASSERT_EQ(server_.wait(), 128 + SIGKILL);
  std::int64_t last_published_ns = 0;
  std::istringstream lines(read_text(live()));
  for (std::string line; std::getline(lines, line);) {
    const auto text = field_of(line, "receive_ns");
    if (!text.empty() && line.back() == '}') {
      last_published_ns = std::max<std::int64_t>(last_published_ns, std::stoll(text));
    }
  }
  std::int64_t last_archived_ns = 0;
  std::size_t frames = 0;
  for (const auto& merge : storage::open_archives({archive_}, {})) {
    storage::archive_record record;
    while (merge->next(record)) {
      last_archived_ns = std::max(last_archived_ns, record.receive_ns);
      ++frames;
    }
  }
  EXPECT_GT(frames, 500);
  // A tick is 100 ms; the rest is for a machine that has other things to do.
  EXPECT_GT(last_archived_ns, last_published_ns - 2'000'000'000);

  // The next run closes what was left open, and goes on in files of its own.
  server_ = run_server("again");
  ASSERT_TRUE(eventually(
      [&] { return server_.err().find("was left open and is closed now") != std::string::npos; },
      std::chrono::seconds(30)))
      << server_.err();
  stop();
  const auto verified = tool({"archive", "verify", archive_});
  EXPECT_EQ(verified.exit_code, 0) << verified.out;
}

TEST_F(archive_of_a_server, that_has_a_full_disk_goes_on_and_says_what_the_archive_lost) {
  const small_disk disk(folder_.file("disk"), 4 << 20);
  if (!disk.is_mounted()) {
    if (captures_must_be_there()) FAIL() << "this test must be able to mount a tmpfs";
    GTEST_SKIP() << "skipped: neither root nor a user namespace";
  }
  start("kraken", "BTC-USD,ETH-USD",
        "  block_size: 64KiB\n  flush_interval: 50ms\n  queue_size: 1MiB\n", disk.path());
  ASSERT_TRUE(has_events(500)) << server_.err();
  disk.fill(0);
  ASSERT_TRUE(
      eventually([&] { return server_.err().find("live data goes on") != std::string::npos; },
                 std::chrono::seconds(60)))
      << server_.err();
  const auto before = count(events_of(live()));
  ASSERT_TRUE(has_events(before + 6'000)) << server_.err();
  disk.free();
  ASSERT_TRUE(
      eventually([&] { return server_.err().find("can be written again") != std::string::npos; },
                 std::chrono::seconds(30)))
      << server_.err();
  stop();
  const auto verified = tool({"archive", "verify", archive_});
  EXPECT_EQ(verified.exit_code, 0) << verified.out;
  // What found no room stands in the archive as a number.
  EXPECT_EQ(verified.out.find(" 0 frames found no room"), std::string::npos) << verified.out;
}

TEST_F(archive_of_a_server, with_a_key_that_is_none_does_not_start_and_does_not_show_it) {
  write_text(folder_.file("config.yaml"),
             "venues:\n  - {venue: kraken, instruments: [BTC-USD], feeds: [trade]}\n"
             "sinks:\n  - kind: none\narchive: {path: " +
                 folder_.file("a") + ", key: not-a-key-but-secret}\n");
  const auto result = run_program({binary, "run", "--config", folder_.file("config.yaml")},
                                  {"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("openssl rand -hex 32"));
  EXPECT_EQ(result.err.find("not-a-key-but-secret"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace feedtree::tests
