// The command line of `feedtree replay`.
#include <CLI/CLI.hpp>
#include <memory>

#include "actors/command/command_line.hpp"
#include "actors/command/commands.hpp"
#include "core/decimal.hpp"
#include "core/time_text.hpp"

namespace feedtree::actors {

std::int64_t parse_speed(const std::string& text) {
  if (text == "max") return 0;
  feedtree::decimal value;
  std::int64_t thousandths = 0;
  const bool good = feedtree::parse_decimal(text, value) == feedtree::decimal_error::none &&
                    value.is_positive() && value.mantissa_at(-3, thousandths);
  if (!good) throw CLI::ValidationError("--speed", "'" + text + "' is neither max nor a number");
  return thousandths;
}

namespace {

// The texts of the command line before they are read.
struct replay_texts {
  std::string speed = "max";
  std::string from;
  std::string to;
  std::string candles;
  std::int64_t lateness_ms = 2'000;
  bool live_subjects = false;
};

void read_replay(const replay_texts& texts, replay_arguments& out) {
  auto& options = out.options;
  options.speed = parse_speed(texts.speed);
  options.from_ns = parse_instant("--from", texts.from).value_or(0);
  options.to_ns = parse_instant("--to", texts.to).value_or(0);
  if (options.to_ns != 0 && options.to_ns <= options.from_ns) {
    throw CLI::ValidationError("--to", "is not behind --from");
  }
  options.candles.intervals_ns = parse_intervals(texts.candles);
  options.candles.lateness_ns = texts.lateness_ms * 1'000'000;
  options.from.archive_key = archive_key_text();
  if (texts.live_subjects) options.prefix.clear();
  options.progress = true;
}

void add_sources(CLI::App& command, replay_options& options, replay_texts& texts) {
  command
      .add_option("CAPTURE", options.from.paths,
                  "Captures, plain or .zst; files or folders of an archive")
      ->required();
  command.add_option("--venue", options.from.venue, "Venue of captures that do not say theirs");
  command.add_option(
      "--from", texts.from,
      "Pass on what was received from this time on; what was before fills the books");
  command.add_option("--to", texts.to, "Before this time");
  command
      .add_option("--instrument", options.instruments,
                  "Pass on only these: NAME or VENUE:NAME, comma between")
      ->delimiter(',');
  command.add_option("--speed", texts.speed, "max, or times the recorded pace");
  command.add_option("--loop", options.loops, "How often to replay")->check(CLI::PositiveNumber);
}

void add_sinks(CLI::App& command, replay_options& options, replay_texts& texts) {
  command
      .add_option("--sink", options.sinks,
                  "jsonl:PATH|-, sqlite:PATH, timescale:DSN, redis:URL, nats:URL, jetstream:URL or "
                  "none")
      ->expected(1)
      ->allow_extra_args(false)  // captures may follow
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  auto* const prefix =
      command.add_option("--prefix", options.prefix, "Of subjects on NATS and keys in Redis")
          ->check(CLI::Validator(
              [](const std::string& text) {
                const auto known =
                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
                const bool good = !text.empty() && text.front() != '.' && text.back() != '.' &&
                                  text.find("..") == std::string::npos &&
                                  text.find_first_not_of(known) == std::string::npos;
                return good ? std::string() : "'" + text + "' is no prefix of a subject";
              },
              "NAME"))
          ->capture_default_str();
  command
      .add_flag("--live-subjects", texts.live_subjects,
                "Publish on the subjects and keys of the live server")
      ->excludes(prefix);
}

void add_candles(CLI::App& command, replay_options& options, replay_texts& texts) {
  auto* const candles =
      command.add_option("--candles", texts.candles, "Build candles from trades: 1m,5m,1h");
  command.add_option("--candle-lateness-ms", texts.lateness_ms, "Wait so long for late trades")
      ->check(CLI::Range(100, 3'600'000))
      ->needs(candles)
      ->capture_default_str();
  command.add_flag("--candle-empty", options.candles.empty, "Also of intervals without trades")
      ->needs(candles);
}

void add_results(CLI::App& command, replay_arguments& arguments) {
  command.add_option("--rules", arguments.rules,
                     "Judge events by the rules of a YAML file, as a running server does");
  command.add_option("--report", arguments.report, "Write the JSON report to a file or -");
  auto* const diff = command.add_flag("--diff", arguments.diff,
                                      "Compare with the database of --sink; write nothing");
  command.add_flag("--apply", arguments.apply, "Correct it")->needs(diff);
  command
      .add_flag("--new-feeds", arguments.new_feeds, "Also feeds of which the database has nothing")
      ->needs(diff);
  command.add_flag("--strict", arguments.options.strict,
                   "Exit 1 if anything failed, was rejected, crossed");
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand("replay", "Read captures and write checked events");
  const auto arguments = std::make_shared<replay_arguments>();
  const auto texts = std::make_shared<replay_texts>();
  add_sources(*command, arguments->options, *texts);
  add_sinks(*command, arguments->options, *texts);
  add_candles(*command, arguments->options, *texts);
  add_results(*command, *arguments);
  command->footer("Times: " + std::string(feedtree::time_forms) + ".");
  command->callback([arguments, texts, &exit_code] {
    read_replay(*texts, *arguments);
    exit_code = replay_command(*arguments);
  });
}

}  // namespace feedtree::actors
