// `feedtree run` reads its configuration again at SIGHUP: instruments and venues come and go, and
// their neighbours do not notice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();
const std::vector<std::string> insecure{"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"};

// A simulated venue without TLS.
class simulated_venue {
 public:
  simulated_venue(const temporary_folder& folder, const std::string& name,
                  const std::string& instruments)
      : name_(name),
        process_({binary, "simulate", "--venue", name, "--listen", "127.0.0.1:0", "--seed", "5",
                  "--instruments", instruments, "--rate", "200"},
                 folder.path(), name) {
    if (!process_.wait_for_output("listens on ")) throw std::runtime_error(process_.err());
    const auto line = process_.out();
    const auto begin = line.find("listens on ") + 11;
    address_ = line.substr(begin, line.find(' ', begin) - begin);
  }
  // Its part of a configuration.
  std::string yaml(const std::string& instruments) const {
    return "  - venue: " + name_ + "\n    instruments: [" + instruments +
           "]\n    feeds: [book, trade]\n    websocket_url: ws://" + address_ +
           "\n    rest_url: http://" + address_ + "\n";
  }

 private:
  std::string name_;
  child_process process_;
  std::string address_;
};

class reloaded_server : public testing::Test {
 protected:
  void configure(const std::string& venues) {
    write_text(folder.file("config.yaml"),
               "venues:\n" + venues + "sinks:\n  - {kind: jsonl, path: " + events_path +
                   "}\n  - kind: none\njournal: {path: " + folder.file("journal") + "}\n");
  }
  void start() {
    server.emplace(std::vector<std::string>{binary, "run", "--config", folder.file("config.yaml")},
                   folder.path(), "server", insecure);
  }
  void reload() { server->signal(SIGHUP); }
  bool says(const std::string& text) { return server->wait_for_output(text, patience); }
  // The stored events that hold all of these texts.
  std::vector<std::string> events(const std::vector<std::string>& texts) {
    std::vector<std::string> result;
    std::istringstream in(read_text(events_path));
    for (std::string line; std::getline(in, line);) {
      if (std::all_of(texts.begin(), texts.end(),
                      [&](const auto& text) { return line.find(text) != line.npos; })) {
        result.push_back(line);
      }
    }
    return result;
  }
  bool stores(const std::vector<std::string>& texts, std::size_t at_least = 1) {
    return eventually([&] { return events(texts).size() >= at_least; }, patience);
  }
  static std::vector<std::string> of(const std::string& venue, const std::string& symbol,
                                     const std::string& more = "") {
    return {"\"venue\":\"" + venue + "\"", "\"instrument\":\"" + symbol + "\"", more};
  }
  void expect_untouched(const std::string& venue, const std::string& symbol) {
    EXPECT_EQ(events(of(venue, symbol, "\"type\":\"snapshot\"")).size(), 1u) << symbol;
    EXPECT_EQ(events(of(venue, symbol, "\"kind\":\"gap\"")).size(), 0u) << symbol;
  }
  void stop() {
    server->signal(SIGTERM);
    EXPECT_EQ(server->wait(), 0) << server->err();
  }

  static constexpr std::chrono::seconds patience{60};
  temporary_folder folder;
  std::string events_path = folder.file("events.jsonl");
  std::optional<child_process> server;
};

TEST_F(reloaded_server, adds_and_removes_instruments_and_venues_while_their_neighbours_go_on) {
  const simulated_venue kraken(folder, "kraken", "BTC-USD,ETH-USD,SOL-USD");
  const simulated_venue okx(folder, "okx", "BTC-USDT");
  const simulated_venue bybit(folder, "bybit", "BTC-USDT");
  configure(kraken.yaml("BTC-USD, ETH-USD") + bybit.yaml("BTC-USDT"));
  start();
  ASSERT_TRUE(stores(of("kraken", "BTC-USD", "\"kind\":\"book\""), 20)) << server->err();
  ASSERT_TRUE(stores(of("kraken", "ETH-USD", "\"kind\":\"book\""), 20)) << server->err();
  ASSERT_TRUE(stores(of("bybit", "BTC-USDT", "\"kind\":\"book\""), 1)) << server->err();

  configure(kraken.yaml("BTC-USD, SOL-USD") + okx.yaml("BTC-USDT"));
  reload();
  ASSERT_TRUE(says("reload: kraken: ETH-USD removed")) << server->err();
  EXPECT_TRUE(says("reload: kraken: SOL-USD added")) << server->err();
  EXPECT_TRUE(says("reload: bybit: removed")) << server->err();
  EXPECT_TRUE(says("reload: okx: added with BTC-USDT")) << server->err();
  EXPECT_TRUE(says("kraken/book-ETH-USD: removed")) << server->err();
  EXPECT_TRUE(says("venues/bybit: removed")) << server->err();
  EXPECT_TRUE(stores(of("kraken", "SOL-USD", "\"kind\":\"book\""), 20)) << server->err();
  EXPECT_TRUE(stores(of("okx", "BTC-USDT", "\"kind\":\"book\""), 20)) << server->err();

  // What was removed has ended, and says so; its neighbour on the same connection goes on.
  const auto ended = events(of("kraken", "ETH-USD")).size();
  // A gap of each feed that had begun: of books for certain, of trades where one had come.
  EXPECT_THAT(events(of("kraken", "ETH-USD", ":gap:book-")), testing::SizeIs(2));
  EXPECT_THAT(events(of("kraken", "ETH-USD", ":gap:trade-")),
              testing::AnyOf(testing::IsEmpty(), testing::SizeIs(2)));
  EXPECT_THAT(events(of("kraken", "ETH-USD", "\"recovered\":true")), testing::IsEmpty());
  EXPECT_FALSE(events(of("kraken", "ETH-USD", "not wanted any more")).empty());
  const auto before = events(of("kraken", "BTC-USD")).size();
  ASSERT_TRUE(stores(of("kraken", "BTC-USD"), before + 50)) << server->err();
  EXPECT_EQ(events(of("kraken", "ETH-USD")).size(), ended);
  expect_untouched("kraken", "BTC-USD");
  expect_untouched("kraken", "SOL-USD");
  expect_untouched("okx", "BTC-USDT");
  stop();
  EXPECT_EQ(server->err().find("did not stop in time"), std::string::npos) << server->err();
}

TEST_F(reloaded_server, changes_nothing_for_a_bad_file_and_names_what_only_a_start_reads) {
  const simulated_venue kraken(folder, "kraken", "BTC-USD,ETH-USD");
  configure(kraken.yaml("BTC-USD"));
  start();
  ASSERT_TRUE(stores(of("kraken", "BTC-USD", "\"kind\":\"book\""), 20)) << server->err();

  configure(kraken.yaml("BTC-USD, ETH-USD") + "    book_dpeth: 10\n");
  reload();
  ASSERT_TRUE(says("unknown key 'book_dpeth'")) << server->err();
  ASSERT_TRUE(says("the configuration is wrong: nothing was changed")) << server->err();

  configure(kraken.yaml("BTC-USD") + "    book_depth: 25\n");
  reload();
  ASSERT_TRUE(says("venues[kraken].book_depth: cannot change while the server runs"))
      << server->err();
  ASSERT_TRUE(says("nothing to change")) << server->err();

  const auto before = events(of("kraken", "BTC-USD")).size();
  ASSERT_TRUE(stores(of("kraken", "BTC-USD"), before + 20)) << server->err();
  EXPECT_TRUE(events(of("kraken", "ETH-USD")).empty());
  expect_untouched("kraken", "BTC-USD");
  stop();
}

}  // namespace
}  // namespace feedtree::tests
