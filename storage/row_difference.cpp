#include "storage/row_difference.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "storage/event_columns.hpp"
#include "storage/sqlite_database.hpp"

namespace feedtree::storage {
namespace {

constexpr std::array<std::string_view, 8> tables{
    "trade", "book", "quote", "ticker", "candle", "funding", "open_interest", "liquidation"};
constexpr int busy_ms = 10'000;

// "{}" in a text stands for a column's name.
std::string joined(const std::vector<std::string>& columns, std::string_view each,
                   std::string_view between) {
  std::string result;
  for (const auto& column : columns) {
    if (!result.empty()) result += between;
    for (std::size_t at = 0; at < each.size(); ++at) {
      if (each.substr(at, 2) == "{}") {
        result += column;
        ++at;
      } else {
        result += each[at];
      }
    }
  }
  return result;
}

// One table's columns, and the pieces of SQL that compare it: s is the replay's, t the database's.
struct table_shape {
  std::string name;
  std::vector<std::string> keys;
  std::vector<std::string> values;  // but receive_ns
  bool has_source = false;          // candles that the server builds itself are not compared

  std::string same_key() const { return joined(keys, "s.{} = t.{}", " AND "); }
  std::string differs() const { return "(" + joined(values, "s.{} IS NOT t.{}", " OR ") + ")"; }
  std::string of_replay() const { return "main." + name + " AS s"; }
  std::string of_database() const { return "target." + name + " AS t"; }
};

table_shape shape_of(sqlite_database& database, std::string_view name) {
  table_shape shape;
  shape.name = name;
  auto query = database.prepare("SELECT name, pk FROM pragma_table_info('" + shape.name + "')");
  while (query.step()) {
    const auto column = query.text(0);
    if (query.integer(1) > 0) {
      shape.keys.push_back(column);
    } else if (column != "receive_ns") {
      shape.values.push_back(column);
    }
    shape.has_source = shape.has_source || column == "source";
  }
  return shape;
}

sqlite_database both(const std::string& replayed, const std::string& database) {
  sqlite_database result(replayed, busy_ms);
  std::string quoted;
  for (const char c : database) quoted += c == '\'' ? "''" : std::string(1, c);
  result.execute("ATTACH DATABASE '" + quoted + "' AS target");
  return result;
}

row_difference difference_of(row_change change, const std::string& table,
                             const sqlite_statement& from) {
  return {change, table, from.text(0), from.text(1), from.text(2), from.integer(3), ""};
}

constexpr std::string_view key_columns = "{0}.venue, {0}.instrument, {0}.key, {0}.exchange_ns";
std::string key_of(char side) {
  std::string result;
  for (std::size_t at = 0; at < key_columns.size(); ++at) {
    if (key_columns.substr(at, 3) == "{0}") {
      result += side;
      at += 2;
    } else {
      result += key_columns[at];
    }
  }
  return result;
}

std::uint64_t tell_of_differing(sqlite_database& data, const table_shape& shape,
                                const std::function<void(const row_difference&)>& tell) {
  auto query = data.prepare(
      "SELECT " + key_of('s') + ", " + joined(shape.values, "t.{}, s.{}", ", ") + " FROM " +
      shape.of_replay() + " JOIN " + shape.of_database() + " ON " + shape.same_key() + " WHERE " +
      shape.differs() + " ORDER BY s.exchange_ns, s.key");
  std::uint64_t count = 0;
  while (query.step()) {
    auto what = difference_of(row_change::differs, shape.name, query);
    for (std::size_t at = 0; at < shape.values.size(); ++at) {
      const auto before = query.text(4 + 2 * static_cast<int>(at));
      const auto after = query.text(5 + 2 * static_cast<int>(at));
      if (before == after) continue;
      what.columns +=
          (what.columns.empty() ? "" : ", ") + shape.values[at] + ": " + before + " -> " + after;
    }
    tell(what);
    ++count;
  }
  return count;
}

std::string only_in_replay(const table_shape& shape) {
  return " FROM " + shape.of_replay() + " WHERE NOT EXISTS (SELECT 1 FROM " + shape.of_database() +
         " WHERE " + shape.same_key() + ")";
}

// The database has rows of the feed.
std::string is_stored(const table_shape& shape) {
  return "EXISTS (SELECT 1 FROM " + shape.of_database() +
         " WHERE t.venue = s.venue AND t.instrument = s.instrument)";
}

std::string added_rows(const table_shape& shape, feed_choice feeds) {
  const auto all = feeds == feed_choice::all;
  return only_in_replay(shape) + (all ? "" : " AND " + is_stored(shape));
}

// Where the database notes that rows of the kind were fetched; what is polled has no begin. A
// fetched candle has the end of its interval as its time.
std::string was_fetched(const table_shape& shape) {
  const bool candles = shape.has_source;
  const std::string time = candles ? "t.open_ns" : "t.exchange_ns";
  return std::string(candles ? "t.exchange_ns = t.open_ns + t.interval_ns AND " : "") +
         "EXISTS (SELECT 1 FROM target.backfill AS b WHERE b.venue = t.venue AND b.instrument = "
         "t.instrument AND b.kind = '" +
         shape.name + "' AND " + time + " BETWEEN b.from_ns AND b.next_ns" +
         (candles ? " AND b.interval_ns = t.interval_ns)" : ")");
}

// Within the times that the replay has of the instrument.
std::string only_in_database(const table_shape& shape) {
  return " FROM " + shape.of_database() +
         " JOIN (SELECT venue, instrument, min(exchange_ns) AS first, max(exchange_ns) AS last "
         "FROM main." +
         shape.name +
         " GROUP BY venue, instrument) AS r ON r.venue = t.venue AND r.instrument = t.instrument "
         "AND t.exchange_ns BETWEEN r.first AND r.last WHERE " +
         (shape.has_source ? "t.source = 'venue' AND " : "") + "NOT EXISTS (SELECT 1 FROM " +
         shape.of_replay() + " WHERE " + shape.same_key() + ")";
}

std::uint64_t count(sqlite_database& data, const std::string& rows) {
  auto query = data.prepare("SELECT count(*)" + rows);
  query.step();
  return static_cast<std::uint64_t>(query.integer(0));
}

std::uint64_t tell_of(sqlite_database& data, const table_shape& shape, row_change change,
                      const std::string& rows,
                      const std::function<void(const row_difference&)>& tell) {
  const char side = change == row_change::added ? 's' : 't';
  auto query = data.prepare("SELECT " + key_of(side) + rows + " ORDER BY 4, 3");
  std::uint64_t count = 0;
  for (; query.step(); ++count) tell(difference_of(change, shape.name, query));
  return count;
}

void correct(sqlite_database& data, const table_shape& shape, feed_choice feeds,
             const std::string& now) {
  const auto pairs = joined(shape.values, "'{}', t.{}", ", ");
  data.execute("INSERT INTO target.superseded SELECT '" + shape.name + "', " + key_of('t') +
               ", t.receive_ns, " + now + ", json_object(" + pairs + ") FROM " + shape.of_replay() +
               " JOIN " + shape.of_database() + " ON " + shape.same_key() + " WHERE " +
               shape.differs());
  data.execute("UPDATE target." + shape.name + " AS t SET " +
               joined(shape.values, "{} = s.{}", ", ") + ", receive_ns = " + now + " FROM " +
               shape.of_replay() + " WHERE " + shape.same_key() + " AND " + shape.differs());
  auto columns = shape.keys;
  columns.insert(columns.end(), shape.values.begin(), shape.values.end());
  data.execute("INSERT INTO target." + shape.name + " (" + joined(columns, "{}", ", ") +
               ", receive_ns) SELECT " + joined(columns, "s.{}", ", ") + ", " + now +
               added_rows(shape, feeds));
}

}  // namespace

std::string_view to_string(row_change change) {
  constexpr std::array<std::string_view, 3> names{"differs", "new", "missing"};
  return names[static_cast<std::size_t>(change)];
}

difference_counts compare_rows(const std::string& replayed, const std::string& database,
                               feed_choice feeds,
                               const std::function<void(const row_difference&)>& tell) {
  auto data = both(replayed, database);
  difference_counts result;
  for (const auto name : tables) {
    const auto shape = shape_of(data, name);
    const auto fetched = was_fetched(shape);
    const auto missing = only_in_database(shape);
    result.compared += count(data, " FROM " + shape.of_replay());
    result.differ += tell_of_differing(data, shape, tell);
    result.added += tell_of(data, shape, row_change::added, added_rows(shape, feeds), tell);
    result.missing +=
        tell_of(data, shape, row_change::missing, missing + " AND NOT (" + fetched + ")", tell);
    result.fetched += count(data, missing + " AND " + fetched);
    if (feeds == feed_choice::all) continue;
    result.of_new_feeds += count(data, only_in_replay(shape) + " AND NOT " + is_stored(shape));
  }
  return result;
}

void read_corrections(const std::string& replayed, const std::string& database, feed_choice feeds,
                      event_kind kind, const std::function<void(const stored_row&)>& take) {
  auto data = both(replayed, database);
  const auto shape = shape_of(data, to_string(kind));
  std::string columns;
  for (const auto& all : {common_columns(), columns_of(kind)}) {
    for (const auto& each : all) {
      columns.append(columns.empty() ? "s." : ", s.").append(each.name);
    }
  }
  auto query =
      data.prepare("SELECT " + columns + " FROM " + shape.of_replay() + " JOIN " +
                   shape.of_database() + " ON " + shape.same_key() + " WHERE " + shape.differs() +
                   " UNION ALL SELECT " + columns + added_rows(shape, feeds));
  stored_row row;
  while (query.step()) {
    row.assign(static_cast<std::size_t>(query.columns()), std::nullopt);
    for (int at = 0; at < query.columns(); ++at) {
      if (!query.is_null(at)) row[static_cast<std::size_t>(at)] = query.text(at);
    }
    take(row);
  }
}

void correct_rows(const std::string& replayed, const std::string& database, feed_choice feeds,
                  std::int64_t now_ns) {
  auto data = both(replayed, database);
  data.execute("BEGIN IMMEDIATE");
  for (const auto name : tables) {
    correct(data, shape_of(data, name), feeds, std::to_string(now_ns));
  }
  data.execute("COMMIT");
}

}  // namespace feedtree::storage
