// The feedtree program: reads the command line and hands over to a command.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "actors/commands.hpp"
#include "actors/version.hpp"
#include "core/decimal.hpp"

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

void add_replay(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("replay", "Read captures and write checked events");
  const auto arguments = std::make_shared<replay_arguments>();
  const auto speed = std::make_shared<std::string>("max");
  auto& options = arguments->options;
  command
      ->add_option("CAPTURE", options.captures,
                   "Captures, plain or .zst; files or folders of an archive")
      ->required();
  command->add_option("--venue", options.venue, "Venue of captures that do not say theirs");
  command->add_option("--speed", *speed, "max, or times the recorded pace");
  command->add_option("--loop", options.loops, "How often to replay")->check(CLI::PositiveNumber);
  command
      ->add_option("--sink", options.sinks,
                   "jsonl:PATH|-, sqlite:PATH, timescale:DSN, nats:URL or none")
      ->expected(1)
      ->allow_extra_args(false)  // captures may follow
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--report", arguments->report, "Write the JSON report to a file or -");
  auto* const diff = command->add_flag("--diff", arguments->diff,
                                       "Compare with the database of --sink; write nothing");
  command->add_flag("--apply", arguments->apply, "Correct it")->needs(diff);
  command->add_flag("--strict", options.strict, "Exit 1 if anything failed, was rejected, crossed");
  command->callback([arguments, speed, &exit_code] {
    arguments->options.speed = parse_speed(*speed);
    arguments->options.archive_key = archive_key_text();
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
  add_migrate(app, exit_code);
  add_archive(app, exit_code);
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
