#include "storage/backfill_state.hpp"

#include <charconv>

#include "core/event.hpp"
#include "core/sink.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/timescale_connection.hpp"

namespace feedtree::storage {
namespace {

constexpr std::string_view key_condition =
    "venue = ?1 AND instrument = ?2 AND kind = ?3 AND interval_ns = ?4 AND ";
constexpr std::string_view part_of_row = "from_ns = ?5 AND to_ns = ?6";
constexpr std::string_view part_of_gap = "from_ns >= ?5 AND to_ns <= ?6";

constexpr std::int64_t day_ns = 86'400'000'000'000;

// A table is named like its kind of event.
std::string_view table_of(const event_keys& of) {
  if (!parse_event_kind(of.kind)) throw sink_error(false, "there is no table '" + of.kind + "'");
  return of.kind;
}

// An empty text is no number. Rows that older versions wrote have 0 there instead, and then none
// that was fetched.
std::optional<std::uint64_t> id_of(const std::string& text, std::uint64_t rows) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || (value == 0 && rows == 0)) return {};
  return value;
}

std::string text_of(const std::optional<std::uint64_t>& id) {
  return id ? std::to_string(*id) : std::string();
}

void bind_key(sqlite_statement& to, const backfill_row& row) {
  to.bind(1, row.venue);
  to.bind(2, row.instrument);
  to.bind(3, row.kind);
  to.bind(4, row.interval_ns);
  to.bind(5, row.from_ns);
  to.bind(6, row.to_ns);
}

class sqlite_backfill_state final : public backfill_state {
 public:
  sqlite_backfill_state(const std::string& path, int busy_timeout_ms)
      : database_(path, busy_timeout_ms) {}

  bool load(backfill_row& row) override {
    auto query = database_.prepare(
        "SELECT next_ns, first_id, last_id, step_ns, done, row_count FROM backfill WHERE " +
        std::string(key_condition) + std::string(part_of_row));
    bind_key(query, row);
    if (!query.step()) return false;
    row.next_ns = query.integer(0);
    row.step_ns = query.integer(3);
    row.done = query.integer(4) != 0;
    row.rows = static_cast<std::uint64_t>(query.integer(5));
    row.first_id = id_of(query.text(1), row.rows);
    row.last_id = id_of(query.text(2), row.rows);
    return true;
  }

  void save(const backfill_row& row, const std::vector<backfill_gap_row>& gaps,
            const backfill_stretch& read) override {
    try {
      database_.execute("BEGIN IMMEDIATE");
      put(row);
      forget(row, read);
      for (const auto& gap : gaps) put(row, gap);
      database_.execute("COMMIT");
    } catch (const sink_error&) {
      database_.roll_back();
      throw;
    }
  }

  std::vector<backfill_gap_row> gaps(const backfill_row& of) override {
    auto query = database_.prepare("SELECT from_ns, to_ns, reason FROM backfill_gap WHERE " +
                                   std::string(key_condition) + std::string(part_of_gap) +
                                   " ORDER BY from_ns, to_ns, reason");
    bind_key(query, of);
    std::vector<backfill_gap_row> result;
    while (query.step()) result.push_back({query.integer(0), query.integer(1), query.text(2)});
    return result;
  }

  std::vector<std::string> stored(const event_keys& of) override {
    auto query = database_.prepare(
        "SELECT 1 FROM " + std::string(table_of(of)) +
        " WHERE venue = ?1 AND instrument = ?2 AND key = ?3 AND exchange_ns BETWEEN ?4 AND ?5");
    query.bind(1, of.venue);
    query.bind(2, of.instrument);
    query.bind(4, of.from_ns - day_ns);
    query.bind(5, of.to_ns + day_ns);
    std::vector<std::string> result;
    for (const auto& key : of.keys) {
      query.bind(3, key);
      if (query.step()) result.push_back(key);
      query.reset();
    }
    return result;
  }

  std::uint64_t position(std::string_view journal) override {
    auto query = database_.prepare("SELECT position FROM sink_cursor WHERE journal = ?1");
    query.bind(1, journal);
    return query.step() ? static_cast<std::uint64_t>(query.integer(0)) : 0;
  }

 private:
  void put(const backfill_row& row) {
    auto statement = database_.prepare(
        "INSERT OR REPLACE INTO backfill VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
        "?12)");
    bind_key(statement, row);
    const auto first = text_of(row.first_id);
    const auto last = text_of(row.last_id);
    statement.bind(7, row.next_ns);
    statement.bind(8, first);
    statement.bind(9, last);
    statement.bind(10, row.step_ns);
    statement.bind(11, std::int64_t{row.done});
    statement.bind(12, static_cast<std::int64_t>(row.rows));
    statement.run();
  }

  void forget(const backfill_row& row, const backfill_stretch& read) {
    if (read.to_ns <= read.from_ns) return;
    auto statement = database_.prepare("DELETE FROM backfill_gap WHERE " +
                                       std::string(key_condition) + std::string(part_of_gap));
    bind_key(statement, row);
    statement.bind(5, read.from_ns);
    statement.bind(6, read.to_ns);
    statement.run();
  }

