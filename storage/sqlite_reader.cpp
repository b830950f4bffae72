#include <filesystem>

#include "core/sink.hpp"
#include "storage/database_reader.hpp"
#include "storage/sqlite_database.hpp"

namespace feedtree::storage {
namespace {

constexpr int busy_timeout_ms = 5'000;

// The file must be there: one that is not is not made.
std::string existing(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) return path;
  throw sink_error(false, path +
                              ": there is no such file; a database is sqlite:PATH or "
                              "timescale:DSN");
}

class sqlite_cursor : public row_cursor {
 public:
  sqlite_cursor(sqlite_database& database, const std::string& sql,
                std::span<const std::string> parameters)
      : parameters_(parameters.begin(), parameters.end()), statement_(database.prepare(sql)) {
    int position = 0;
    for (const auto& each : parameters_) statement_.bind(++position, std::string_view(each));
  }

  bool next(stored_row& out) override {
    if (!statement_.step()) return false;
    const int columns = statement_.columns();
    out.resize(static_cast<std::size_t>(columns));
    for (int at = 0; at < columns; ++at) {
      auto& value = out[static_cast<std::size_t>(at)];
      if (statement_.is_null(at)) {
        value.reset();
      } else {
        value = statement_.bytes(at);
      }
    }
    return true;
  }

 private:
  std::vector<std::string> parameters_;  // bound to the statement
  sqlite_statement statement_;
};

class sqlite_reader : public database_reader {
 public:
  explicit sqlite_reader(const std::string& path)
      : database_(existing(path), busy_timeout_ms, sqlite_access::read_only) {}

  // One statement sees one moment, also while a server writes.
  std::unique_ptr<row_cursor> open(const std::string& sql,
                                   std::span<const std::string> parameters) override {
    return std::make_unique<sqlite_cursor>(database_, sql, parameters);
  }
  const std::string& place() const override { return database_.path(); }
  bool is_partitioned() const override { return false; }

 private:
  sqlite_database database_;
};

}  // namespace

std::unique_ptr<database_reader> open_sqlite_reader(const std::string& path) {
  return std::make_unique<sqlite_reader>(path);
}

}  // namespace feedtree::storage
