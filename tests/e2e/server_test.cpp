// `feedtree run` against a simulated venue: what a service, an operator and a script see of it.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <map>
#include <memory>
#include <sstream>

#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();
const std::string listener = paths::nats_listener();
const std::vector<std::string> insecure{"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"};

// A Kraken of our own over TLS, with certificates.
class simulated_kraken {
 public:
  explicit simulated_kraken(const temporary_folder& folder) : folder_(folder) {
    run_program({binary, "make-certificate", folder.file("tls")});
    process_ = child_process(
        {binary, "simulate", "--venue", "kraken", "--listen", "127.0.0.1:0", "--tls-cert",
         folder.file("tls/cert.pem"), "--tls-key", folder.file("tls/key.pem"), "--seed", "5",
         "--instruments", "BTC-USD,ETH-USD", "--rate", "500"},
        folder.path(), "simulator");
    if (!process_.wait_for_output("listens on ")) throw std::runtime_error(process_.err());
    const auto line = process_.out();
    const auto begin = line.find("listens on ") + 11;
    address_ = line.substr(begin, line.find(' ', begin) - begin);
  }
  // The configuration of a server that uses it; sinks is YAML.
  std::string config(const std::string& sinks, const std::string& instruments = "BTC-USD, ETH-USD",
                     const std::string& ca = "tls/ca.pem") const {
    const auto path = folder_.file("config.yaml");
    write_text(path, "startup_timeout: 5s\nvenues:\n  - venue: kraken\n    instruments: [" +
                         instruments + "]\n    feeds: [book, trade, ticker]\n" +
                         "    websocket_url: wss://" + address_ + "\n    rest_url: https://" +
                         address_ + "\n    tls: {ca_file: " + folder_.file(ca) + "}\n" + sinks);
    return path;
  }
  child_process& process() { return process_; }

 private:
  const temporary_folder& folder_;
  child_process process_;
  std::string address_;
};

std::string nats_sink(const std::string& url) {
  return "sinks:\n  - {kind: nats, url: \"" + url + "\"}\n  - kind: none\n";
}

TEST(server, gives_a_subscriber_of_its_own_process_events_that_keep_the_schemas) {
  const temporary_folder folder;
  simulated_kraken kraken(folder);
  private_nats nats(folder);
  child_process subscriber({listener, nats.url(), "md.v1.>", "500"}, folder.path(), "subscriber");
  ASSERT_TRUE(subscriber.wait_for_output("listening"));
  child_process server({binary, "run", "--config", kraken.config(nats_sink(nats.url()))},
                       folder.path(), "server", insecure);
  ASSERT_EQ(subscriber.wait(), 0) << subscriber.err() << server.err();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();

  std::istringstream lines(subscriber.out());
  std::string bodies;
  std::map<std::string, long> last_seq;
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find('\t');
    const auto second = line.find('\t', first + 1);
    const auto subject = line.substr(0, first);
    const auto id = line.substr(first + 1, second - first - 1);
    const auto body = line.substr(second + 1);
    EXPECT_NE(body.find("\"id\":\"" + id + "\""), std::string::npos) << line.substr(0, 300);
    const auto seq = std::stol(body.substr(body.rfind("\"seq\":") + 6));
    EXPECT_EQ(seq, ++last_seq[subject]) << subject;
    bodies += body + "\n";
  }
  EXPECT_TRUE(last_seq.contains("md.v1.book.kraken.BTC-USD"));
  EXPECT_TRUE(last_seq.contains("md.v1.trade.kraken.ETH-USD"));
  write_text(folder.file("bodies.jsonl"), bodies);
  const auto checked = run_program(
      {"/usr/bin/python3",
       std::string(paths::source_folder()) + "/tests/contract/validate_schema.py",
       std::string(paths::source_folder()) + "/docs/schema", folder.file("bodies.jsonl")});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
}

