// What a TimescaleDB does beyond keeping rows: retention, compression, minutes of trades.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/sink.hpp"
#include "storage/retention.hpp"
#include "storage/timescale_connection.hpp"

namespace feedtree::storage {

// The names of the options below.
const std::vector<std::string>& policy_option_names();

// The full edition (timescaledb.license is `timescale`) does all this by background jobs of its
// own; trade_minute is a continuous aggregate there. In the Apache edition trade_minute is a plain
// view with the same columns, nothing is compressed, and we drop old chunks ourselves. Options:
// retention_<kind>_ms, compress_after_ms.
class timescale_policies {
 public:
  explicit timescale_policies(const sink_context& context);

  // On every new connection, when the tables are there: runs the statements of the edition, in one
  // transaction, while no other server migrates.
  void install(pg_connection& connection);
  std::vector<std::string> full_edition_statements() const;
  static std::vector<std::string> apache_edition_statements();

  // True once an hour where old chunks, or rows of the ledger, are ours to drop.
  bool is_due(std::int64_t now_ns) const;
  // Drops chunks that lie wholly behind the retention of their kind, and old rows of the tables
  // that have no chunks: gap and quarantine.
  void drop_old(pg_connection& connection, std::int64_t now_ns);

 private:
  std::vector<table_retention> retentions_;  // of hypertables
  std::vector<table_retention> plain_;
  std::int64_t compress_after_ms_;
  bool full_edition_ = false;
  std::int64_t next_drop_ns_ = 0;
};

}  // namespace feedtree::storage
