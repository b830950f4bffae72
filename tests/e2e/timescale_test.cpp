// TimescaleDB behind the program as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "storage/sqlite_database.hpp"
#include "storage/timescale_connection.hpp"
#include "tests/e2e/same_rows.hpp"
#include "tests/support/captures.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string binary = paths::feedtree_program();
const std::vector<std::string> insecure{"FEEDTREE_ALLOW_INSECURE_DEFAULTS=1"};

std::string answer(const std::string& dsn, const std::string& query) {
  storage::pg_connection connection(storage::timescale_dsn(dsn), {5'000, 120'000});
  return connection.execute(query).text(0, 0);
}

run_result replay_into_both(const std::string& sqlite, const std::string& dsn,
                            const std::vector<std::string>& captures) {
  std::vector<std::string> argv{binary,   "replay",          "--sink", "sqlite:" + sqlite,
                                "--sink", "timescale:" + dsn};
  argv.insert(argv.end(), captures.begin(), captures.end());
  return run_program(argv);
}

// A capture of a simulated venue.
std::string record(const temporary_folder& folder, const std::string& venue,
                   const std::string& instruments) {
  const auto path = folder.file(venue + ".jsonl");
  const auto result =
      run_program({binary, "simulate", "--venue", venue, "--instruments", instruments, "--seed",
                   "3", "--frames", "3000", "--record", path});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return path;
}

TEST(timescale_replay, stores_the_rows_of_sqlite_value_by_value_and_the_same_again) {
  FEEDTREE_TIMESCALE(server);
  const temporary_folder folder;
  const std::vector<std::string> captures{record(folder, "kraken", "BTC-USD,ETH-USD"),
                                          record(folder, "coinbase", "BTC-USD"),
                                          record(folder, "bybit", "BTC-USDT,BTC-USDT-PERP"),
                                          record(folder, "binance-usdm", "BTC-USDT-PERP")};
  for (int times = 0; times < 2; ++times) {
    const auto result = replay_into_both(folder.file("events.db"), server->dsn(), captures);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto compared = compare_databases(folder.file("events.db"), server->dsn());
    EXPECT_EQ(compared.difference, "");
    for (const auto* table : {"trade", "book", "quote", "ticker", "instrument", "status"}) {
      EXPECT_GT(compared.rows.at(table), 0U) << table;
    }
  }
}