TEST(server, answers_a_request_for_a_book_and_says_where_to_join) {
  const temporary_folder folder;
  simulated_kraken kraken(folder);
  private_nats nats(folder);
  child_process server({binary, "run", "--config", kraken.config(nats_sink(nats.url()))},
                       folder.path(), "server", insecure);
  child_process first({listener, nats.url(), "md.v1.book.kraken.BTC-USD", "20"}, folder.path(),
                      "first");
  ASSERT_EQ(first.wait(), 0) << first.err() << server.err();
  const auto answer =
      run_program({listener, nats.url(), "--request", "md.v1.get.book.kraken.BTC-USD"});
  EXPECT_EQ(answer.exit_code, 0) << answer.err;
  EXPECT_NE(answer.out.find("\"type\":\"snapshot\""), std::string::npos) << answer.out;
  EXPECT_NE(answer.out.find("\"state\":\"live\""), std::string::npos) << answer.out;
  const auto seq = answer.out.rfind("\"seq\":");
  ASSERT_NE(seq, std::string::npos) << answer.out;
  EXPECT_GE(std::stol(answer.out.substr(seq + 6)), 20);
  const auto unknown =
      run_program({listener, nats.url(), "--request", "md.v1.get.book.kraken.NO-WAY"});
  EXPECT_NE(unknown.out.find("\"error\":"), std::string::npos) << unknown.out << unknown.err;
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
}

TEST(server, stores_and_publishes_everything_that_it_validated) {
  const temporary_folder folder;
  simulated_kraken kraken(folder);
  private_nats nats(folder);
  const auto config = kraken.config(nats_sink(nats.url()) +
                                    "  - {kind: sqlite, path: " + folder.file("events.db") + "}\n");
  const auto result = run_program(
      {binary, "run", "--config", config, "--seconds", "2", "--verify", "--summary", "-"},
      insecure);
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  EXPECT_NE(result.out.find("\"rejected\":0"), std::string::npos);
}

TEST(server, reports_a_symbol_that_the_venue_does_not_have_and_serves_the_others) {
  const temporary_folder folder;
  simulated_kraken kraken(folder);
  const auto config = kraken.config("sinks: [{kind: none}]\n", "BTC-USD, NOPE-USD");
  const auto result = run_program(
      {binary, "run", "--config", config, "--seconds", "2", "--verify", "--summary", "-"},
      insecure);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("kraken has no instrument NOPE-USD"), std::string::npos) << result.err;
}

// The startup timeout of this configuration is five seconds.
TEST(server, goes_on_looking_when_its_only_venue_has_none_of_its_instruments) {
  const temporary_folder folder;
  simulated_kraken kraken(folder);
  const auto config = kraken.config("sinks: [{kind: none}]\n", "NOPE-USD");
  const auto result = run_program({binary, "run", "--config", config, "--seconds", "8"}, insecure);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("kraken has no instrument NOPE-USD: kraken does not list it"),
            std::string::npos)
      << result.err;
}

TEST(check_config, takes_the_example) {
  const auto example = std::string(paths::source_folder()) + "/config/example.yaml";
  const auto result = run_program({binary, "check-config", example});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find(": ok, 3 venues"), std::string::npos) << result.out;
}

TEST(check_config, refuses_an_instrument_that_another_venue_has) {
  const temporary_folder folder;
  write_text(
      folder.file("spot.yaml"),
      "venues:\n"
      "  - {venue: binance, instruments: [BTC-USDT, BTC-USDT-PERP], feeds: [trade, book]}\n"
      "  - {venue: coinbase, instruments: [BTC-USD-PERP], feeds: [trade]}\n"
      "pollers:\n"
      "  - {name: a, source: kraken, instruments: [BTC-USD-PERP], feeds: [trade], every: 1h}\n");
  const auto result = run_program({binary, "check-config", folder.file("spot.yaml")});
  EXPECT_EQ(result.exit_code, 78);
  for (const auto* line :
       {"spot.yaml:2:46: 'BTC-USDT-PERP': binance has no perpetuals; binance-usdm has them",
        "spot.yaml:3:37: 'BTC-USD-PERP': coinbase has no perpetuals; binance-usdm, bybit, "
        "kraken-futures and okx have them",
        "BTC-USD-PERP: kraken has no perpetuals; kraken-futures has them"}) {
    EXPECT_NE(result.err.find(line), std::string::npos) << line << "\n" << result.err;
  }
}

TEST(server, refuses_a_certificate_that_it_does_not_know) {
  const temporary_folder folder;
  simulated_kraken kraken(folder);
  run_program({binary, "make-certificate", folder.file("other")});
  const auto config = kraken.config("sinks: [{kind: none}]\n", "BTC-USD", "other/ca.pem");
  const auto result = run_program({binary, "run", "--config", config}, insecure);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("certificate"), std::string::npos) << result.err;
}