  void put(const backfill_row& row, const backfill_gap_row& gap) {
    auto statement =
        database_.prepare("INSERT OR IGNORE INTO backfill_gap VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    bind_key(statement, row);
    statement.bind(5, gap.from_ns);
    statement.bind(6, gap.to_ns);
    statement.bind(7, gap.reason);
    statement.run();
  }

  sqlite_database database_;
};

// PostgreSQL writes its parameters as $1.
std::string with_dollars(std::string sql) {
  for (auto& c : sql) c = c == '?' ? '$' : c;
  return sql;
}

// The text of an array of texts.
std::string array_of(const std::vector<std::string>& texts) {
  std::string result = "{";
  for (const auto& text : texts) {
    result += result.size() > 1 ? ",\"" : "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
    result += '"';
  }
  return result + "}";
}

std::vector<std::string> key_of(const backfill_row& row) {
  return {row.venue,
          row.instrument,
          row.kind,
          std::to_string(row.interval_ns),
          std::to_string(row.from_ns),
          std::to_string(row.to_ns)};
}

class timescale_backfill_state final : public backfill_state {
 public:
  explicit timescale_backfill_state(const std::string& dsn)
      : connection_(timescale_dsn(dsn), pg_limits()) {}

  bool load(backfill_row& row) override {
    const auto found = connection_.execute(
        with_dollars(
            "SELECT next_ns, first_id, last_id, step_ns, done, row_count FROM backfill WHERE " +
            std::string(key_condition) + std::string(part_of_row)),
        key_of(row));
    if (found.rows() == 0) return false;
    row.next_ns = found.integer(0, 0);
    row.step_ns = found.integer(0, 3);
    row.done = found.integer(0, 4) != 0;
    row.rows = static_cast<std::uint64_t>(found.integer(0, 5));
    row.first_id = id_of(found.text(0, 1), row.rows);
    row.last_id = id_of(found.text(0, 2), row.rows);
    return true;
  }

  void save(const backfill_row& row, const std::vector<backfill_gap_row>& gaps,
            const backfill_stretch& read) override {
    try {
      connection_.execute("BEGIN");
      put(row);
      forget(row, read);
      for (const auto& gap : gaps) put(row, gap);
      connection_.execute("COMMIT");
    } catch (const sink_error&) {
      connection_.roll_back();
      throw;
    }
  }

  std::vector<backfill_gap_row> gaps(const backfill_row& of) override {
    const auto found =
        connection_.execute(with_dollars("SELECT from_ns, to_ns, reason FROM backfill_gap WHERE " +
                                         std::string(key_condition) + std::string(part_of_gap) +
                                         " ORDER BY from_ns, to_ns, reason"),
                            key_of(of));
    std::vector<backfill_gap_row> result;
    for (int at = 0; at < found.rows(); ++at) {
      result.push_back({found.integer(at, 0), found.integer(at, 1), found.text(at, 2)});
    }
    return result;
  }

  std::vector<std::string> stored(const event_keys& of) override {
    // The bounds in time leave out the chunks of other days.
    const auto found = connection_.execute(
        "SELECT DISTINCT key FROM " + std::string(table_of(of)) +
            " WHERE venue = $1 AND instrument = $2 AND key = ANY($3::text[]) AND exchange_ts"
            " BETWEEN to_timestamp($4::bigint / 1000000000) AND"
            " to_timestamp($5::bigint / 1000000000 + 1)",
        {of.venue, of.instrument, array_of(of.keys), std::to_string(of.from_ns - day_ns),
         std::to_string(of.to_ns + day_ns)});
    std::vector<std::string> result;
    for (int at = 0; at < found.rows(); ++at) result.push_back(found.text(at, 0));
    return result;
  }

  std::uint64_t position(std::string_view journal) override {
    const auto found = connection_.execute("SELECT position FROM sink_cursor WHERE journal = $1",
                                           {std::string(journal)});
    return found.rows() == 0 ? 0 : static_cast<std::uint64_t>(found.integer(0, 0));
  }

 private:
  void put(const backfill_row& row) {
    auto values = key_of(row);
    values.insert(values.end(), {std::to_string(row.next_ns), text_of(row.first_id),
                                 text_of(row.last_id), std::to_string(row.step_ns),
                                 std::to_string(int{row.done}), std::to_string(row.rows)});
    connection_.execute(
        "INSERT INTO backfill VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
        "ON CONFLICT (venue, instrument, kind, interval_ns, from_ns, to_ns) DO UPDATE SET "
        "next_ns = EXCLUDED.next_ns, first_id = EXCLUDED.first_id, last_id = EXCLUDED.last_id, "
        "step_ns = EXCLUDED.step_ns, done = EXCLUDED.done, row_count = EXCLUDED.row_count",
        values);
  }

  void forget(const backfill_row& row, const backfill_stretch& read) {
    if (read.to_ns <= read.from_ns) return;
    auto values = key_of(row);
    values[4] = std::to_string(read.from_ns);
    values[5] = std::to_string(read.to_ns);
    connection_.execute(with_dollars("DELETE FROM backfill_gap WHERE " +
                                     std::string(key_condition) + std::string(part_of_gap)),
                        values);
  }

  void put(const backfill_row& row, const backfill_gap_row& gap) {
    auto values = key_of(row);
    values[4] = std::to_string(gap.from_ns);
    values[5] = std::to_string(gap.to_ns);
    values.push_back(gap.reason);
    connection_.execute(
        "INSERT INTO backfill_gap VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        values);
  }

  pg_connection connection_;
};

}  // namespace

std::unique_ptr<backfill_state> make_backfill_state(std::string_view kind,
                                                    const std::string& target,
                                                    int busy_timeout_ms) {
  if (kind == "sqlite") return std::make_unique<sqlite_backfill_state>(target, busy_timeout_ms);
  if (kind == "timescale") return std::make_unique<timescale_backfill_state>(target);
  throw sink_error(false, "a sink of kind '" + std::string(kind) +
                              "' keeps no checkpoints: give sqlite:PATH or timescale:DSN");
}

}  // namespace feedtree::storage
