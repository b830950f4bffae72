// The feedtree program: reads the command line and hands over to a command.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string_view>

#include "actors/command/command_admin.hpp"
#include "actors/command/command_line.hpp"
#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "actors/version.hpp"

namespace {

using namespace feedtree::actors;

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
  command->add_flag("--no-compression", arguments->no_compression,
                    "Do not offer permessage-deflate");
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

  app.set_version_flag("--version", std::string("feedtree ") + version_text());
  app.add_subcommand("version", "Print the version")->callback([] {
    std::printf("feedtree %s\n", version_text());
  });
}

// CLI11 looks for the command that is required before it looks at what is left over.
std::string text_of(const CLI::App& app, const CLI::ParseError& error, const std::string& text) {
  const auto rest = app.remaining(true);
  const bool is_asked_for = std::string_view(error.what()) == "A subcommand is required";
  if (!is_asked_for || rest.empty() || rest.front().starts_with('-')) return text;
  return "there is no command '" + rest.front() + "'" + text.substr(text.find('\n'));
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
  add_archive(app, exit_code);
  add_simulate(app, exit_code);
  add_status(app, exit_code);
  add_admin(app, exit_code);
  add_small_commands(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream asked_for;
    std::ostringstream problem;
    const bool good = app.exit(error, asked_for, problem) == 0;
    std::fputs(asked_for.str().c_str(), stdout);
    complain_lines(text_of(app, error, problem.str()));
    return good ? exit_ok : exit_usage;
  } catch (const std::exception& error) {
    feedtree::actors::complain(error.what());
    return exit_failure;
  }
  return exit_code;
}
