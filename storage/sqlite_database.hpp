// SQLite with errors that say which file and what to do.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace feedtree::storage {

class sqlite_statement;

enum class sqlite_access : std::uint8_t { read_only };

// An open database file. One thread at a time. All errors are sink_error: retryable if the disk is
// full or another process holds the lock.
class sqlite_database {
 public:
  // Opens or makes the file, in WAL mode with synchronous=NORMAL: a commit survives the end of the
  // process, and a power cut may undo the last ones but harms nothing. busy_timeout_ms: how long
  // to wait for another process's lock. first: statements that must come before all others, such as
  // the page size of a new file.
  sqlite_database(const std::string& path, int busy_timeout_ms, const std::string& first = {});

  // Opens a file that is there, to read only.
  sqlite_database(const std::string& path, int busy_timeout_ms, sqlite_access access);

  void execute(const std::string& sql);
  sqlite_statement prepare(std::string_view sql);
  // Ends a transaction that failed; never throws.
  void roll_back() noexcept;
  // Rows changed by the last statement.
  int changes() const { return sqlite3_changes(handle_.get()); }
  const std::string& path() const { return path_; }
  sqlite3* handle() const { return handle_.get(); }
  // Throws what the last call's error means.
  [[noreturn]] void fail(const char* doing) const;

 private:
  struct closer {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::string path_;
  std::unique_ptr<sqlite3, closer> handle_;
};

// A prepared statement. Texts that are bound must stay as they are until the next reset.
class sqlite_statement {
 public:
  sqlite_statement() = default;
  sqlite_statement(sqlite_database& database, std::string_view sql);

  void bind(int position, std::string_view text);
  void bind(int position, std::int64_t value);
  void bind_null(int position);
  void bind_bytes(int position, std::string_view bytes);

  // True if there is a row to read, false at the end.
  bool step();
  // Runs a statement that gives no rows, and resets it.
  void run();
  void reset() { sqlite3_reset(handle_.get()); }

  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  std::string text(int column) const;
  int columns() const { return sqlite3_column_count(handle_.get()); }
  bool is_null(int column) const {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
  }
  // Until the next step or reset.
  std::string_view bytes(int column) const;

 private:
  struct finalizer {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  void check(int code);

  sqlite_database* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

}  // namespace feedtree::storage
