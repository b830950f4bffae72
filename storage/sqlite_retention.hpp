// Removes what a file of SQLite has kept for long enough.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/retention.hpp"
#include "storage/sqlite_database.hpp"

namespace feedtree::storage {

// Once an hour it goes through the tables that have a retention, a page of rows at a time along
// their keys: a page is a transaction of its own and short, so that rows which are to be stored do
// not wait for it. The file does not shrink; the room is used again. One thread.
class sqlite_retention {
 public:
  // page_rows: how many rows are looked at in one step.
  explicit sqlite_retention(const sink_context& context, std::int64_t page_rows = 20'000);

  // True while a pass is under way, or when the next one is to begin.
  bool is_due(std::int64_t now_ns) const;
  // One page; gives the number of rows that were removed. After a sink_error the same page is taken
  // again.
  std::uint64_t step(sqlite_database& database, std::int64_t now_ns);

 private:
  using place = std::array<std::string, 3>;  // venue, instrument, key

  void end_of_table();

  std::vector<table_retention> retentions_;
  std::int64_t page_rows_;
  std::size_t table_ = 0;
  place after_;  // the last key of the page before
  bool under_way_ = false;
  std::int64_t began_ns_ = 0;  // the pass; ages are counted from here
  std::int64_t next_ns_ = 0;
};

}  // namespace feedtree::storage
