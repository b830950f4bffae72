#include "storage/timescale_difference.hpp"

#include <array>
#include <span>
#include <vector>

#include "storage/event_columns.hpp"
#include "storage/migrate_database.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/timescale_connection.hpp"

namespace feedtree::storage {
namespace {

constexpr int busy_ms = 10'000;
constexpr std::int64_t statement_timeout_ms = 600'000;
constexpr std::size_t insert_rows_max = 500;

constexpr std::array<event_kind, 8> kinds{
    event_kind::trade,  event_kind::book,    event_kind::quote,         event_kind::ticker,
    event_kind::candle, event_kind::funding, event_kind::open_interest, event_kind::liquidation};

const std::vector<column> backfill_columns{
    {"venue", column_type::text},      {"instrument", column_type::text},
    {"kind", column_type::text},       {"interval_ns", column_type::integer},
    {"from_ns", column_type::integer}, {"to_ns", column_type::integer},
    {"next_ns", column_type::integer}, {"first_id", column_type::text},
    {"last_id", column_type::text},    {"step_ns", column_type::integer},
    {"done", column_type::integer},    {"row_count", column_type::integer}};

// A table of both databases.
struct table {
  std::string name;
  std::vector<column> columns;

  explicit table(event_kind kind) : name(to_string(kind)) {
    for (const auto& all : {common_columns(), columns_of(kind)}) {
      columns.insert(columns.end(), all.begin(), all.end());
    }
  }
  table(std::string of, std::vector<column> all) : name(std::move(of)), columns(std::move(all)) {}

  // Each column as write gives it, with this between.
  template <class Write>
  std::string list(Write&& write, std::string_view between = ", ") const {
    std::string text;
    for (const auto& each : columns) {
      const std::string item = write(each);
      if (!item.empty()) text.append(text.empty() ? "" : between).append(item);
    }
    return text;
  }
  std::string names() const {
    return list([](const column& each) { return std::string(each.name); });
  }
};

bool is_value(const column& of) {
  for (const std::string_view key : {"venue", "instrument", "key", "exchange_ns", "receive_ns"}) {
    if (of.name == key) return false;
  }
  return true;
}

// The microsecond of a time in nanoseconds, as the column exchange_ts has it.
std::string timestamp_of(const std::string& ns) {
  return "(TIMESTAMPTZ 'epoch' + (" + ns + "::bigint / 1000) * INTERVAL '1 microsecond')";
}

void insert(sqlite_statement& into, const stored_row& row) {
  for (std::size_t at = 0; at < row.size(); ++at) {
    const auto position = static_cast<int>(at) + 1;
    if (row[at]) {
      into.bind(position, std::string_view(*row[at]));
    } else {
      into.bind_null(position);
    }
  }
  into.run();
}

sqlite_statement insert_into(sqlite_database& copy, const table& of) {
  return copy.prepare("INSERT INTO " + of.name + " (" + of.names() + ") VALUES (" +
                      of.list([](const column&) { return std::string("?"); }) + ")");
}

// Of one feed.
void copy_feed(database_reader& from, const table& of, const stored_row& feed,
               sqlite_statement& into) {
  const std::vector<std::string> names{*feed[0], *feed[1]};
  const std::vector<std::string> span{*feed[0], *feed[1], *feed[2], *feed[3]};
  const auto rows_of = "SELECT " + of.names() + " FROM " + of.name +
                       " WHERE venue = $1::text AND instrument = $2::text";
  bool any = false;
  from.read(rows_of + " AND exchange_ts BETWEEN " + timestamp_of("$3") + " AND " +
                timestamp_of("$4") + " AND exchange_ns BETWEEN $3::bigint AND $4::bigint",
            span, [&](const stored_row& row) {
              insert(into, row);
              return any = true;
            });
  if (any) return;
  // That the database has the feed at all is to be known.
  from.read(rows_of + " AND NOT exchange_ns BETWEEN $3::bigint AND $4::bigint LIMIT 1", span,
            [&](const stored_row& row) {
              insert(into, row);
              return false;
            });
}

void copy_table(database_reader& from, sqlite_database& replay, const table& of,
                sqlite_database& copy) {
  auto into = insert_into(copy, of);
  auto feeds = replay.prepare("SELECT venue, instrument, min(exchange_ns), max(exchange_ns) FROM " +
                              of.name + " GROUP BY venue, instrument");
  while (feeds.step()) {
    copy_feed(from, of, {feeds.text(0), feeds.text(1), feeds.text(2), feeds.text(3)}, into);
  }
}

std::string_view type_of(column_type type) {
  switch (type) {
    case column_type::integer:
      return "bigint";
    case column_type::number:
    case column_type::update_id:
      return "numeric";
    case column_type::flag:
      return "boolean";
    case column_type::levels:
      return "json";
    case column_type::text:
      break;
  }
  return "text";
}

// Takes the rows of the replay that correct a table into a temporary one.
class correction_table {
 public:
  correction_table(pg_connection& data, const table& of) : data_(data), of_(of) {
    data_.execute("CREATE TEMP TABLE " + name() + " (LIKE " + of_.name + ") ON COMMIT DROP");
  }
  std::string name() const { return "correction_" + of_.name; }

