// Rules in a running server, and `feedtree validate` over captures and a database.
#include <gtest/gtest.h>
#include <signal.h>

#include <sstream>

#include "storage/sqlite_sink.hpp"
#include "tests/support/captures.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();
const std::string listener = paths::nats_listener();
const std::vector<std::string> insecure{"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"};

// A Kraken that does this wrong, and a server that judges it by these rules.
class judged_kraken {
 public:
  judged_kraken(const std::string& fault, const std::string& rules) {
    run_program({binary, "make-certificate", folder_.file("tls")});
    simulator_ = child_process(
        {binary, "simulate", "--venue", "kraken", "--listen", "127.0.0.1:0", "--tls-cert",
         folder_.file("tls/cert.pem"), "--tls-key", folder_.file("tls/key.pem"), "--seed", "5",
         "--instruments", "BTC-USD", "--rate", "200", "--fault", fault},
        folder_.path(), "simulator");
    if (!simulator_.wait_for_output("listens on ")) throw std::runtime_error(simulator_.err());
    const auto line = simulator_.out();
    const auto begin = line.find("listens on ") + 11;
    const auto address = line.substr(begin, line.find(' ', begin) - begin);
    write_text(folder_.file("rules.yaml"), rules);
    write_text(
        folder_.file("config.yaml"),
        "venues:\n  - venue: kraken\n    instruments: [BTC-USD]\n"
        "    feeds: [book, trade]\n    websocket_url: wss://" +
            address + "\n    rest_url: https://" + address +
            "\n    tls: {ca_file: " + folder_.file("tls/ca.pem") +
            "}\nhttp: {listen: \"127.0.0.1:0\"}\njournal: {path: " + folder_.file("journal") +
            "}\nvalidation: {rules: " + folder_.file("rules.yaml") +
            "}\nsinks:\n  - {kind: nats, url: \"" + nats_.url() + "\"}\n");
  }

  // What a subscriber of its own process gets of this subject: that many messages.
  std::string messages(const std::string& subject, int count) {
    child_process subscriber({listener, nats_.url(), subject, std::to_string(count)},
                             folder_.path(), "subscriber");
    if (!subscriber.wait_for_output("listening")) return subscriber.err();
    child_process server({binary, "run", "--config", folder_.file("config.yaml")}, folder_.path(),
                         "server", insecure);
    EXPECT_EQ(subscriber.wait(), 0) << subscriber.err() << server.err();
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0) << server.err();
    return subscriber.out();
  }

 private:
  temporary_folder folder_;
  private_nats nats_{folder_};
  child_process simulator_;
};

const std::string skew_rule =
    "rules:\n  - name: skew\n    check: clock_skew\n    behind: 5s\n    ahead: 1s\n"
    "    outcome: [flag]\n    alert: critical\n    alert_every: 1s\n";

