// PostgreSQL servers of the tests' own, on free ports of the loopback, as children of the test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.hpp"

namespace feedtree::tests {

// Where a kind of server comes from: its programs, and who runs them.
struct postgres_kind {
  std::string programs;  // the folder of initdb and postgres
  std::string root;      // they are seen from here; empty: the machine's own root
  unsigned user = 0;     // a server refuses to be run by root
  unsigned group = 0;
  bool timescale = false;
};

// PostgreSQL 15 as Debian packages it, without TimescaleDB; nothing where it is not installed.
std::optional<postgres_kind> plain_postgres();
// PostgreSQL 17 with TimescaleDB, of Debian 13: unpacked once into build/timescaledb (420 MB, some
// seconds, from the machine's own package mirror). Nothing where that is not possible: it needs
// root and mmdebstrap. Why is in `missing`.
std::optional<postgres_kind> timescale_postgres(std::string& missing);
// True where a missing server is a failure.
bool servers_must_be_there();

// A server with a database folder of its own, which goes with it.
class postgres_server {
 public:
  // settings are "name=value" of postgresql.conf. Throws std::runtime_error.
  explicit postgres_server(const postgres_kind& kind, std::vector<std::string> settings = {});
  ~postgres_server();
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  int port() const { return port_; }
  // Of the superuser md, without a password; the loopback is trusted.
  std::string dsn(const std::string& database = "postgres") const;
  // "127.0.0.1:<port>".
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // A fresh database; gives its dsn.
  std::string make_database(const std::string& name);

  // Starts it on the port that it had; returns when it answers.
  void start();
  void stop();    // SIGINT: clients are cut off
  void kill();    // SIGKILL, to the whole server
  void freeze();  // SIGSTOP to the server and to those of its processes that serve clients
  void thaw();
  // The folder of the database, to put files into before start(); as the machine sees it.
  const std::string& data() const { return data_; }
  // Puts a text into a file of that folder, which only the server can read.
  void write_file(const std::string& name, const std::string& text) const;

 private:
  void initialise();
  std::function<void()> as_server() const;
  std::string seen(const std::string& path) const;
  void signal_all(int number) const;

  postgres_kind kind_;
  std::vector<std::string> settings_;
  std::string folder_;
  std::string data_;
  temporary_folder logs_;
  int port_ = 0;
  child_process process_;
};

}  // namespace feedtree::tests

// Declares a std::unique_ptr<postgres_server> with TimescaleDB, or skips (or, in CI, fails).
#define FEEDTREE_TIMESCALE(variable)                                                       \
  std::string variable##_missing;                                                          \
  const auto variable##_kind = ::feedtree::tests::timescale_postgres(variable##_missing);  \
  if (!variable##_kind && ::feedtree::tests::servers_must_be_there()) {                    \
    FAIL() << "no TimescaleDB, but it must be there: " << variable##_missing;              \
  }                                                                                        \
  if (!variable##_kind) GTEST_SKIP() << "skipped: no TimescaleDB: " << variable##_missing; \
  auto variable = std::make_unique<::feedtree::tests::postgres_server>(*variable##_kind)
// The same with a PostgreSQL that has no TimescaleDB.
#define FEEDTREE_POSTGRES(variable)                                     \
  const auto variable##_kind = ::feedtree::tests::plain_postgres();     \
  if (!variable##_kind && ::feedtree::tests::servers_must_be_there()) { \
    FAIL() << "no PostgreSQL 15, but it must be there";                 \
  }                                                                     \
  if (!variable##_kind) GTEST_SKIP() << "skipped: no PostgreSQL 15";    \
  auto variable = std::make_unique<::feedtree::tests::postgres_server>(*variable##_kind)
