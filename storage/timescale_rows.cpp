#include "storage/timescale_rows.hpp"

#include "storage/event_fields.hpp"

namespace feedtree::storage {
namespace {

// One statement's share: enough that its own cost does not count, little enough that the server
// keeps it in work_mem.
constexpr std::size_t slice_rows_max = 2'000;
constexpr std::size_t slice_bytes_max = std::size_t{1} << 20;

void put(timescale_columns& columns, const event_ref& row) {
  put_fields(columns, *row.what, *row.batch);
}
void put(timescale_columns& columns, const quarantine_entry* row) {
  put_fields(columns, *row, key_of(*row));
}
void put(timescale_columns& columns, const listing* row) {
  put_fields(columns, *row);
}

// Fills the columns with rows until they are a slice or the rows are at their end; gives how many.
template <class Row>
std::size_t fill(timescale_columns& columns, std::span<const Row> rows) {
  columns.clear();
  for (const auto& row : rows) {
    columns.begin_row();
    put(columns, row);
    columns.end_row();
    if (columns.rows() >= slice_rows_max || columns.bytes() >= slice_bytes_max) break;
  }
  return columns.rows();
}

pg_result insert_slice(pg_connection& connection, const std::string& table,
                       timescale_columns& columns) {
  return connection.run_prepared(table, columns.parameters());
}

}  // namespace

void timescale_load::add(const event_batch& batch) {
  for (const auto& what : batch.events) events[what.body.index()].push_back({&what, &batch});
  for (const auto& entry : batch.quarantine) quarantine.push_back(&entry);
}

void timescale_load::clear() {
  for (auto& rows : events) rows.clear();
  quarantine.clear();
  listings.clear();
}

timescale_rows::timescale_rows()
    : quarantine_{"quarantine", {quarantine_columns(), {}, false}},
      instrument_{"instrument", {instrument_columns(), {}, false}} {
  for (std::size_t at = 0; at < event_kinds; ++at) {
    const auto kind = static_cast<event_kind>(at);
    by_kind_.push_back({std::string(to_string(kind)), {common_columns(), columns_of(kind), true}});
  }
}

void timescale_rows::prepare(pg_connection& connection) const {
  const auto prepare_one = [&connection](const table& into) {
    connection.prepare(into.name, into.columns.insert_statement(into.name));
  };
  for (const auto& into : by_kind_) prepare_one(into);
  prepare_one(quarantine_);
  prepare_one(instrument_);
}

timescale_rows::sent_statements timescale_rows::send(pg_connection& connection,
                                                     const timescale_load& load) {
  const auto all = [&](table& into, auto rows) {
    std::size_t sent = 0;
    for (; !rows.empty(); ++sent) {
      rows = rows.subspan(fill(into.columns, rows));
      connection.send_prepared(into.name, into.columns.parameters());
    }
    return sent;
  };
  sent_statements sent;
  sent.of_instruments = all(instrument_, std::span<const listing* const>(load.listings));
  sent.of_quarantine = all(quarantine_, std::span<const quarantine_entry* const>(load.quarantine));
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    sent.of_events[kind] = all(by_kind_[kind], std::span<const event_ref>(load.events[kind]));
  }
  return sent;
}

inserted_rows timescale_rows::sent_statements::changed(const std::vector<pg_result>& results,
                                                       std::size_t first) const {
  auto next = [&results, at = first](std::size_t statements) mutable {
    std::uint64_t rows = 0;
    for (const auto end = at + statements; at < end; ++at) rows += results[at].changed();
    return rows;
  };
  inserted_rows inserted;
  inserted.instrument = next(of_instruments);
  inserted.quarantine = next(of_quarantine);
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    inserted.events[kind] = next(of_events[kind]);
  }
  return inserted;
}

// All at once if the database takes them all; else those that it takes, found by halves.
std::uint64_t timescale_rows::insert_each(pg_connection& connection, table& into,
                                          std::span<const event_ref> rows,
                                          const refused_row& refused) {
  if (rows.empty()) return 0;
  fill(into.columns, rows);
  connection.execute("SAVEPOINT slice");
  try {
    const auto changed = insert_slice(connection, into.name, into.columns).changed();
    connection.execute("RELEASE SAVEPOINT slice");
    return changed;
  } catch (const pg_error& error) {
    if (error.failure() != pg_failure::row) throw;
    connection.execute("ROLLBACK TO SAVEPOINT slice");
    if (rows.size() == 1) {
      refused(rows[0], error.reason() + " (" + error.sqlstate() + ")");
      return 0;
    }
  }
  const auto half = rows.size() / 2;
  const auto first = insert_each(connection, into, rows.first(half), refused);
  return first + insert_each(connection, into, rows.subspan(half), refused);
}

std::uint64_t timescale_rows::insert_slices(pg_connection& connection, table& into,
                                            std::span<const event_ref> rows,
                                            const refused_row& refused) {
  std::uint64_t inserted = 0;
  while (!rows.empty()) {
    const auto size = fill(into.columns, rows);
    inserted += insert_each(connection, into, rows.first(size), refused);
    rows = rows.subspan(size);
  }
  return inserted;
}

inserted_rows timescale_rows::insert(pg_connection& connection, const timescale_load& load,
                                     const refused_row& refused) {
  inserted_rows inserted;
  for (const auto* where : load.listings) {
    fill(instrument_.columns, std::span<const listing* const>(&where, 1));
    inserted.instrument +=
        insert_slice(connection, instrument_.name, instrument_.columns).changed();
  }
  for (const auto* entry : load.quarantine) {
    if (insert(connection, *entry)) ++inserted.quarantine;
  }
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    inserted.events[kind] = insert_slices(connection, by_kind_[kind], load.events[kind], refused);
  }
  return inserted;
}

bool timescale_rows::insert(pg_connection& connection, const quarantine_entry& what) {
  const auto* const row = &what;
  fill(quarantine_.columns, std::span<const quarantine_entry* const>(&row, 1));
  return insert_slice(connection, quarantine_.name, quarantine_.columns).changed() > 0;
}

}  // namespace feedtree::storage
