// The command line of what works on recorded and stored data.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <sstream>

#include "actors/command/command_line.hpp"
#include "actors/command/commands.hpp"
#include "core/event.hpp"
#include "core/time_text.hpp"

namespace feedtree::actors {

// Candle intervals that a day is made of, with commas between.
std::vector<std::int64_t> parse_intervals(const std::string& list) {
  constexpr std::int64_t day_ns = 86'400'000'000'000;
  std::vector<std::int64_t> result;
  std::istringstream in(list);
  for (std::string text; std::getline(in, text, ',');) {
    const auto interval_ns = feedtree::parse_interval(text);
    const bool good = interval_ns > 0 && day_ns % interval_ns == 0 &&
                      std::find(result.begin(), result.end(), interval_ns) == result.end();
    if (!good) {
      throw CLI::ValidationError("candles", "'" + text +
                                                "' is no interval of which a day is made, such as "
                                                "1m or 1h, or is there twice");
    }
    result.push_back(interval_ns);
  }
  return result;
}

std::optional<std::int64_t> parse_instant(const std::string& option, const std::string& text) {
  if (text.empty()) return {};
  if (const auto found = feedtree::parse_time(text)) return found;
  throw CLI::ValidationError(
      option, "'" + text + "' is no time; write " + std::string(feedtree::time_forms));
}

void add_validate(CLI::App& app, int& exit_code) {
  auto* const command =
      app.add_subcommand("validate", "Judge captures, archives and databases by rules");
  const auto arguments = std::make_shared<validate_arguments>();
  const auto from = std::make_shared<std::string>();
  const auto to = std::make_shared<std::string>();
  command
      ->add_option(
          "SOURCE", arguments->sources,
          "Captures, plain or .zst; files or folders of an archive; databases: files of SQLite, "
          "sqlite:PATH, timescale:DSN")
      ->required();
  command->add_option("--rules", arguments->rules, "YAML file")->required();
  command->add_option("--venue", arguments->venue, "Venue of captures that do not say theirs");
  command->add_option("--from", *from, "Receive time, RFC 3339 or nanoseconds since 1970");
  command->add_option("--to", *to, "Likewise; up to here, exclusive");
  command->add_option("--report", arguments->format, "json or html")
      ->check(CLI::IsMember({"json", "html"}))
      ->capture_default_str();
  command->add_option("--output", arguments->output, "File, or -")->capture_default_str();
  command->add_flag("--strict", arguments->strict,
                    "Exit 1 if a rule is broken or an archive damaged");
  command->callback([=, &exit_code] {
    if (!from->empty()) arguments->from_ns = *parse_instant("--from", *from);
    if (!to->empty()) arguments->to_ns = *parse_instant("--to", *to);
    exit_code = validate_command(*arguments);
  });
}

void add_migrate(CLI::App& app, int& exit_code) {
  using feedtree::storage::migration_mode;
  auto* const command = app.add_subcommand("migrate", "Bring the tables of databases up to date");
  const auto arguments = std::make_shared<migrate_arguments>();
  const auto version = std::make_shared<int>(0);
  auto* const from = command->add_option_group("database", "Which databases")->require_option(1);
  from->add_option("--config", arguments->config_path, "Those of a YAML file");
  from->add_option("--sink", arguments->sink, "sqlite:PATH or timescale:DSN");
  auto* const to = command->add_option("--to", *version, "The last migration that is wanted")
                       ->check(CLI::PositiveNumber);
  const auto dry_run = std::make_shared<bool>(false);
  const auto status = std::make_shared<bool>(false);
  auto* const dry = command->add_flag("--dry-run", *dry_run, "Do everything and take it back");
  command->add_flag("--status", *status, "Only look")->excludes(to)->excludes(dry);
  command->callback([=, &exit_code] {
    auto& options = arguments->options;
    if (to->count() > 0) options.up_to = *version;
    if (*dry_run) options.mode = migration_mode::dry_run;
    if (*status) options.mode = migration_mode::status;
    exit_code = migrate_command(*arguments);
  });
}

namespace {

// The texts of `feedtree query` before they are read.
struct query_texts {
  std::string kind;
  std::string from;
  std::string to;
  std::string as_of;
  std::string at;
  std::string interval;
  std::string format = "table";
};

void read_query(const query_texts& texts, query_arguments& out) {
  using feedtree::event_kind;
  const std::map<std::string, event_kind> kinds{{"trades", event_kind::trade},
                                                {"book", event_kind::book},
                                                {"candles", event_kind::candle},
                                                {"quotes", event_kind::quote}};
  auto& what = out.what;
  what.kind = kinds.at(texts.kind);
  what.from_ns = parse_instant("--from", texts.from);
  what.to_ns = parse_instant("--to", texts.to);
  what.as_of_ns = parse_instant("--as-of", texts.as_of);
  out.at_ns = parse_instant("--at", texts.at);
  out.format = *feedtree::storage::parse_row_format(texts.format);
  if (out.at_ns && what.kind != event_kind::book) {
    throw CLI::ValidationError("--at", "is for the book; --as-of is for everything");
  }
  const bool has_candle_options =
      !texts.interval.empty() || !what.source.empty() || what.every_revision;
  if (has_candle_options && what.kind != event_kind::candle) {
    throw CLI::ValidationError("--interval, --source, --revisions", "are for candles");
  }
  if (texts.interval.empty()) return;
  const auto intervals = parse_intervals(texts.interval);
  if (intervals.size() != 1) throw CLI::ValidationError("--interval", "give one of them");
  what.interval_ns = intervals.front();
}

}  // namespace

void add_query(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("query", "Read what a database has, and had at a time");
  const auto arguments = std::make_shared<query_arguments>();
  const auto texts = std::make_shared<query_texts>();
  auto& what = arguments->what;
  command->add_option("KIND", texts->kind, "trades, book, candles or quotes")
      ->required()
      ->check(CLI::IsMember({"trades", "book", "candles", "quotes"}));
  auto* const from = command->add_option_group("database", "Which database")->require_option(1);
  from->add_option("--database", arguments->database, "sqlite:PATH or timescale:DSN");
  from->add_option("--config", arguments->config_path, "The first one of a YAML file");
  command->add_option("--instrument", what.instrument, "Canonical symbol")->required();
  command->add_option("--venue", what.venue, "Only this one");
  auto* const begin =
      command->add_option("--from", texts->from, "By the venue's clock (candles: their begin)");
  auto* const end = command->add_option("--to", texts->to, "Before this time");
  command->add_option("--as-of", texts->as_of, "What was received up to then");
  command->add_option("--at", texts->at, "book: the whole book of that instant")
      ->excludes(begin)
      ->excludes(end);
  command->add_option("--depth", arguments->depth, "Levels a side with --at; 0: all");
  command->add_option("--interval", texts->interval, "candles: only these, such as 1m");
  command->add_option("--source", what.source, "candles: venue or trades")
      ->check(CLI::IsMember({"venue", "trades"}));
  command->add_flag("--revisions", what.every_revision, "candles: every state, not the last alone");
  command->add_option("--format", texts->format, "table, csv or jsonl")
      ->check(CLI::IsMember({"table", "csv", "jsonl"}));
  command->footer("Times: " + std::string(feedtree::time_forms) + ".");
  command->callback([arguments, texts, &exit_code] {
    read_query(*texts, *arguments);
    exit_code = query_command(*arguments);
  });
}

void add_backfill(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("backfill", "Fetch a venue's past into a database");
  const auto arguments = std::make_shared<backfill_arguments>();
  command->add_option("--venue", arguments->venue, "Of which venue")->required();
  command->add_option("--instrument", arguments->instruments, "Canonical symbols, comma between")
      ->delimiter(',')
      ->required();
  command->add_option("--kind", arguments->kind, "candles or trades")
      ->check(CLI::IsMember({"candles", "trades"}))
      ->capture_default_str();
  command->add_option("--interval", arguments->interval, "Of candles")->capture_default_str();
  command->add_option("--from", arguments->from, "UTC: 2026-03-01[T12:00:00Z], or how long ago: 7d")
      ->required();
  command->add_option("--to", arguments->to, "Likewise; up to it, it is left out itself")
      ->capture_default_str();
  command->add_option("--sink", arguments->sink, "sqlite:PATH or timescale:DSN")->required();
  command->add_option("--parallel", arguments->parallel, "Requests at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--rest-url", arguments->rest_url, "In place of the venue's own address");
  command->add_option("--ca-file", arguments->ca_file, "PEM file of the authorities to trust");
  command->callback([arguments, &exit_code] { exit_code = backfill_command(*arguments); });
}

namespace {

void add_archive_upload(CLI::App& archive, int& exit_code) {
  auto* const command = archive.add_subcommand(
      "upload",
      "Send closed files to S3-compatible storage; keys: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY");
  const auto arguments = std::make_shared<archive_upload_arguments>();
  command->add_option("PATH", arguments->path, "An archive, or a part of it")->required();
  command->add_option("--endpoint", arguments->endpoint, "https://HOST[:PORT]")->required();
  command->add_option("--bucket", arguments->bucket, "Its name")->required();
  command->add_option("--region", arguments->region, "Of the signature")->capture_default_str();
  command->add_option("--prefix", arguments->prefix, "In front of the names of objects");
  command->add_option("--ca-file", arguments->ca_file, "PEM file of the authorities to trust");
  command->add_option("--attempts", arguments->attempts, "For each request")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([arguments, &exit_code] { exit_code = archive_upload_command(*arguments); });
}

}  // namespace

void add_archive(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand(
      "archive", "Look at what the server archived; sealed files need FEEDTREE_ARCHIVE_KEY");
  command->require_subcommand(1);
  const auto path = std::make_shared<std::string>();
  const auto target = std::make_shared<std::string>();
  add_archive_upload(*command, exit_code);
  auto* const list = command->add_subcommand("list", "Every file, with what the manifest says");
  auto* const verify = command->add_subcommand("verify", "Read everything and compare");
  auto* const decrypt = command->add_subcommand("decrypt", "Write plain files of the same lines");
  for (auto* const each : {list, verify, decrypt}) {
    each->add_option("PATH", *path, "An archive, a part of it, or one file")->required();
  }
  decrypt->add_option("TARGET", *target, "A folder")->required();
  list->callback([path, &exit_code] { exit_code = archive_list_command(*path); });
  verify->callback([path, &exit_code] { exit_code = archive_verify_command(*path); });
  decrypt->callback(
      [path, target, &exit_code] { exit_code = archive_decrypt_command(*path, *target); });
}

}  // namespace feedtree::actors
