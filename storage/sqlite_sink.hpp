// Events in a SQLite database: one table a kind, one row an event (storage/migrations/sqlite).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/sink.hpp"
#include "storage/inserted_rows.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/sqlite_retention.hpp"
#include "storage/sqlite_rows.hpp"

namespace feedtree::storage {

// Batches are gathered and committed together, in one transaction: when rows_max events or
// bytes_max bytes are there, when the oldest has waited for flush_interval_ms at the next write,
// and at flush. An event that the database has already changes nothing and counts as a duplicate.
// A commit that fails leaves the database as it was and what was taken in the buffer, and the next
// write or flush tries again. Options: rows_max, bytes_max, flush_interval_ms, busy_timeout_ms,
// retention_<table>_ms (storage/retention.hpp).
class sqlite_sink : public sink, public row_counter {
 public:
  // Opens or makes the database and applies the migrations that are missing. Throws sink_error.
  sqlite_sink(std::string_view path, const sink_context& context);
  ~sqlite_sink() override;

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
  void commit();
  inserted_rows insert_all();
  void store_mark();
  bool know(const listing& where);
  void remove_old();
  void release();

  std::string path_;
  std::function<std::int64_t()> now_ns_;
  std::size_t rows_max_;
  std::size_t bytes_max_;
  std::int64_t flush_interval_ns_;
  std::unique_ptr<sqlite_database> database_;
  std::unique_ptr<sqlite_rows> rows_;
  sqlite_retention retention_;
  std::vector<const listing*> known_;  // by index: whose row is in the database
  std::vector<batch_ptr> pending_;
  std::size_t pending_rows_ = 0;
  std::size_t pending_bytes_ = 0;
  std::int64_t oldest_ns_ = 0;  // when the first of pending came
  std::string journal_;         // and how far we are in it: with the next commit
  std::uint64_t position_ = 0;
  bool mark_moved_ = false;
  sink_counters counters_;
  inserted_rows inserted_;
};

}  // namespace feedtree::storage
