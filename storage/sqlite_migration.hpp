// Brings the tables of a SQLite database up to date.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/migrations/plan.hpp"
#include "storage/sqlite_database.hpp"

namespace feedtree::storage {

// Applies what is missing, each once, all in one transaction, and notes version, name and SHA-256
// in schema_migration. Throws sink_error and changes nothing if one that was applied earlier has
// other text now, is missing here, or is newer than all of these.
std::vector<migration_line> migrate(sqlite_database& database,
                                    std::span<const migration> migrations,
                                    const migration_options& options);

// The same with the migrations of this program, on a file that is made if it is not there and the
// mode is to apply.
std::vector<migration_line> migrate_sqlite(const std::string& path,
                                           const migration_options& options);

}  // namespace feedtree::storage
