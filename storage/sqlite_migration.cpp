#include "storage/sqlite_migration.hpp"

#include <filesystem>

#include "core/sink.hpp"

namespace feedtree::storage {
namespace {

constexpr int busy_timeout_ms = 5'000;

bool has_table(sqlite_database& database, std::string_view name) {
  auto table = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  table.bind(1, name);
  return table.step();
}

std::vector<applied_migration> read_applied(sqlite_database& database) {
  std::vector<applied_migration> result;
  if (!has_table(database, "schema_migration")) return result;
  auto rows =
      database.prepare("SELECT version, name, sha256, applied_ns FROM schema_migration ORDER BY 1");
  while (rows.step()) {
    result.push_back(
        {static_cast<int>(rows.integer(0)), rows.text(1), rows.text(2), rows.integer(3)});
  }
  return result;
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

void apply_all(sqlite_database& database, std::span<const migration* const> missing,
               std::int64_t now_ns) {
  database.execute(
      "CREATE TABLE IF NOT EXISTS schema_migration ("
      "version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL,"
      " applied_ns INTEGER NOT NULL)");
  for (const auto* one : missing) apply(database, *one, now_ns);
  if (!has_table(database, "audit")) return;
  auto row = database.prepare(
      "INSERT INTO audit VALUES (?, 'feedtree', 'migrate', 'schema', 'done', ?)"
      " ON CONFLICT DO NOTHING");
  const auto detail = description_of(missing);
  row.bind(1, now_ns);
  row.bind(2, detail);
  row.run();
}

std::vector<migration_line> migrate_within(sqlite_database& database,
                                           std::span<const migration> migrations,
                                           const migration_options& options) {
  const auto applied = read_applied(database);
  auto missing = missing_migrations(database.path(), applied, migrations, options.up_to);
  if (options.mode == migration_mode::status) missing.clear();
  if (!missing.empty()) apply_all(database, missing, options.now_ns);
  return migration_lines(applied, migrations, missing, options.now_ns);
}

}  // namespace

std::vector<migration_line> migrate(sqlite_database& database,
                                    std::span<const migration> migrations,
                                    const migration_options& options) {
  const bool keeps = options.mode == migration_mode::apply;
  database.execute(options.mode == migration_mode::status ? "BEGIN" : "BEGIN IMMEDIATE");
  try {
    auto lines = migrate_within(database, migrations, options);
    database.execute(keeps ? "COMMIT" : "ROLLBACK");
    return lines;
  } catch (...) {
    database.roll_back();
    throw;
  }
}

std::vector<migration_line> migrate_sqlite(const std::string& path,
                                           const migration_options& options) {
  if (path.empty()) throw sink_error(false, "the sqlite sink needs a path (sqlite:PATH)");
  const bool makes = options.mode == migration_mode::apply;
  const bool is_there = makes || std::filesystem::exists(path);
  sqlite_database database(is_there ? path : ":memory:", busy_timeout_ms);
  return migrate(database, migrations_of("sqlite"), options);
}

}  // namespace feedtree::storage
