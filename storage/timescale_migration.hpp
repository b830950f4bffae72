// Brings the tables of a TimescaleDB up to date.
#pragma once

#include <span>
#include <vector>

#include "storage/migrations/plan.hpp"
#include "storage/timescale_connection.hpp"

namespace feedtree::storage {

// Applies what is missing, each once, all in one transaction under an advisory lock: of several
// servers that start together, one does and the others find it done. Creates the extension where
// the database does not have it yet; throws sink_error with the way out where the server cannot.
// Otherwise as migrate() of SQLite.
std::vector<migration_line> migrate(pg_connection& connection,
                                    std::span<const migration> migrations,
                                    const migration_options& options);

// Until the end of the transaction no other server migrates.
void lock_migrations(pg_connection& connection);

// A migration may take longer than other statements; what waits for the lock, too.
inline constexpr std::int64_t migration_timeout_ms = 300'000;

// All of it with the migrations of this program.
std::vector<migration_line> migrate_timescale(const std::string& dsn,
                                              const migration_options& options);

}  // namespace feedtree::storage