// A report but for the names of its sources.
std::string findings(const std::string& source) {
  auto result = run_program({binary, "validate", source, "--rules",
                             std::string(paths::source_folder()) + "/config/rules.yaml"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto at = result.out.find("\"sources\":[");
  EXPECT_NE(at, std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("password"), std::string::npos) << result.out;
  return result.out.erase(at, result.out.find(']', at) - at);
}

TEST(timescale_validate, finds_what_it_finds_in_sqlite) {
  FEEDTREE_TIMESCALE(server);
  const temporary_folder folder;
  ASSERT_EQ(replay_into_both(folder.file("events.db"), server->dsn(),
                             {record(folder, "kraken", "BTC-USD,ETH-USD"),
                              record(folder, "binance-usdm", "BTC-USDT-PERP")})
                .exit_code,
            0);
  const auto in_sqlite = findings(folder.file("events.db"));
  EXPECT_EQ(findings("timescale:" + server->dsn()), in_sqlite);
  EXPECT_EQ(findings("sqlite:" + folder.file("events.db")), in_sqlite);
  EXPECT_THAT(in_sqlite, HasSubstr("\"binance-usdm\""));
}

// `feedtree replay --diff` on both databases, which hold the same rows.
class compared_replay : public testing::Test {
 protected:
  void SetUp() override {
    FEEDTREE_TIMESCALE(made);
    server_ = std::move(made);
    capture_ = record(folder_, "kraken", "BTC-USD");
    ASSERT_EQ(replay_into_both(sqlite_, server_->dsn(), {capture_}).exit_code, 0);
  }
  run_result diff(const std::string& sink, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> argv{binary, "replay", "--diff", "--sink", sink};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back(capture_);
    return run_program(argv);
  }
  // Both databases say the same.
  run_result both(const std::vector<std::string>& more = {}) const {
    const auto in_sqlite = diff("sqlite:" + sqlite_, more);
    auto result = diff("timescale:" + server_->dsn(), more);
    EXPECT_EQ(result.out, in_sqlite.out) << result.err;
    EXPECT_EQ(result.exit_code, in_sqlite.exit_code);
    EXPECT_EQ(result.err, in_sqlite.err);
    return result;
  }
  std::string value(const std::string& sql) const { return answer(server_->dsn(), sql); }
  void execute(const std::string& sql) const {
    storage::pg_connection(storage::timescale_dsn(server_->dsn()), {5'000, 120'000}).execute(sql);
    storage::sqlite_database(sqlite_, 5'000).execute(sql);
  }

  temporary_folder folder_;
  std::string sqlite_ = folder_.file("events.db");
  std::string capture_;
  std::unique_ptr<postgres_server> server_;
};

TEST_F(compared_replay, finds_and_corrects_in_timescale_what_it_does_in_sqlite) {
  EXPECT_THAT(both().out, HasSubstr(": 0 differ, 0 new, 0 missing"));
  const auto key_at = [this](int offset) {
    return value("SELECT key FROM trade ORDER BY exchange_ns, key LIMIT 1 OFFSET " +
                 std::to_string(offset));
  };
  const auto key = key_at(3);
  const auto other = key_at(5);
  const auto where = " WHERE key = '" + key + "'";
  const auto price = value("SELECT price FROM trade" + where);
  const auto before = value("SELECT receive_ns FROM trade" + where);
  // The same number with other digits is another row.
  const auto book = value("SELECT key FROM book WHERE type = 'delta' ORDER BY key LIMIT 1");
  execute("UPDATE trade SET price = '1.0'" + where);
  execute("DELETE FROM trade WHERE key = '" + other + "'");
  execute("UPDATE book SET bids = '[]', checksum = NULL WHERE key = '" + book + "'");
  execute("UPDATE trade SET key = 'invented' WHERE key = '" + key_at(8) + "'");

  const auto seen = both();
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.out,
              HasSubstr("differs trade kraken BTC-USD " + key + " price: 1.0 -> " + price));
  EXPECT_THAT(seen.out, HasSubstr("new trade kraken BTC-USD " + other + "\n"));
  EXPECT_THAT(seen.out, HasSubstr("differs book kraken BTC-USD " + book + " "));
  EXPECT_THAT(seen.out, HasSubstr("missing trade kraken BTC-USD invented\n"));
  EXPECT_THAT(seen.out, HasSubstr(": 2 differ, 2 new, 1 missing"));
  EXPECT_EQ(value("SELECT price FROM trade" + where), "1.0");  // only looked

  EXPECT_EQ(both({"--apply"}).exit_code, 0);
  EXPECT_EQ(value("SELECT price FROM trade" + where), price);
  EXPECT_EQ(value("SELECT count(*) FROM trade" + where + " AND receive_ns <= " + before), "0");
  EXPECT_EQ(value("SELECT content->>'price' FROM superseded" + where +
                  " AND receive_ns = " + before + " AND until_ns > receive_ns"),
            "1.0");
  EXPECT_EQ(value("SELECT content->>'bids' FROM superseded WHERE key = '" + book + "'"), "[]");
  EXPECT_EQ(value("SELECT count(*) FROM superseded"), "2");
  EXPECT_THAT(both().out, HasSubstr(": 0 differ, 0 new, 1 missing"));
}

TEST_F(compared_replay, leaves_other_feeds_and_what_was_fetched_alone_as_in_sqlite) {
  const auto quotes = value("SELECT count(*) FROM quote");
  execute("DELETE FROM quote");
  // The only row of the feed lies outside of the replay's times.
  const auto first = value("SELECT min(exchange_ns) FROM ticker");
  execute("DELETE FROM ticker WHERE exchange_ns > " + first);
  const auto hour = "3600000000000";
  storage::pg_connection(storage::timescale_dsn(server_->dsn()), {5'000, 120'000})
      .execute(std::string("UPDATE ticker SET exchange_ns = exchange_ns - ") + hour +
               ", exchange_ts = exchange_ts - INTERVAL '1 hour'");
  storage::sqlite_database(sqlite_, 5'000)
      .execute(std::string("UPDATE ticker SET exchange_ns = exchange_ns - ") + hour);
  const auto key = value("SELECT key FROM trade ORDER BY exchange_ns, key LIMIT 1 OFFSET 4");
  const auto middle = value("SELECT exchange_ns FROM trade WHERE key = '" + key + "'");
  execute("UPDATE trade SET key = 'fetched' WHERE key = '" + key + "'");
  execute("INSERT INTO backfill VALUES ('kraken', 'BTC-USD', 'trade', 0, " + middle + ", " +
          middle + ", " + middle + ", '0', '0', 0, 1, 1)");
  const auto seen = both();
  EXPECT_THAT(seen.out, HasSubstr("1 rows of backfills and pollers are in the database only\n"));
  EXPECT_THAT(seen.out, HasSubstr(quotes + " rows are of feeds of which the database has none"));
  EXPECT_THAT(seen.out, HasSubstr("new ticker kraken BTC-USD "));
  EXPECT_EQ(both({"--apply"}).exit_code, 0);
  EXPECT_EQ(value("SELECT count(*) FROM quote"), "0");
  EXPECT_EQ(both({"--apply", "--new-feeds"}).exit_code, 0);
  EXPECT_EQ(value("SELECT count(*) FROM quote"), quotes);
  EXPECT_THAT(both().out, HasSubstr(": 0 differ, 0 new, 0 missing"));
}

TEST(timescale_replay, stores_real_traffic_as_sqlite_does) {
  FEEDTREE_CAPTURE(bybit, "bybit/v5_cryptofeed_20260809.jsonl.zst");
  FEEDTREE_CAPTURE(futures, "kraken_futures/ws1_cryptofeed_20210722.jsonl.zst");
  FEEDTREE_CAPTURE(okx, "okx/v5_cryptofeed_20220513.jsonl.zst");
  FEEDTREE_TIMESCALE(server);
  const temporary_folder folder;
  const auto result =
      replay_into_both(folder.file("events.db"), server->dsn(), {bybit, futures, okx});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto compared = compare_databases(folder.file("events.db"), server->dsn());
  EXPECT_EQ(compared.difference, "");
  std::size_t total = 0;
  for (const auto& [table, rows] : compared.rows) total += rows;
  EXPECT_GT(total, 10'000U);
}

TEST(timescale_replay, tells_what_is_wrong_and_never_the_secret) {
  FEEDTREE_POSTGRES(plain);
  const temporary_folder folder;
  const auto capture = record(folder, "kraken", "BTC-USD");
  const auto without =
      run_program({binary, "replay", "--sink", "timescale:" + plain->dsn(), capture});
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_THAT(without.err, HasSubstr("without TimescaleDB: install the extension"));
  for (const auto* dsn :
       {"postgresql://me:SECRET@127.0.0.1:1/md", "postgresql://me:SE@CRET@db/md",
        "host=127.0.0.1 port=1 password=SECRET", "SECRET", "postgresql://me:SECRET%@db"}) {
    for (const auto& command :
         {std::vector<std::string>{"replay", capture}, std::vector<std::string>{"migrate"}}) {
      std::vector<std::string> argv{binary};
      argv.insert(argv.end(), command.begin(), command.end());
      argv.insert(argv.end(), {"--sink", std::string("timescale:") + dsn});
      const auto result = run_program(argv);
      EXPECT_EQ(result.exit_code, 1) << dsn;
      EXPECT_THAT(result.err + result.out, Not(HasSubstr("CRET"))) << dsn;
      EXPECT_THAT(result.err, HasSubstr("feedtree: ")) << dsn;
    }
  }
}

// A server of feedtree with a simulated Kraken; SQLite beside TimescaleDB, behind one journal.
class run_with_timescale {
 public:
  run_with_timescale(const temporary_folder& folder, const std::string& dsn) : folder_(folder) {
    simulator_ = child_process({binary, "simulate", "--venue", "kraken", "--listen", "127.0.0.1:0",
                                "--seed", "5", "--instruments", "BTC-USD,ETH-USD", "--rate", "400"},
                               folder.path(), "simulator");
    if (!simulator_.wait_for_output("listens on ")) throw std::runtime_error(simulator_.err());
    const auto line = simulator_.out();
    const auto begin = line.find("listens on ") + 11;
    const auto address = line.substr(begin, line.find(' ', begin) - begin);
    write_text(folder.file("config.yaml"),
               "venues:\n  - venue: kraken\n    instruments: [BTC-USD, ETH-USD]\n"
               "    feeds: [book, trade, ticker]\n    websocket_url: ws://" +
                   address + "\n    rest_url: http://" + address +
                   "\nsinks:\n  - {kind: sqlite, path: " + folder.file("events.db") +
                   "}\n  - kind: timescale\n    dsn: \"${FEEDTREE_TEST_DSN}\"\n"
                   "    flush_interval: 50ms\n  - kind: none\njournal: {path: " +
                   folder.file("journal") + "}\n");
    environment_ = {"FEEDTREE_TEST_DSN=" + dsn, "FEEDTREE_NATS_ALLOW_INSECURE_DEFAULTS=1",
                    "FEEDTREE_OPERATOR_ALLOW_INSECURE_DEFAULTS=1"};
  }
  // allow: the variable that lets the database be without TLS, or empty.
  child_process start(const std::string& allow = "FEEDTREE_TIMESCALE_ALLOW_INSECURE_DEFAULTS=1",
                      const std::string& seconds = "0") const {
    auto environment = environment_;
    if (!allow.empty()) environment.push_back(allow);
    return child_process(
        {binary, "run", "--config", folder_.file("config.yaml"), "--seconds", seconds},
        folder_.path(), "server", environment);
  }

 private:
  const temporary_folder& folder_;
  child_process simulator_;
  std::vector<std::string> environment_;
};

bool has_more_than(const std::string& dsn, std::size_t rows) {
  return eventually([&] {
    try {
      return std::stoul(answer(dsn, "SELECT count(*) FROM book")) > rows;
    } catch (const sink_error&) {  // the tables are not there yet
      return false;
    }
  });
}

TEST(timescale_run, a_database_that_is_killed_twice_has_exactly_the_rows_of_the_journal) {
  FEEDTREE_TIMESCALE(database);
  const temporary_folder folder;
  const run_with_timescale runs(folder, database->dsn());
  auto server = runs.start();
  ASSERT_TRUE(has_more_than(database->dsn(), 100)) << server.err();
  database->kill();
  ASSERT_TRUE(server.wait_for_output("keeping what waits")) << server.err();
  database->start();
  ASSERT_TRUE(server.wait_for_output("works again")) << server.err();
  database->kill();
  // The server ends while the database is away: what it has not stored stays in the journal.
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
  database->start();
  server = runs.start("FEEDTREE_TIMESCALE_ALLOW_INSECURE_DEFAULTS=1", "2");
  EXPECT_EQ(server.wait(), 0) << server.err();
  const auto compared = compare_databases(folder.file("events.db"), database->dsn());
  EXPECT_EQ(compared.difference, "");
  EXPECT_GT(compared.rows.at("book"), 200U);
}

TEST(timescale_run, wants_verified_tls_and_gets_it) {
  FEEDTREE_TIMESCALE(database);
  const temporary_folder folder;
  for (const auto* name : {"tls", "other"}) {
    ASSERT_EQ(run_program({binary, "make-certificate", folder.file(name)}).exit_code, 0);
  }
  for (const auto* name : {"cert.pem", "key.pem"}) {
    database->write_file(name, read_text(folder.file(std::string("tls/") + name)));
  }
  const auto address = "hostaddr=127.0.0.1 user=md password=SECRET dbname=postgres port=" +
                       std::to_string(database->port());
  const auto dsn_of = [&](const std::string& host, const std::string& mode, const std::string& ca) {
    return address + " host=" + host + " sslmode=" + mode +
           " sslrootcert=" + folder.file(ca + "/ca.pem");
  };
  const auto failure = [&](const std::string& dsn) {
    const auto result = run_program({binary, "migrate", "--sink", "timescale:" + dsn});
    EXPECT_EQ(result.exit_code, 1) << result.out;
    EXPECT_THAT(result.err, Not(HasSubstr("SECRET")));
    return result.err;
  };
  const auto verified = dsn_of("localhost", "verify-full", "tls");
  EXPECT_THAT(failure(verified), HasSubstr("turn ssl on in the server's postgresql.conf"));
  database->write_file("postgresql.auto.conf",
                       "ssl = on\nssl_cert_file = 'cert.pem'\nssl_key_file = 'key.pem'\n");
  database->write_file(
      "pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\nhostnossl all all 127.0.0.1/32 reject\n");
  database->stop();
  database->start();
  EXPECT_THAT(failure(dsn_of("localhost", "verify-full", "other")), HasSubstr("check sslrootcert"));
  EXPECT_THAT(failure(dsn_of("db.example", "verify-full", "tls")), HasSubstr("db.example"));

  // Encrypted but not verified: not without permission.
  const temporary_folder insecure_folder;
  const run_with_timescale unverified(insecure_folder, dsn_of("localhost", "require", "tls"));
  auto refused = unverified.start("", "1");
  EXPECT_EQ(refused.wait(), 78);
  EXPECT_THAT(refused.err(), HasSubstr("TIMESCALE: the dsn of the timescale sink has no "
                                       "sslmode=verify-full"));
  EXPECT_THAT(refused.err(), Not(HasSubstr("SECRET")));

  const run_with_timescale runs(folder, verified);
  auto server = runs.start("", "0");
  ASSERT_TRUE(has_more_than(verified, 10)) << server.err();
  EXPECT_EQ(answer(verified,
                   "SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING "
                   "(pid) WHERE ssl AND application_name = 'feedtree'"),
            "t");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.err();
  EXPECT_EQ(compare_databases(folder.file("events.db"), verified).difference, "");
}

}  // namespace
}  // namespace feedtree::tests
