// The feedtree program: reads the command line and hands over to a command.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <sstream>

#include "actors/commands.hpp"
#include "actors/version.hpp"
#include "adapters/venues/json.hpp"
#include "core/decimal.hpp"
#include "core/event.hpp"
#include "core/time_text.hpp"

namespace {

using namespace feedtree::actors;

// "max" or a positive number as thousandths of the recorded pace.
std::int64_t parse_speed(const std::string& text) {
  if (text == "max") return 0;
  feedtree::decimal value;
  std::int64_t thousandths = 0;
  const bool good = feedtree::parse_decimal(text, value) == feedtree::decimal_error::none &&
                    value.is_positive() && value.mantissa_at(-3, thousandths);
  if (!good) throw CLI::ValidationError("--speed", "'" + text + "' is neither max nor a number");
  return thousandths;
}

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

void add_replay(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("replay", "Read captures and write checked events");
  const auto arguments = std::make_shared<replay_arguments>();
  const auto speed = std::make_shared<std::string>("max");
  auto& options = arguments->options;
  command->add_option("CAPTURE", options.captures, "Captures, plain or .zst")->required();
  command->add_option("--venue", options.venue, "Venue of captures that do not say theirs");
  command->add_option("--speed", *speed, "max, or times the recorded pace");
  command->add_option("--loop", options.loops, "How often to replay")->check(CLI::PositiveNumber);
  command
      ->add_option("--sink", options.sinks,
                   "jsonl:PATH|-, sqlite:PATH, timescale:DSN, redis:URL, nats:URL or none")
      ->expected(1)
      ->allow_extra_args(false)  // captures may follow
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  const auto intervals = std::make_shared<std::string>();
  const auto lateness_ms = std::make_shared<std::int64_t>(2'000);
  auto* const candles =
      command->add_option("--candles", *intervals, "Build candles from trades: 1m,5m,1h");
  command->add_option("--candle-lateness-ms", *lateness_ms, "Wait so long for late trades")
      ->check(CLI::Range(100, 3'600'000))
      ->needs(candles)
      ->capture_default_str();
  command->add_flag("--candle-empty", options.candles.empty, "Also of intervals without trades")
      ->needs(candles);
  command->add_option("--report", arguments->report, "Write the JSON report to a file or -");
  command->add_flag("--strict", options.strict, "Exit 1 if anything failed, was rejected, crossed");
  command->callback([=, &exit_code] {
    arguments->options.speed = parse_speed(*speed);
    arguments->options.candles.intervals_ns = parse_intervals(*intervals);
    arguments->options.candles.lateness_ns = *lateness_ms * 1'000'000;
    arguments->options.progress = true;
    exit_code = replay_command(*arguments);
  });
}

void add_run(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("run", "Run the server");
  const auto arguments = std::make_shared<run_arguments>();
  command->add_option("--config", arguments->config_path, "YAML file")->required();
  command->add_option("--seconds", arguments->seconds, "Stop by itself after so long");
  command->add_flag("--watch", arguments->watch, "Print an overview once a second");
  command->add_option("--summary", arguments->summary,
                      "Write a JSON summary at the end: file or -");
  command->add_flag("--verify", arguments->verify, "Exit 1 if the counts do not add up at the end");
  command->callback([arguments, &exit_code] { exit_code = run_command(*arguments); });
}

// Nanoseconds of "2026-08-09T21:05:48.228Z", or of nanoseconds since 1970.
std::int64_t parse_time(const std::string& option, const std::string& text) {
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos) {
    return std::stoll(text);
  }
  try {
    return feedtree::venues::from_rfc3339(text);
  } catch (const std::exception&) {
    throw CLI::ValidationError(
        option,
        "'" + text + "' is no time such as 2026-08-09T21:05:48Z, or nanoseconds since 1970");
  }
}

void add_validate(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("validate", "Judge captures and databases by rules");
  const auto arguments = std::make_shared<validate_arguments>();
  const auto from = std::make_shared<std::string>();
  const auto to = std::make_shared<std::string>();
  command->add_option("SOURCE", arguments->sources, "Captures, plain or .zst, and files of SQLite")
      ->required();
  command->add_option("--rules", arguments->rules, "YAML file")->required();
  command->add_option("--venue", arguments->venue, "Venue of captures that do not say theirs");
  command->add_option("--from", *from, "Receive time, RFC 3339 or nanoseconds since 1970");
  command->add_option("--to", *to, "Likewise; up to here, exclusive");
  command->add_option("--report", arguments->format, "json or html")
      ->check(CLI::IsMember({"json", "html"}))
      ->capture_default_str();
  command->add_option("--output", arguments->output, "File, or -")->capture_default_str();
  command->add_flag("--strict", arguments->strict, "Exit 1 if a rule is broken");
  command->callback([=, &exit_code] {
    if (!from->empty()) arguments->from_ns = parse_time("--from", *from);
    if (!to->empty()) arguments->to_ns = parse_time("--to", *to);
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

std::optional<std::int64_t> parse_instant(const std::string& option, const std::string& text) {
  if (text.empty()) return {};
  if (const auto found = feedtree::parse_time(text)) return found;
  throw CLI::ValidationError(
      option, "'" + text + "' is no time; write " + std::string(feedtree::time_forms));
}

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
  if (!texts.interval.empty()) what.interval_ns = parse_intervals(texts.interval).front();
}

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

void add_simulate(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("simulate", "Be a venue: serve its own protocol");
  const auto arguments = std::make_shared<simulate_arguments>();
  const auto speed = std::make_shared<std::string>("1");
  command->add_option("--venue", arguments->venue, "Which venue to be")->required();
  command->add_option("--listen", arguments->listen, "HOST:PORT; port 0 is a free one");
  auto* const certificate =
      command->add_option("--tls-cert", arguments->tls_certificate, "PEM certificate chain");
  auto* const key = command->add_option("--tls-key", arguments->tls_key, "PEM key");
  certificate->needs(key);
  key->needs(certificate);
  auto* const capture =
      command->add_option("--capture", arguments->capture, "Serve recorded frames");
  command->add_option("--speed", *speed, "max, or times the recorded pace");
  command->add_option("--seed", arguments->seed, "Of the generated order flow")->excludes(capture);
  command->add_option("--instruments", arguments->instruments, "Canonical symbols, comma between")
      ->delimiter(',')
      ->excludes(capture);
  command->add_option("--rate", arguments->rate, "Frames a second")->excludes(capture);
  command->add_option("--record", arguments->record, "Write a generated capture and exit")
      ->excludes(capture);
  command->add_option("--frames", arguments->frames, "Frames of the generated capture");
  command->add_option("--fault", arguments->faults, "Do wrong: KIND[:NAME=VALUE,...]; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->excludes(capture);
  command->add_option("--fault-log", arguments->fault_log, "Write what was done wrong, JSON Lines")
      ->excludes(capture);
  command
      ->add_option("--truth", arguments->truth, "Write every event and the last books, JSON Lines")
      ->excludes(capture);
  command->add_option("--faults-for", arguments->faults_for_s, "Seconds; then do right")
      ->check(CLI::PositiveNumber);
  command->add_option("--move-for", arguments->move_for_s, "Seconds; then the markets rest")
      ->check(CLI::PositiveNumber);
  command->callback([arguments, speed, &exit_code] {
    arguments->speed = parse_speed(*speed);
    exit_code = simulate_command(*arguments);
  });
}

void add_status(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("status", "Show how a running server is");
  const auto arguments = std::make_shared<status_arguments>();
  command->add_option("--url", arguments->url, "Where it serves HTTP")->capture_default_str();
  command->add_option("--ca-file", arguments->ca_file, "PEM file of the authorities to trust");
  command->add_flag("--watch", arguments->watch, "Once a second, until Ctrl-C");
  command->callback([arguments, &exit_code] { exit_code = status_command(*arguments); });
}

void add_small_commands(CLI::App& app, int& exit_code) {
  auto* const check = app.add_subcommand("check-config", "Check a configuration file");
  const auto path = std::make_shared<std::string>();
  check->add_option("FILE", *path, "YAML file")->required();
  check->callback([path, &exit_code] { exit_code = check_config_command(*path); });

  auto* const certificate =
      app.add_subcommand("make-certificate", "Make a test authority and a localhost certificate");
  const auto directory = std::make_shared<std::string>();
  certificate->add_option("DIRECTORY", *directory, "Gets ca.pem, cert.pem and key.pem")->required();
  certificate->callback(
      [directory, &exit_code] { exit_code = make_certificate_command(*directory); });

  app.add_subcommand("version", "Print the version")->callback([] {
    std::printf("feedtree %s\n", version_text());
  });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("feedtree: market data from crypto exchanges, exact and complete", "feedtree");
  app.require_subcommand(1);
  int exit_code = exit_ok;
  add_replay(app, exit_code);
  add_run(app, exit_code);
  add_validate(app, exit_code);
  add_migrate(app, exit_code);
  add_query(app, exit_code);
  add_backfill(app, exit_code);
  add_simulate(app, exit_code);
  add_status(app, exit_code);
  add_small_commands(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "feedtree: %s\n", error.what());
    return exit_failure;
  }
  return exit_code;
}
