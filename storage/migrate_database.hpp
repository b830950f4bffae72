// Migrations of whichever database a sink writes to.
#pragma once

#include <string_view>
#include <vector>

#include "storage/migrations/plan.hpp"

namespace feedtree::storage {

// True for the kinds of sink that are databases with migrations: "sqlite", "timescale".
bool has_migrations(std::string_view sink_kind);

// What the database of "KIND:TARGET" has, needs and gets now. Throws sink_error.
std::vector<migration_line> migrate_database(std::string_view sink_kind, std::string_view target,
                                             const migration_options& options);

// The database in words, without user and secrets.
std::string database_name(std::string_view sink_kind, std::string_view target);

}  // namespace feedtree::storage
