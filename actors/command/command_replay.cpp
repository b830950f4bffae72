#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "actors/command/output.hpp"
#include "actors/system.hpp"
#include "storage/migrate_database.hpp"
#include "storage/row_difference.hpp"
#include "storage/timescale_difference.hpp"

namespace feedtree::actors {
namespace {

// What a person wants to know when no report was asked for.
void print_summary(const replay_result& result) {
  std::uint64_t events = 0;
  for (const auto count : result.events) events += count;
  const auto& c = result.continuity;
  std::fprintf(stderr,
               "%llu frames (%llu ignored, %llu rejected), %llu events, %llu level updates; "
               "checksums %llu ok, "
               "%llu failed; sequences %llu ok, %llu gaps; %.3f s\n",
               static_cast<unsigned long long>(result.frames.received),
               static_cast<unsigned long long>(result.frames.ignored),
               static_cast<unsigned long long>(result.frames.rejected),
               static_cast<unsigned long long>(events),
               static_cast<unsigned long long>(c.level_updates),
               static_cast<unsigned long long>(c.checksum_ok),
               static_cast<unsigned long long>(c.checksum_failed),
               static_cast<unsigned long long>(c.sequence_ok),
               static_cast<unsigned long long>(c.sequence_gaps),
               static_cast<double>(result.elapsed_ns) / 1e9);
}

// A database that is there, with the tables of this version.
storage::database_target database_of(const replay_options& options) {
  const auto database = options.sinks.size() == 1 ? storage::parse_database(options.sinks[0])
                                                  : storage::database_target{};
  const bool is_database = !database.kind.empty() && database.target != options.sinks[0];
  if (!is_database) {
    throw std::runtime_error(
        "--diff compares with one database: --sink sqlite:PATH or timescale:DSN");
  }
  if (database.kind != "sqlite") return database;  // its tables are looked at when it is read
  if (!std::filesystem::exists(database.target)) {
    throw std::runtime_error(database.target + ": is not there");
  }
  storage::migration_options migrate;
  migrate.now_ns = wall_ns();
  storage::migrate_database("sqlite", database.target, migrate);
  return database;
}

// The database of a replay, and the copy of one that is no file, in a folder that goes with them.
class scratch_database {
 public:
  scratch_database() {
    auto name = (std::filesystem::temp_directory_path() / "feedtree-diff-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error(name + ": cannot be created");
    folder_ = name;
  }
  ~scratch_database() {
    std::error_code unused;
    std::filesystem::remove_all(folder_, unused);
  }
  scratch_database(const scratch_database&) = delete;
  scratch_database& operator=(const scratch_database&) = delete;
  std::string path() const { return folder_ + "/events.db"; }
  std::string copy() const { return folder_ + "/copy.db"; }

 private:
  std::string folder_;
};

void print_difference(const storage::row_difference& what) {
  std::printf("%s %s %s %s %s%s%s\n", std::string(to_string(what.change)).c_str(),
              what.table.c_str(), what.venue.c_str(), what.instrument.c_str(), what.key.c_str(),
              what.columns.empty() ? "" : " ", what.columns.c_str());
}

// Exit code 1 if there are differences that were not applied, as diff does.
int compare(const replay_arguments& arguments, replay_options options) {
  const auto database = database_of(options);
  const bool is_file = database.kind == "sqlite";
  const scratch_database scratch;
  options.sinks = {"sqlite:" + scratch.path()};
  options.begin_with_books = false;
  const auto result = replay(options);
  for (const auto& line : result.damages) complain(line);
  const auto feeds = arguments.new_feeds ? storage::feed_choice::all : storage::feed_choice::stored;
  if (!is_file) storage::copy_timescale_rows(database.target, scratch.path(), scratch.copy());
  const auto compared = is_file ? database.target : scratch.copy();
  const auto counts = storage::compare_rows(scratch.path(), compared, feeds, print_difference);
  if (arguments.apply && is_file) {
    storage::correct_rows(scratch.path(), compared, feeds, wall_ns());
  } else if (arguments.apply) {
    storage::correct_timescale_rows(database.target, scratch.path(), compared, feeds, wall_ns());
  }
  if (counts.fetched != 0) {
    std::printf("%llu rows of backfills and pollers are in the database only\n",
                static_cast<unsigned long long>(counts.fetched));
  }
  if (counts.of_new_feeds != 0) {
    std::printf("%llu rows are of feeds of which the database has none; --new-feeds adds them\n",
                static_cast<unsigned long long>(counts.of_new_feeds));
  }
  std::printf("%llu rows compared: %llu differ, %llu new, %llu missing%s\n",
              static_cast<unsigned long long>(counts.compared),
              static_cast<unsigned long long>(counts.differ),
              static_cast<unsigned long long>(counts.added),
              static_cast<unsigned long long>(counts.missing),
              arguments.apply ? "; corrected, but for what is missing" : "");
  return counts.is_same() || arguments.apply ? exit_ok : exit_failure;
}

}  // namespace

int replay_command(const replay_arguments& arguments) {
  auto options = arguments.options;
  if (!arguments.rules.empty()) {
    rules::rule_list rules;
    if (!read_rules(arguments.rules, rules)) return exit_configuration;
    options.rules = std::make_shared<const rules::rule_list>(std::move(rules));
  }
  if (arguments.diff) return compare(arguments, std::move(options));
  if (options.sinks.empty()) options.sinks.emplace_back("none");
  const auto result = replay(options);
  if (arguments.report.empty()) {
    print_summary(result);
  } else {
    write_report(arguments.report, report_json(result));
  }
  for (const auto& line : result.complaints) {
    complain("the venue said: " + line);
  }
  for (const auto& line : result.damages) complain(line);
  if (!result.rejected_example.empty()) {
    complain("rejected, for example: " + result.rejected_example);
  }
  if (!result.lost_field.empty()) complain("left out, for example: " + result.lost_field);
  for (const auto& name : result.unseen) {
    complain("--instrument " + name + ": nothing of it came");
  }
  if (!result.unseen.empty()) return exit_failure;
  const auto failure = result.strict_failure();
  if (!options.strict || failure.empty()) return exit_ok;
  complain("strict: " + failure);
  return exit_failure;
}

}  // namespace feedtree::actors