TEST(server, waits_for_a_venue_that_refuses_and_then_says_which) {
  const temporary_folder folder;
  simulated_kraken kraken(folder);
  const auto config = kraken.config("sinks: [{kind: none}]\n");
  kraken.process().signal(SIGKILL);
  kraken.process().wait();
  const auto result = run_program({binary, "run", "--config", config}, insecure);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("feedtree: no venue could be reached within 5 s: kraken: "),
            std::string::npos)
      << result.err;
}

TEST(server, says_that_nats_is_missing) {
  const temporary_folder folder;
  simulated_kraken kraken(folder);
  const auto config = kraken.config(nats_sink("nats://127.0.0.1:1"));
  const auto result = run_program({binary, "run", "--config", config}, insecure);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("127.0.0.1:1"), std::string::npos) << result.err;
}

TEST(server, refuses_a_wrong_configuration_with_the_place_and_code_78) {
  const temporary_folder folder;
  write_text(folder.file("bad.yaml"),
             "venues:\n  - venue: mtgox\n    instruments: [BTC-USD]\n"
             "    feeds: [book]\n");
  for (const auto& command : {std::vector<std::string>{"run", "--config"}, {"check-config"}}) {
    std::vector<std::string> argv{binary};
    argv.insert(argv.end(), command.begin(), command.end());
    argv.push_back(folder.file("bad.yaml"));
    const auto result = run_program(argv, insecure);
    EXPECT_EQ(result.exit_code, 78);
    EXPECT_NE(result.err.find("bad.yaml:2:"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("mtgox"), std::string::npos) << result.err;
  }
}

TEST(server, makes_the_folder_of_its_database) {
  const temporary_folder folder;
  simulated_kraken kraken(folder);
  const auto config = kraken.config(
      "sinks:\n  - {kind: sqlite, path: " + folder.file("data/events.db") + "}\n  - kind: none\n");
  const auto result =
      run_program({binary, "run", "--config", config, "--seconds", "1", "--verify"}, insecure);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_GT(read_text(folder.file("data/events.db")).size(), 0U);
}

TEST(server, without_insecure_defaults_lists_all_that_is_missing) {
  const temporary_folder folder;
  simulated_kraken kraken(folder);
  const auto result =
      run_program({binary, "run", "--config", kraken.config("sinks: [{kind: none}]\n")});
  EXPECT_EQ(result.exit_code, 78);
  for (const auto* service : {"TIMESCALE", "NATS", "OPERATOR"}) {
    EXPECT_NE(result.err.find(service), std::string::npos) << result.err;
  }
}

TEST(server, says_that_books_are_not_live_when_the_venue_is_gone) {
  const temporary_folder folder;
  auto kraken = std::make_unique<simulated_kraken>(folder);
  const auto config = kraken->config(
      "sinks:\n  - {kind: jsonl, path: " + folder.file("events.jsonl") + "}\n  - kind: none\n");
  child_process server({binary, "run", "--config", config}, folder.path(), "server", insecure);
  const auto has_live_book = [&] {
    return std::filesystem::exists(folder.file("events.jsonl")) &&
           read_text(folder.file("events.jsonl")).find("\"to\":\"live\"") != std::string::npos;
  };
  ASSERT_TRUE(eventually(has_live_book, std::chrono::seconds(60))) << server.err();
  // The socket is cut while the venue lives on: stop it for good, and the books must not be live.
  kraken->process().signal(SIGTERM);
  kraken->process().wait();
  ASSERT_TRUE(server.wait_for_output("kraken/connection-1: 127.0.0.1")) << server.err();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
  const auto events = read_text(folder.file("events.jsonl"));
  const auto last_status = events.rfind("\"kind\":\"status\"");
  ASSERT_NE(last_status, std::string::npos);
  EXPECT_NE(events.find("\"to\":\"syncing\"", last_status), std::string::npos)
      << events.substr(last_status, 400);
  EXPECT_NE(events.find("\"cause\":\"connection\""), std::string::npos);
}

}  // namespace
}  // namespace feedtree::tests
