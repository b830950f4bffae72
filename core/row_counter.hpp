// Sinks that write rows into tables say how many.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace feedtree {

struct table_rows {
  std::string table;
  std::uint64_t rows = 0;  // that are new in it since the sink was opened

  friend bool operator==(const table_rows&, const table_rows&) = default;
};

// A sink may be one of these, too. Called on the sink's thread.
class row_counter {
 public:
  virtual ~row_counter() = default;
  // Rows that were committed, of every table of events and of what is kept back.
  virtual std::vector<table_rows> rows_written() const = 0;
};

}  // namespace feedtree
