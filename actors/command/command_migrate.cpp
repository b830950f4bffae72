#include <cstdio>

#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "actors/system.hpp"
#include "core/sink.hpp"
#include "core/time_text.hpp"
#include "storage/migrate_database.hpp"

namespace feedtree::actors {
namespace {

struct database {
  std::string kind;
  std::string target;
};

std::string state_of(const storage::migration_line& line, storage::migration_mode mode) {
  if (line.applied_now) {
    return mode == storage::migration_mode::dry_run ? "would be applied" : "applied now";
  }
  return line.applied_ns == 0 ? "pending" : "applied " + second_text(line.applied_ns);
}

// False if the database could not be brought there.
bool migrate_one(const database& what, const storage::migration_options& options) {
  try {
    const auto lines = storage::migrate_database(what.kind, what.target, options);
    std::printf("%s: %s\n", what.kind.c_str(),
                storage::database_name(what.kind, what.target).c_str());
    for (const auto& line : lines) {
      std::printf("  %04d %-20s %s\n", line.version, line.name.c_str(),
                  state_of(line, options.mode).c_str());
    }
    return true;
  } catch (const sink_error& error) {
    complain(error.what());
    return false;
  }
}

std::vector<database> databases_of(const std::vector<config::sink_config>& sinks) {
  std::vector<database> result;
  for (const auto& sink : sinks) {
    if (storage::has_migrations(sink.kind)) result.push_back({sink.kind, sink.target});
  }
  return result;
}

}  // namespace

int migrate_command(const migrate_arguments& arguments) {
  std::vector<database> databases;
  if (arguments.config_path.empty()) {
    const auto colon = arguments.sink.find(':');
    const auto target = colon == std::string::npos ? "" : arguments.sink.substr(colon + 1);
    databases.push_back({arguments.sink.substr(0, colon), target});
  } else {
    config::server_config config;
    if (!read_configuration(arguments.config_path, config)) return exit_configuration;
    databases = databases_of(config.sinks);
    if (databases.empty()) {
      complain_lines(arguments.config_path + ": has no sink of kind sqlite or timescale\n");
      return exit_configuration;
    }
  }
  auto options = arguments.options;
  options.now_ns = wall_ns();
  bool good = true;
  for (const auto& each : databases) good = migrate_one(each, options) && good;
  return good ? exit_ok : exit_failure;
}

}  // namespace feedtree::actors
