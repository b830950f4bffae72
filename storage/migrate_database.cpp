#include "storage/migrate_database.hpp"

#include "core/sink.hpp"
#include "storage/sqlite_migration.hpp"
#include "storage/timescale_migration.hpp"

namespace feedtree::storage {

bool has_migrations(std::string_view sink_kind) {
  return !migrations_of(sink_kind).empty();
}

std::vector<migration_line> migrate_database(std::string_view sink_kind, std::string_view target,
                                             const migration_options& options) {
  if (sink_kind == "sqlite") return migrate_sqlite(std::string(target), options);
  if (sink_kind == "timescale") return migrate_timescale(std::string(target), options);
  throw sink_error(false, "a sink of kind '" + std::string(sink_kind) +
                              "' has no migrations: give sqlite:PATH or timescale:DSN");
}

std::string database_name(std::string_view sink_kind, std::string_view target) {
  if (sink_kind == "timescale") return timescale_dsn(std::string(target)).place();
  return std::string(target);
}

}  // namespace feedtree::storage
