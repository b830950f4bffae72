#include "storage/database_reader.hpp"

#include <charconv>

#include "core/sink.hpp"
#include "storage/migrations/migration.hpp"

namespace feedtree::storage {
namespace {

// The highest migration that this program has.
int newest_version(std::string_view kind) {
  int newest = 0;
  for (const auto& each : migrations_of(kind)) newest = std::max(newest, each.version);
  return newest;
}

int stored_version(database_reader& from) {
  int version = 0;
  from.read("SELECT max(version) FROM schema_migration", {}, [&](const stored_row& row) {
    const auto text = row[0].value_or("0");
    std::from_chars(text.data(), text.data() + text.size(), version);
    return false;
  });
  return version;
}

void check_tables(database_reader& from, const database_target& what) {
  const auto newest = newest_version(what.kind);
  int version = 0;
  try {
    version = stored_version(from);
  } catch (const sink_error& error) {
    if (error.retryable()) throw;
    throw sink_error(
        false, from.place() + " cannot be read, or has no tables of feedtree: " + error.what());
  }
  if (version < newest) {
    throw sink_error(false, from.place() + " has the tables of an older version (" +
                                std::to_string(version) + " of " + std::to_string(newest) +
                                " migrations): run feedtree migrate first");
  }
}

}  // namespace

void database_reader::read(const std::string& sql, std::span<const std::string> parameters,
                           const std::function<bool(const stored_row&)>& take) {
  const auto rows = open(sql, parameters);
  stored_row row;
  while (rows->next(row) && take(row)) {
  }
}

database_target parse_database(std::string_view text) {
  for (const std::string_view kind : {"sqlite", "timescale"}) {
    if (text.starts_with(kind) && text.substr(kind.size()).starts_with(':')) {
      return {std::string(kind), std::string(text.substr(kind.size() + 1))};
    }
  }
  const bool is_dsn = text.starts_with("postgresql://") || text.starts_with("postgres://");
  return {is_dsn ? "timescale" : "sqlite", std::string(text)};
}

std::unique_ptr<database_reader> open_reader(const database_target& from) {
  auto reader = from.kind == "timescale" ? open_timescale_reader(from.target)
                                         : open_sqlite_reader(from.target);
  check_tables(*reader, from);
  return reader;
}

std::vector<std::pair<std::string, std::string>> stored_instruments(database_reader& from) {
  std::vector<std::pair<std::string, std::string>> result;
  from.read("SELECT venue, instrument FROM instrument ORDER BY instrument, venue", {},
            [&](const stored_row& row) {
              result.emplace_back(row[0].value_or(""), row[1].value_or(""));
              return true;
            });
  return result;
}

}  // namespace feedtree::storage