  void add(const stored_row& row, const std::string& now) {
    sql_ += sql_.empty() ? "(" : ", (";
    std::string ns;
    for (std::size_t at = 0; at < row.size(); ++at) {
      const auto& column = of_.columns[at];
      if (column.name == "receive_ns") {
        sql_ += now;
      } else if (!row[at]) {
        sql_ += "NULL";
      } else {
        parameters_.push_back(*row[at]);
        const auto place = "$" + std::to_string(parameters_.size());
        sql_.append(place).append("::").append(type_of(column.type));
        if (column.name == "exchange_ns") ns = place;
      }
      sql_ += ", ";
    }
    sql_ += timestamp_of(ns) + ")";
    if (++rows_ == insert_rows_max) flush();
  }
  void flush() {
    if (rows_ == 0) return;
    data_.execute("INSERT INTO " + name() + " (" + of_.names() + ", exchange_ts) VALUES " + sql_,
                  parameters_);
    sql_.clear();
    parameters_.clear();
    rows_ = 0;
  }

 private:
  pg_connection& data_;
  const table& of_;
  std::string sql_;
  std::vector<std::string> parameters_;
  std::size_t rows_ = 0;
};

// The values of a row, compared by their texts: 1.5 and 1.50 are different rows.
std::string values_of(const table& of, const std::string& side) {
  return "(" + of.list([&](const column& each) {
    return is_value(each) ? side + "." + std::string(each.name) + "::text" : "";
  }) + ")";
}

// As SQLite's file has it: numbers with their digits, yes and no as 1 and 0.
std::string content_of(const table& of) {
  return "jsonb_build_object(" + of.list([](const column& each) -> std::string {
    if (!is_value(each)) return "";
    const auto name = std::string(each.name);
    const auto value = "t." + name;
    if (each.type == column_type::integer) return "'" + name + "', " + value;
    return "'" + name + "', " + value + (each.type == column_type::flag ? "::int" : "::text");
  }) + ")";
}

void correct(pg_connection& data, const table& of, const std::string& from,
             const std::string& now) {
  const auto differs =
      " WHERE t.venue = s.venue AND t.instrument = s.instrument AND t.exchange_ts = s.exchange_ts "
      "AND t.key = s.key AND t.exchange_ns = s.exchange_ns AND " +
      values_of(of, "s") + " IS DISTINCT FROM " + values_of(of, "t");
  data.execute("INSERT INTO superseded SELECT '" + of.name +
               "', t.venue, t.instrument, t.key, t.exchange_ns, t.receive_ns, " + now + ", " +
               content_of(of) + " FROM " + of.name + " AS t, " + from + " AS s" + differs);
  const auto values = of.list([](const column& each) {
    const auto name = std::string(each.name);
    return is_value(each) ? name + " = s." + name : "";
  });
  data.execute("UPDATE " + of.name + " AS t SET " + values + ", receive_ns = s.receive_ns FROM " +
               from + " AS s" + differs);
  const auto columns = of.names() + ", exchange_ts";
  data.execute("INSERT INTO " + of.name + " (" + columns + ") SELECT " + columns + " FROM " + from +
               " ON CONFLICT DO NOTHING");
}

}  // namespace

void copy_timescale_rows(const std::string& dsn, const std::string& replayed,
                         const std::string& path) {
  const auto from = open_reader({"timescale", dsn});
  migrate_database("sqlite", path, {});
  sqlite_database copy(path, busy_ms);
  sqlite_database replay(replayed, busy_ms, sqlite_access::read_only);
  copy.execute("BEGIN");
  for (const auto kind : kinds) copy_table(*from, replay, table(kind), copy);
  const table backfill("backfill", backfill_columns);
  auto into = insert_into(copy, backfill);
  from->read("SELECT " + backfill.names() + " FROM backfill", {}, [&](const stored_row& row) {
    insert(into, row);
    return true;
  });
  copy.execute("COMMIT");
}

void correct_timescale_rows(const std::string& dsn, const std::string& replayed,
                            const std::string& copy, feed_choice feeds, std::int64_t now_ns) {
  pg_connection data(timescale_dsn(dsn), {5'000, statement_timeout_ms});
  const auto now = std::to_string(now_ns);
  data.execute("BEGIN");
  try {
    for (const auto kind : kinds) {
      const table of(kind);
      correction_table corrections(data, of);
      read_corrections(replayed, copy, feeds, kind,
                       [&](const stored_row& row) { corrections.add(row, now); });
      corrections.flush();
      correct(data, of, corrections.name(), now);
    }
    data.execute("COMMIT");
  } catch (...) {
    data.roll_back();
    throw;
  }
}

}  // namespace feedtree::storage
