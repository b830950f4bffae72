// Brings the tables of a SQLite database up to date.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/migrations/migration.hpp"
#include "storage/sqlite_database.hpp"

namespace feedtree::storage {

// Applies what is missing, each once, all in one transaction, and notes version, name and SHA-256
// in schema_migration. Gives the versions that were applied now. Throws sink_error and changes
// nothing if one that was applied earlier has other text now, is missing here, or is newer than
// all of these.
std::vector<int> migrate(sqlite_database& database, std::span<const migration> migrations,
                         std::int64_t now_ns);

// The same with the migrations of this program, on a file that is made if it is not there.
std::vector<int> migrate_sqlite(const std::string& path, std::int64_t now_ns);

}  // namespace feedtree::storage