TEST(live_rules, a_clock_that_is_ahead_raises_an_alert_on_nats) {
  judged_kraken kraken("clock_skew:by=10s", skew_rule);
  const auto alerts = kraken.messages("md.v1.alert.critical", 2);
  EXPECT_NE(alerts.find(R"("kind":"alert")"), std::string::npos) << alerts;
  EXPECT_NE(alerts.find(R"("severity":"critical","venue":"kraken","instrument":"BTC-USD")"),
            std::string::npos)
      << alerts;
  EXPECT_NE(alerts.find(R"("rule":"skew","reason":"the venue's time is )"), std::string::npos);
}

TEST(live_rules, an_event_that_breaks_a_rule_is_flagged) {
  judged_kraken kraken("clock_skew:by=10s", skew_rule);
  // The first ones are of the venue's snapshot of past trades, which says nothing about its clock.
  const auto trades = kraken.messages("md.v1.trade.>", 120);
  EXPECT_NE(trades.find(R"("flags":["clock_skew"])"), std::string::npos) << trades;
}

TEST(live_rules, a_crossed_book_raises_an_alert) {
  judged_kraken kraken("crossed:poisson=1s,instrument=BTC-USD",
                       "rules:\n  - name: crossed\n    check: crossed\n    alert: warning\n");
  const auto alerts = kraken.messages("md.v1.alert.>", 1);
  EXPECT_NE(alerts.find(R"("rule":"crossed","reason":"bid )"), std::string::npos) << alerts;
}

// The number behind a name in a JSON text, from a place on; -1 if there is none.
long number_of(const std::string& json, const std::string& name, std::size_t from = 0) {
  const auto at = json.find("\"" + name + "\":", from);
  return at == std::string::npos ? -1 : std::atol(json.c_str() + at + name.size() + 3);
}

const std::string all_trades =
    "rules:\n  - name: no-trade\n    check: range\n    kinds: [trade]\n    field: price\n"
    "    max: 0\n    outcome: [quarantine]\n";

TEST(validate, finds_every_trade_of_a_capture_that_a_replay_finds) {
  FEEDTREE_CAPTURE(path, "kraken_futures/ws1_cryptofeed_20210722.jsonl.zst");
  const temporary_folder folder;
  write_text(folder.file("rules.yaml"), all_trades);
  const auto replayed = run_program({binary, "replay", "--report", "-", path});
  const auto trades = number_of(replayed.out, "trade");
  ASSERT_GT(trades, 0) << replayed.out;
  const auto judged = run_program({binary, "validate", path, "--rules", folder.file("rules.yaml")});
  ASSERT_EQ(judged.exit_code, 0) << judged.err;
  EXPECT_EQ(number_of(judged.out, "broken"), trades);
  EXPECT_EQ(number_of(judged.out, "quarantined"), trades);
  const auto strict =
      run_program({binary, "validate", "--strict", path, "--rules", folder.file("rules.yaml")});
  EXPECT_EQ(strict.exit_code, 1);
}

TEST(validate, finds_the_same_in_a_database_as_in_the_capture_that_it_was_made_of) {
  FEEDTREE_CAPTURE(path, "bybit/v5_cryptofeed_20260809.jsonl.zst");
  const temporary_folder folder;
  write_text(folder.file("rules.yaml"), all_trades);
  const auto database = folder.file("events.db");
  ASSERT_EQ(run_program({binary, "replay", "--sink", "sqlite:" + database, path}).exit_code, 0);
  const auto of_capture =
      run_program({binary, "validate", path, "--rules", folder.file("rules.yaml")});
  const auto of_database =
      run_program({binary, "validate", database, "--rules", folder.file("rules.yaml")});
  ASSERT_EQ(of_database.exit_code, 0) << of_database.err;
  EXPECT_GT(number_of(of_database.out, "broken"), 0);
  EXPECT_EQ(number_of(of_database.out, "broken"), number_of(of_capture.out, "broken"));
  EXPECT_EQ(number_of(of_database.out, "book"), number_of(of_capture.out, "book"));
}

TEST(validate, writes_a_page_that_asks_the_network_for_nothing) {
  FEEDTREE_CAPTURE(path, "okx/v5_cryptofeed_20220513.jsonl.zst");
  const auto result = run_program({binary, "validate", path, "--report", "html", "--rules",
                                   std::string(paths::source_folder()) + "/config/rules.yaml"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("<svg"), std::string::npos);
  for (const std::string outside : {"http://", "https://", "src=", "@import", "<script"}) {
    EXPECT_EQ(result.out.find(outside), std::string::npos) << outside;
  }
}

// Quotes at 1 and 100 s, an outage between them that is written behind it, a database of it.
std::string stored_outage(const temporary_folder& folder) {
  listing_registry registry;
  const auto* const where = sample_listing(registry);
  auto batch = std::make_shared<event_batch>();
  const auto add = [&](std::int64_t received_s, auto body) {
    const auto key = std::to_string(batch->events.size());
    auto& added = batch->events.emplace_back(sample_event(where, key, body));
    added.exchange_ns = added.receive_ns = 1'700'000'000'000'000'000 + received_s * 1'000'000'000;
    return added.receive_ns;
  };
  const auto price = number("100");
  gap outage;
  outage.cause = gap_cause::outage;
  outage.feed = event_kind::quote;
  outage.begin_ns = add(1, quote{price, price, price, price});
  outage.detail.append("the server was not running");
  add(99, outage);
  outage.end_ns = add(100, quote{price, price, price, price});
  outage.recovered = true;
  add(100, outage);
  const auto path = folder.file("outage.db");
  sink_context context;
  context.now_ns = [] { return std::int64_t{1}; };
  storage::sqlite_sink out(path, context);
  out.write(batch);
  out.close();
  return path;
}

TEST(validate, counts_an_outage_as_missed_also_in_a_range_within_it) {
  const temporary_folder folder;
  write_text(folder.file("rules.yaml"), all_trades);
  const auto database = stored_outage(folder);
  const std::string missed =
      R"("missed":[{"venue":"kraken","feed":"quote","cause":"outage","entries":1,"open":0,)"
      R"("recovered":1,"lasted_ns":"99000000000","longest_ns":"99000000000"}])";
  const std::string rules = folder.file("rules.yaml");
  const auto whole = run_program({binary, "validate", database, "--rules", rules});
  EXPECT_NE(whole.out.find(missed), std::string::npos) << whole.out << whole.err;
  EXPECT_NE(whole.out.find(R"("detail":"the server was not running")"), std::string::npos);
  const auto within = run_program({binary, "validate", database, "--rules", rules, "--from",
                                   "1700000030000000000", "--to", "1700000040000000000"});
  EXPECT_NE(within.out.find(missed), std::string::npos) << within.out << within.err;
  const auto behind = run_program(
      {binary, "validate", database, "--rules", rules, "--from", "1700000101000000000"});
  EXPECT_NE(behind.out.find(R"("missed":[])"), std::string::npos) << behind.out << behind.err;
  const auto page =
      run_program({binary, "validate", database, "--rules", rules, "--report", "html"});
  EXPECT_NE(page.out.find("What was missed"), std::string::npos);
  EXPECT_NE(page.out.find("<td>outage</td>"), std::string::npos);
}

TEST(validate, says_what_is_wrong_with_rules_and_sources) {
  const temporary_folder folder;
  write_text(folder.file("bad.yaml"), "rules:\n  - name: a\n    check: spread\n");
  const auto bad = run_program({binary, "validate", "x", "--rules", folder.file("bad.yaml")});
  EXPECT_EQ(bad.exit_code, 78);
  EXPECT_NE(bad.err.find("bad.yaml:2:5: limit: is missing"), std::string::npos) << bad.err;
  write_text(folder.file("rules.yaml"), all_trades);
  const auto gone =
      run_program({binary, "validate", "nowhere", "--rules", folder.file("rules.yaml")});
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_NE(gone.err.find("nowhere"), std::string::npos) << gone.err;
}

}  // namespace
}  // namespace feedtree::tests
