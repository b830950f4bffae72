// Which migrations a database needs, and whether what it has is what this program has.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/migrations/migration.hpp"

namespace feedtree::storage {

// A row of schema_migration.
struct applied_migration {
  int version = 0;
  std::string name;
  std::string sha256;
  std::int64_t applied_ns = 0;
};

// One line of what a database has and needs, by version.
struct migration_line {
  int version = 0;
  std::string name;
  std::int64_t applied_ns = 0;  // 0: not yet
  bool applied_now = false;

  friend bool operator==(const migration_line&, const migration_line&) = default;
};

enum class migration_mode : std::uint8_t {
  apply,
  dry_run,  // everything is done and taken back
  status,   // only looks
};

struct migration_options {
  migration_mode mode = migration_mode::apply;
  std::optional<int> up_to;  // the last version that is wanted; all of them without it
  std::int64_t now_ns = 0;
};

// Those that are missing, in order, up to the wanted version. place names the database. Throws
// sink_error if one that was applied has another text now, is not known here or is missing before a
// later one, or if the wanted version is none of these or is behind what the database has.
std::vector<const migration*> missing_migrations(const std::string& place,
                                                 std::span<const applied_migration> applied,
                                                 std::span<const migration> migrations,
                                                 std::optional<int> up_to);

// "migration 1 (events), migration 2 (ledger)": what was done, for the table audit.
std::string description_of(std::span<const migration* const> done);

// All migrations: when they were applied, and which of them are `done` now.
std::vector<migration_line> migration_lines(std::span<const applied_migration> applied,
                                            std::span<const migration> migrations,
                                            std::span<const migration* const> done,
                                            std::int64_t now_ns);

}  // namespace feedtree::storage
