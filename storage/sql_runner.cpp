#include "storage/sql_runner.hpp"

#include "storage/sqlite_database.hpp"
#include "storage/timescale_connection.hpp"

namespace feedtree::storage {
namespace {

constexpr int busy_timeout_ms = 5'000;
constexpr std::int64_t statement_timeout_ms = 5'000;

class sqlite_runner : public sql_runner {
 public:
  explicit sqlite_runner(const std::string& path) : database_(path, busy_timeout_ms) {}

  std::vector<stored_row> run(const std::string& sql,
                              std::span<const std::string> parameters) override {
    auto statement = database_.prepare(sql);
    int position = 0;
    for (const auto& each : parameters) statement.bind(++position, std::string_view(each));
    std::vector<stored_row> rows;
    while (statement.step()) rows.push_back(row_of(statement));
    return rows;
  }
  const std::string& place() const override { return database_.path(); }

 private:
  static stored_row row_of(const sqlite_statement& from) {
    stored_row row(static_cast<std::size_t>(from.columns()));
    for (int at = 0; at < from.columns(); ++at) {
      if (!from.is_null(at)) row[static_cast<std::size_t>(at)] = from.text(at);
    }
    return row;
  }

  sqlite_database database_;
};

class timescale_runner : public sql_runner {
 public:
  explicit timescale_runner(const std::string& dsn)
      : connection_(timescale_dsn(dsn), {5'000, statement_timeout_ms}) {}

  std::vector<stored_row> run(const std::string& sql,
                              std::span<const std::string> parameters) override {
    const auto found = connection_.execute(sql, {parameters.begin(), parameters.end()});
    std::vector<stored_row> rows;
    for (int row = 0; row < found.rows(); ++row) rows.push_back(row_of(found, row));
    return rows;
  }
  const std::string& place() const override { return connection_.dsn().place(); }

 private:
  static stored_row row_of(const pg_result& from, int row) {
    stored_row result(static_cast<std::size_t>(from.columns()));
    for (int at = 0; at < from.columns(); ++at) {
      if (!from.is_null(row, at)) result[static_cast<std::size_t>(at)] = from.text(row, at);
    }
    return result;
  }

  pg_connection connection_;
};

}  // namespace

std::unique_ptr<sql_runner> open_runner(const database_target& what) {
  if (what.kind == "timescale") return std::make_unique<timescale_runner>(what.target);
  return std::make_unique<sqlite_runner>(what.target);
}

}  // namespace feedtree::storage
