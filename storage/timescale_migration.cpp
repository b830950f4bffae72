#include "storage/timescale_migration.hpp"

#include "core/sink.hpp"

namespace feedtree::storage {
namespace {

// Any number that no one else takes: "feedtree" as bytes.
constexpr std::string_view lock_number = "7378415046641214821";

std::string extension_missing(pg_connection& connection, const std::string& why) {
  return connection.dsn().place() + " is PostgreSQL " +
         std::to_string(connection.server_version() / 10'000) + " without TimescaleDB" + why;
}

// Within the transaction of the migrations, so that a dry run takes it back.
void create_extension(pg_connection& connection) {
  try {
    connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb");
  } catch (const pg_error& error) {
    if (error.retryable()) throw;
    throw sink_error(
        false, extension_missing(connection,
                                 "; the server has the extension, but it could not be created: " +
                                     error.reason() +
                                     "; put timescaledb into shared_preload_libraries, restart the"
                                     " server, and as its superuser run CREATE EXTENSION "
                                     "timescaledb in this database"));
  }
}

// True if the database has the extension; throws sink_error if the server does not have it at all.
bool has_timescale(pg_connection& connection) {
  const auto found = connection.execute(
      "SELECT (SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'),"
      " (SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb')");
  if (found.integer(0, 0) == 0 && found.integer(0, 1) == 0) {
    throw sink_error(false, extension_missing(connection,
                                              ": install the extension timescaledb on the server "
                                              "(docs.timescale.com), or use the sink sqlite:PATH"));
  }
  return found.integer(0, 0) == 1;
}

bool has_table(pg_connection& connection, const std::string& name) {
  return !connection.execute("SELECT to_regclass($1)", {name}).is_null(0, 0);
}

std::vector<applied_migration> read_applied(pg_connection& connection) {
  std::vector<applied_migration> result;
  if (!has_table(connection, "schema_migration")) return result;
  const auto rows = connection.execute(
      "SELECT version, name, sha256, applied_ns FROM schema_migration ORDER BY 1");
  for (int row = 0; row < rows.rows(); ++row) {
    result.push_back({static_cast<int>(rows.integer(row, 0)), rows.text(row, 1), rows.text(row, 2),
                      rows.integer(row, 3)});
  }
  return result;
}

void apply_all(pg_connection& connection, std::span<const migration* const> missing,
               std::int64_t now_ns) {
  connection.execute(
      "CREATE TABLE IF NOT EXISTS schema_migration (version INTEGER PRIMARY KEY,"
      " name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_ns BIGINT NOT NULL)");
  for (const auto* one : missing) {
    connection.execute(std::string(one->sql));
    connection.execute("INSERT INTO schema_migration VALUES ($1, $2, $3, $4)",
                       {std::to_string(one->version), std::string(one->name), sha256(one->sql),
                        std::to_string(now_ns)});
  }
  if (!has_table(connection, "audit")) return;
  connection.execute(
      "INSERT INTO audit VALUES ($1, 'feedtree', 'migrate', 'schema', 'done', $2)"
      " ON CONFLICT DO NOTHING",
      {std::to_string(now_ns), description_of(missing)});
}

std::vector<migration_line> migrate_within(pg_connection& connection,
                                           std::span<const migration> migrations,
                                           const migration_options& options) {
  const bool looks = options.mode == migration_mode::status;
  if (!looks) lock_migrations(connection);
  if (!has_timescale(connection) && !looks) create_extension(connection);
  const auto applied = read_applied(connection);
  const auto& place = connection.dsn().place();
  auto missing = missing_migrations(place, applied, migrations, options.up_to);
  if (looks) missing.clear();
  if (!missing.empty()) apply_all(connection, missing, options.now_ns);
  return migration_lines(applied, migrations, missing, options.now_ns);
}

}  // namespace

void lock_migrations(pg_connection& connection) {
  connection.execute("SELECT pg_advisory_xact_lock(" + std::string(lock_number) + ")");
}

std::vector<migration_line> migrate(pg_connection& connection,
                                    std::span<const migration> migrations,
                                    const migration_options& options) {
  const bool keeps = options.mode == migration_mode::apply;
  connection.execute("BEGIN");
  try {
    auto lines = migrate_within(connection, migrations, options);
    connection.execute(keeps ? "COMMIT" : "ROLLBACK");
    return lines;
  } catch (...) {
    connection.roll_back();
    throw;
  }
}

std::vector<migration_line> migrate_timescale(const std::string& dsn,
                                              const migration_options& options) {
  pg_limits limits;
  limits.statement_timeout_ms = migration_timeout_ms;
  pg_connection connection(timescale_dsn(dsn), limits);
  return migrate(connection, migrations_of("timescale"), options);
}

}  // namespace feedtree::storage
