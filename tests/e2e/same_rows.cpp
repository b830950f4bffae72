#include "tests/e2e/same_rows.hpp"

#include <vector>

#include "storage/event_columns.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/timescale_connection.hpp"

namespace feedtree::tests {
namespace {

using storage::column;
using storage::column_type;

struct table {
  std::string name;
  std::vector<column> columns;
  std::string order;
};

void append(std::vector<column>& to, std::span<const column> from) {
  to.insert(to.end(), from.begin(), from.end());
}

std::vector<table> all_tables() {
  std::vector<table> all;
  for (std::size_t at = 0; at < event_kinds; ++at) {
    const auto kind = static_cast<event_kind>(at);
    table next{std::string(to_string(kind)), {}, "venue, instrument, key, exchange_ns"};
    append(next.columns, storage::common_columns());
    append(next.columns, storage::columns_of(kind));
    all.push_back(std::move(next));
  }
  table quarantine{"quarantine", {}, "venue, instrument, key, receive_ns"};
  append(quarantine.columns, storage::quarantine_columns());
  all.push_back(std::move(quarantine));
  table instrument{"instrument", {}, "venue, instrument"};
  append(instrument.columns, storage::instrument_columns());
  all.push_back(std::move(instrument));
  return all;
}

// The value as the text that SQLite gives for it.
std::string as_text(const column& what) {
  const std::string name(what.name);
  if (what.type == column_type::flag) {
    return "CASE WHEN " + name + " THEN '1' WHEN NOT " + name + " THEN '0' END";
  }
  return name + "::text";
}

std::string query_of(const table& of, bool sqlite) {
  std::string sql;
  for (const auto& each : of.columns) {
    sql += (sql.empty() ? "SELECT " : ", ");
    sql += sqlite ? std::string(each.name) : as_text(each);
  }
  return sql + " FROM " + of.name + " ORDER BY " + of.order;
}

// "-" is NULL, for no value is a lone minus.
std::vector<std::string> sqlite_rows_of(storage::sqlite_database& from, const table& of) {
  std::vector<std::string> rows;
  auto query = from.prepare(query_of(of, true));
  while (query.step()) {
    std::string row;
    for (int at = 0; at < static_cast<int>(of.columns.size()); ++at) {
      auto* const handle = sqlite3_next_stmt(from.handle(), nullptr);
      const bool is_null = sqlite3_column_type(handle, at) == SQLITE_NULL;
      row += (is_null ? "-" : query.text(at)) + "|";
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::string> timescale_rows_of(storage::pg_connection& from, const table& of) {
  std::vector<std::string> rows;
  const auto found = from.execute(query_of(of, false));
  for (int at = 0; at < found.rows(); ++at) {
    std::string row;
    for (int column = 0; column < found.columns(); ++column) {
      row += (found.is_null(at, column) ? "-" : found.text(at, column)) + "|";
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

same_rows_result compare_databases(const std::string& sqlite_path, const std::string& dsn) {
  same_rows_result result;
  storage::sqlite_database one(sqlite_path, 1'000);
  storage::pg_connection other(storage::timescale_dsn(dsn), {5'000, 120'000});
  for (const auto& each : all_tables()) {
    const auto left = sqlite_rows_of(one, each);
    const auto right = timescale_rows_of(other, each);
    result.rows[each.name] = left.size();
    if (left == right || !result.difference.empty()) continue;
    std::size_t at = 0;
    while (at < left.size() && at < right.size() && left[at] == right[at]) ++at;
    result.difference = each.name + ": " + std::to_string(left.size()) + " rows in SQLite, " +
                        std::to_string(right.size()) + " in TimescaleDB; row " +
                        std::to_string(at) + ": " + (at < left.size() ? left[at] : "none") +
                        " and " + (at < right.size() ? right[at] : "none");
  }
  return result;
}

}  // namespace feedtree::tests
