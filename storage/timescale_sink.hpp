// Events in TimescaleDB: one table a kind, one row an event (storage/migrations/timescale).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/sink.hpp"
#include "storage/timescale_connection.hpp"
#include "storage/timescale_dsn.hpp"
#include "storage/timescale_policies.hpp"
#include "storage/timescale_rows.hpp"

namespace feedtree::storage {

// Batches are gathered and committed together, in one transaction: when rows_max events or
// bytes_max bytes are there, when the oldest has waited for flush_interval_ms at the next write,
// and at flush. An event that the database has already changes nothing and counts as a duplicate;
// one that it refuses goes to the table quarantine with the reason, alone. A commit that fails
// leaves what was taken in the buffer, and the next write or flush tries again, on a new connection
// where that one was lost. Options: rows_max, bytes_max, flush_interval_ms, connect_timeout_ms,
// statement_timeout_ms, and those of timescale_policies.
class timescale_sink : public sink, public row_counter {
 public:
  // Connects and applies the migrations that are missing. Throws sink_error.
  timescale_sink(std::string_view dsn, const sink_context& context);
  ~timescale_sink() override;

  void write(const batch_ptr& batch) override;
  void flush() override;
  // Kept in the table sink_cursor, in one transaction with the rows.
  void mark(std::string_view journal, std::uint64_t position) override;
  std::uint64_t marked(std::string_view journal) override;
  sink_counters counters() const override { return counters_; }
  std::vector<table_rows> rows_written() const override { return inserted_.by_table(); }
  void close() override;

 private:
  bool is_due() const;
  void connect();
  void disconnect();
  void commit();
  void gather();
  inserted_rows insert_pipelined();
  // refused: rows that the database would not have.
  inserted_rows insert_singly(std::uint64_t& refused);
  bool put_aside(const event_ref& row, const std::string& reason);
  std::string cursor_statement() const;
  void drop_old();
  void know();
  void release();

  timescale_dsn dsn_;
  std::function<std::int64_t()> now_ns_;
  std::size_t rows_max_;
  std::size_t bytes_max_;
  std::int64_t flush_interval_ns_;
  pg_limits limits_;
  timescale_policies policies_;
  std::unique_ptr<pg_connection> connection_;
  timescale_rows rows_;
  timescale_load load_;
  std::vector<const listing*> known_;  // by index: whose row is in the database
  std::vector<batch_ptr> pending_;
  std::size_t pending_rows_ = 0;
  std::size_t pending_bytes_ = 0;
  std::int64_t oldest_ns_ = 0;  // when the first of pending came
  std::string journal_;         // and how far we are in it: with the next commit
  std::uint64_t position_ = 0;
  bool mark_moved_ = false;
  bool closed_ = false;
  sink_counters counters_;
  inserted_rows inserted_;
};

}  // namespace feedtree::storage
