#include "storage/sqlite_migration.hpp"

#include <algorithm>

#include "core/sink.hpp"

namespace feedtree::storage {
namespace {

constexpr int busy_timeout_ms = 5'000;

struct applied_migration {
  int version = 0;
  std::string name;
  std::string sha256;
};

std::vector<applied_migration> read_applied(sqlite_database& database) {
  database.execute(
      "CREATE TABLE IF NOT EXISTS schema_migration ("
      "version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL,"
      " applied_ns INTEGER NOT NULL)");
  std::vector<applied_migration> result;
  auto rows = database.prepare("SELECT version, name, sha256 FROM schema_migration ORDER BY 1");
  while (rows.step()) {
    result.push_back({static_cast<int>(rows.integer(0)), rows.text(1), rows.text(2)});
  }
  return result;
}

std::string label(int version, std::string_view name) {
  return "migration " + std::to_string(version) + " (" + std::string(name) + ")";
}

void require_unchanged(const std::string& path, const applied_migration& applied,
                       std::span<const migration> migrations) {
  const auto known = std::find_if(migrations.begin(), migrations.end(), [&](const migration& one) {
    return one.version == applied.version;
  });
  if (known == migrations.end()) {
    throw sink_error(false, path + " has " + label(applied.version, applied.name) +
                                ", which this program does not know: run the version that made it,"
                                " or give another path");
  }
  if (known->name != applied.name || sha256(known->sql) != applied.sha256) {
    throw sink_error(false, label(applied.version, applied.name) + " was applied to " + path +
                                " with another text than this program has: undo the change and add"
                                " a new migration instead");
  }
}

void apply(sqlite_database& database, const migration& one, std::int64_t now_ns) {
  database.execute(std::string(one.sql));
  auto row = database.prepare("INSERT INTO schema_migration VALUES (?, ?, ?, ?)");
  const auto hash = sha256(one.sql);
  row.bind(1, std::int64_t{one.version});
  row.bind(2, one.name);
  row.bind(3, hash);
  row.bind(4, now_ns);
  row.run();
}

std::vector<int> apply_missing(sqlite_database& database, std::span<const migration> migrations,
                               std::int64_t now_ns) {
  const auto applied = read_applied(database);
  for (const auto& one : applied) require_unchanged(database.path(), one, migrations);
  const int last = applied.empty() ? 0 : applied.back().version;
  std::vector<int> done;
  for (const auto& one : migrations) {
    const bool was_applied = std::any_of(applied.begin(), applied.end(), [&](const auto& earlier) {
      return earlier.version == one.version;
    });
    if (was_applied) continue;
    if (one.version < last) {
      throw sink_error(false, database.path() + " lacks " + label(one.version, one.name) +
                                  " but has a later one: restore a copy, or give another path");
    }
    apply(database, one, now_ns);
    done.push_back(one.version);
  }
  return done;
}

}  // namespace

std::vector<int> migrate(sqlite_database& database, std::span<const migration> migrations,
                         std::int64_t now_ns) {
  database.execute("BEGIN IMMEDIATE");
  try {
    auto done = apply_missing(database, migrations, now_ns);
    database.execute("COMMIT");
    return done;
  } catch (...) {
    database.roll_back();
    throw;
  }
}

std::vector<int> migrate_sqlite(const std::string& path, std::int64_t now_ns) {
  sqlite_database database(path, busy_timeout_ms);
  return migrate(database, migrations_of("sqlite"), now_ns);
}

}  // namespace feedtree::storage
