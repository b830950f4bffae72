// Reads what sinks have stored, from either database by the same statements.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace feedtree::storage {

// The values of a row as text: decimals and JSON with the bytes as stored, yes and no as "1" and
// "0"; nothing is NULL.
using stored_row = std::vector<std::optional<std::string>>;

// The rows of one SELECT, a piece at a time. Must not outlive its reader.
class row_cursor {
 public:
  row_cursor() = default;
  virtual ~row_cursor() = default;
  row_cursor(const row_cursor&) = delete;
  row_cursor& operator=(const row_cursor&) = delete;
  // False at the end. Throws sink_error.
  virtual bool next(stored_row& out) = 0;
};

// A read-only connection. One thread at a time. Throws sink_error, which says what to do.
class database_reader {
 public:
  database_reader() = default;
  virtual ~database_reader() = default;
  database_reader(const database_reader&) = delete;
  database_reader& operator=(const database_reader&) = delete;

  // Runs one SELECT, whose parameters are $1, $2, ... in the order in which they first stand there.
  // Rows are fetched a piece at a time: memory does not grow with their number. All rows are of one
  // moment. Several may be open side by side.
  virtual std::unique_ptr<row_cursor> open(const std::string& sql,
                                           std::span<const std::string> parameters) = 0;
  // The same; calls take with each row until it gives false.
  void read(const std::string& sql, std::span<const std::string> parameters,
            const std::function<bool(const stored_row&)>& take);
  // The database in words, without user and secrets.
  virtual const std::string& place() const = 0;
  // True where tables have exchange_ts, by which they are partitioned.
  virtual bool is_partitioned() const = 0;
};

// What a person gave for a database: sqlite:PATH, timescale:DSN, a DSN postgresql://..., or a path.
struct database_target {
  std::string kind;
  std::string target;
};
database_target parse_database(std::string_view text);

// Opens it. Throws sink_error where it is not there, or its tables are older than this program.
std::unique_ptr<database_reader> open_reader(const database_target& from);

// The two kinds. What the tables are is not checked here.
std::unique_ptr<database_reader> open_sqlite_reader(const std::string& path);
std::unique_ptr<database_reader> open_timescale_reader(const std::string& dsn);

// Venue and canonical symbol of what was seen, in the order of the symbols.
std::vector<std::pair<std::string, std::string>> stored_instruments(database_reader& from);

}  // namespace feedtree::storage
