// Rows a second into the databases, new ones and such that are there already: TimescaleDB beside a
// plain COPY of the same rows into a table of the same form in the same run, and SQLite.
//
// timescale_bench [ROWS [ROUNDS]]   prints the median of the rounds.
#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>

#include "core/sink.hpp"
#include "storage/event_fields.hpp"
#include "storage/timescale_columns.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

constexpr int batch_rows = 1'000;    // as events come
constexpr int commit_rows = 10'000;  // as they are committed, by the sinks and by COPY

using batches = std::vector<batch_ptr>;

// Trades of two instruments, a millisecond apart, with ids from `first` on.
batches make_trades(const std::vector<const listing*>& where, int first, int count) {
  batches all;
  for (int at = 0; at < count; at += batch_rows) {
    auto batch = std::make_shared<event_batch>();
    for (int row = at; row < at + batch_rows; ++row) {
      const auto id = first + row;
      auto what = tests::sample_trade(where[static_cast<std::size_t>(id) % where.size()],
                                      std::to_string(7'000'000'000 + id));
      std::get<trade>(what.body).price = {6'123'410 + id % 1'000, -2};
      what.exchange_ns += id * std::int64_t{1'000'000};
      what.receive_ns = what.exchange_ns + 100'000'000;
      batch->events.push_back(what);
    }
    all.push_back(std::move(batch));
  }
  return all;
}

// A row as COPY BINARY wants it.
class copy_row {
 public:
  explicit copy_row(std::string& out) : out_(out) {}
  void text(std::string_view value) { field(value); }
  void words(std::string_view value) { field(value); }
  void integer(std::int64_t value) {
    field(big_endian(static_cast<std::uint64_t>(value), 8));
    if (++integers_ == 1) {  // exchange_ns: exchange_ts stands behind it
      field(big_endian(static_cast<std::uint64_t>(storage::pg_microseconds(value)), 8));
    }
  }
  void flag(bool value) { field(value ? std::string_view("\1", 1) : std::string_view("\0", 1)); }
  void number(const decimal& value) {
    std::string bytes;
    storage::append_numeric(value, bytes);
    field(bytes);
  }
  void update_id(std::uint64_t value) {
    std::string bytes;
    storage::append_numeric(value, bytes);
    field(bytes);
  }
  void levels(std::span<const level> of) {
    std::string bytes;
    encode_levels(of, bytes);
    field(bytes);
  }
  void null() { out_.append(4, '\xff'); }
  static std::string big_endian(std::uint64_t value, int bytes) {
    std::string text;
    for (int at = bytes - 1; at >= 0; --at) text += static_cast<char>(value >> (8 * at));
    return text;
  }

 private:
  void field(std::string_view bytes) { out_.append(big_endian(bytes.size(), 4)).append(bytes); }
  std::string& out_;
  int integers_ = 0;
};

// The data of one COPY for each commit.
std::vector<std::string> copy_data(const batches& all) {
  std::vector<std::string> result;
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (at % (commit_rows / batch_rows) == 0) {
      result.emplace_back("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    }
    for (const auto& what : all[at]->events) {
      result.back() += copy_row::big_endian(10, 2);
      copy_row row(result.back());
      storage::put_fields(row, what, *all[at]);
    }
  }
  return result;
}

void require(PGconn* connection, bool good) {
  if (good) return;
  std::fprintf(stderr, "%s", PQerrorMessage(connection));
  std::exit(1);
}

void copy(PGconn* connection, const std::vector<std::string>& data) {
  for (const auto& each : data) {
    PQclear(PQexec(connection, "COPY plain FROM STDIN (FORMAT binary)"));
    require(connection, PQputCopyData(connection, each.data(), static_cast<int>(each.size())) == 1);
    require(connection, PQputCopyEnd(connection, nullptr) == 1);
    while (PGresult* const result = PQgetResult(connection)) {
      require(connection, PQresultStatus(result) == PGRES_COMMAND_OK);
      PQclear(result);
    }
  }
}

void write(sink& out, const batches& all) {
  for (const auto& each : all) out.write(each);
  out.flush();
}

// Seconds of processor time that a process has used; what other programs do does not count in it.
double processor_seconds(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string field;
  double ticks = 0;
  for (int at = 1; at <= 15 && stat >> field; ++at) {
    if (at >= 14) ticks += std::atof(field.c_str());  // utime, stime
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// One way to store rows; its server's process is 0 where there is none.
struct way {
  const char* what;
  int server;
  std::vector<double> rates = {};
  double own_seconds = 0;
  double server_seconds = 0;
  double rows = 0;

  void measure(int count, const std::function<void()>& work) {
    const auto own = processor_seconds(getpid());
    const auto others = server == 0 ? 0 : processor_seconds(server);
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    rates.push_back(count / took.count());
    own_seconds += processor_seconds(getpid()) - own;
    if (server != 0) server_seconds += processor_seconds(server) - others;
    rows += count;
  }
  void print() {
    std::sort(rates.begin(), rates.end());
    std::printf("%-36s %9.0f %9.0f %9.0f %14.2f %14.2f\n", what, rates[rates.size() / 2],
                rates.front(), rates.back(), own_seconds / rows * 1e6, server_seconds / rows * 1e6);
  }
};

int server_of(PGconn* connection, const char* which) {
  PGresult* const result = PQexec(connection, which);
  const int pid = std::atoi(PQgetvalue(result, 0, 0));
  PQclear(result);
  return pid;
}

sink_context context() {
  sink_context result;
  result.now_ns = [] { return std::int64_t{1'700'000'000'000'000'000}; };
  result.options["rows_max"] = std::to_string(commit_rows);
  return result;
}

int run(int rows, int rounds) {
  std::string missing;
  const auto kind = tests::timescale_postgres(missing);
  if (!kind) {
    std::fprintf(stderr, "no TimescaleDB: %s\n", missing.c_str());
    return 1;
  }
  tests::postgres_server server(*kind);
  const tests::temporary_folder folder;
  listing_registry registry;
  const std::vector<const listing*> where{tests::sample_listing(registry),
                                          tests::sample_listing(registry, "ETH-USD")};
  const auto timescale = make_sink("timescale:" + server.dsn(), context());
  const auto sqlite = make_sink("sqlite:" + folder.file("events.db"), context());
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(server.dsn().c_str()),
                                                                &PQfinish);
  PQclear(PQexec(connection.get(),
                 "CREATE TABLE plain (LIKE trade INCLUDING ALL);"
                 "SELECT create_hypertable('plain', by_range('exchange_ts', INTERVAL '1 day'),"
                 " create_default_indexes => FALSE)"));
  const int other = server_of(
      connection.get(), "SELECT pid FROM pg_stat_activity WHERE application_name = 'feedtree'");
  way copied{"timescale, plain COPY BINARY", PQbackendPID(connection.get())};
  way stored{"timescale, sink, new rows", other};
  way again{"timescale, sink, rows that are there", other};
  way in_sqlite{"sqlite, sink, new rows", 0};
  for (int round = 0; round < rounds; ++round) {
    const auto all = make_trades(where, round * rows, rows);
    const auto data = copy_data(all);
    copied.measure(rows, [&] { copy(connection.get(), data); });
    stored.measure(rows, [&] { write(*timescale, all); });
    again.measure(rows, [&] { write(*timescale, all); });
    in_sqlite.measure(rows, [&] { write(*sqlite, all); });
  }
  const auto expected = static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(rounds);
  if (timescale->counters().duplicates != expected || sqlite->counters().duplicates != 0) return 1;
  std::printf("%-36s %9s %9s %9s %14s %14s\n", "trades, 10,000 a commit", "rows/s", "least", "most",
              "own us/row", "server us/row");
  for (auto* each : {&copied, &stored, &again, &in_sqlite}) each->print();
  return 0;
}

}  // namespace
}  // namespace feedtree

int main(int argc, char** argv) {
  const int rows = argc > 1 ? std::atoi(argv[1]) : 300'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  return feedtree::run(rows, rounds);
}
