// Compares a SQLite database with a TimescaleDB, table by table and value by value.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace feedtree::tests {

struct same_rows_result {
  std::string difference;                   // the first one, with both rows; empty: none
  std::map<std::string, std::size_t> rows;  // by table
};

// All tables of events, quarantine and instrument. Types are mapped as docs/storage.md says.
same_rows_result compare_databases(const std::string& sqlite_path, const std::string& dsn);

}  // namespace feedtree::tests
