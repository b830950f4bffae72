// Events as rows of the tables in storage/migrations/timescale.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "storage/inserted_rows.hpp"
#include "storage/timescale_columns.hpp"
#include "storage/timescale_connection.hpp"

namespace feedtree::storage {

struct event_ref {
  const event* what = nullptr;
  const event_batch* batch = nullptr;
};

// What one transaction is to insert, by table.
struct timescale_load {
  std::array<std::vector<event_ref>, event_kinds> events;
  std::vector<const quarantine_entry*> quarantine;
  std::vector<const listing*> listings;

  void add(const event_batch& batch);
  void clear();
};

// Statements that insert rows, and do nothing for those whose key is there. One thread at a time.
class timescale_rows {
 public:
  timescale_rows();
  // Prepares the statements on a new connection.
  void prepare(pg_connection& connection) const;

  // How many statements, in the order in which they are sent.
  struct sent_statements {
    std::size_t of_instruments = 0;
    std::size_t of_quarantine = 0;
    std::array<std::size_t, event_kinds> of_events{};

    // What the statements changed, from the results of a pipeline in which they begin there.
    inserted_rows changed(const std::vector<pg_result>& results, std::size_t first) const;
  };
  // Sends the load's statements into the connection's pipeline: those of events come last.
  sent_statements send(pg_connection& connection, const timescale_load& load);

  // Inserts within a transaction, without a pipeline. A row that the database refuses is given to
  // `refused` with the reason, and the rest goes in. Gives the rows that were new.
  using refused_row = std::function<void(const event_ref&, const std::string& reason)>;
  inserted_rows insert(pg_connection& connection, const timescale_load& load,
                       const refused_row& refused);
  // True if it was new.
  bool insert(pg_connection& connection, const quarantine_entry& what);

 private:
  struct table {
    std::string name;
    timescale_columns columns;
  };
  std::uint64_t insert_slices(pg_connection& connection, table& into,
                              std::span<const event_ref> rows, const refused_row& refused);
  std::uint64_t insert_each(pg_connection& connection, table& into, std::span<const event_ref> rows,
                            const refused_row& refused);

  std::vector<table> by_kind_;
  table quarantine_;
  table instrument_;
};

}  // namespace feedtree::storage
