// Rows of a database as text for people and programs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database_reader.hpp"
#include "storage/event_columns.hpp"

namespace feedtree::storage {

// table: columns of even width, times as RFC 3339. csv: RFC 4180 with a line of names. jsonl: an
// object a row, NULL left out; decimals, nanoseconds and update ids are strings.
enum class row_format : std::uint8_t { table, csv, jsonl };
std::optional<row_format> parse_row_format(std::string_view text);

// Writes row by row; a table's widths are those of its first rows, which wait until there are some.
class row_writer {
 public:
  using output = std::function<void(std::string_view)>;
  row_writer(row_format format, std::vector<column> columns, output out);

  void write(const stored_row& row);
  // Nothing follows.
  void finish();
  std::uint64_t rows() const { return rows_; }

 private:
  void write_table(const stored_row& row);
  void write_csv(const stored_row& row);
  void write_json(const stored_row& row);
  std::string heading(const column& of) const;
  void write_line(const std::vector<std::string>& cells);
  void flush_waiting();

  row_format format_;
  std::vector<column> columns_;
  output out_;
  std::uint64_t rows_ = 0;
  std::vector<std::vector<std::string>> waiting_;
  std::vector<std::size_t> widths_;
  bool begun_ = false;
  std::string line_;
};

}  // namespace feedtree::storage
