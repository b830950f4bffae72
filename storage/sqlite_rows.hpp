// Events as rows of the tables in storage/migrations/sqlite.
#pragma once

#include <array>
#include <string>

#include "core/event.hpp"
#include "storage/sqlite_database.hpp"

namespace feedtree::storage {

// Prepared inserts, one a kind. One thread at a time.
class sqlite_rows {
 public:
  // The database has its tables. Throws sink_error.
  explicit sqlite_rows(sqlite_database& database);

  // Inserts an event; false if the database has it already. Throws sink_error.
  bool insert(const event& what, const event_batch& batch);
  // What was kept back; likewise.
  bool insert(const quarantine_entry& what);
  // A listing; likewise.
  bool insert(const listing& where);

 private:
  class binder;
  sqlite_database& database_;
  std::array<sqlite_statement, event_kinds> by_kind_;
  sqlite_statement instrument_;
  sqlite_statement quarantine_;
  std::string bids_;
  std::string asks_;
};

}  // namespace feedtree::storage
