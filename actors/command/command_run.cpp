#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "actors/batch/poller_children.hpp"
#include "actors/command/command_admin.hpp"
#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "actors/command/overview.hpp"
#include "actors/log.hpp"
#include "actors/server.hpp"
#include "actors/signals.hpp"
#include "actors/version.hpp"
#include "adapters/venues/venue.hpp"
#include "config/config_reader.hpp"
#include "config/dependencies.hpp"
#include "config/operator_access.hpp"
#include "config/rules_reader.hpp"
#include "config/secret_files.hpp"
#include "core/sink.hpp"

namespace feedtree::actors {
namespace {

// An instrument of a kind that the venue does not have is told of once, and not for each feed.
std::string refuses_kind(const std::string& venue, const std::string& instrument) {
  const auto* const what = venues::find_venue(venue);
  const auto details = parse_instrument(instrument);
  return what == nullptr || !details ? std::string() : venues::refuses_instrument(*what, *details);
}

std::string refuses_one(const venues::venue& what, const config::venue_config& venue,
                        const config::feed_config& feed, const std::string& instrument) {
  const auto details = parse_instrument(instrument);
  if (!details.has_value()) return {};
  listing where;
  where.venue = venue.venue;
  where.symbol = instrument;
  where.details = *details;
  return what.refuses({feed.kind, &where, feed.interval_ns, venue.book_depth});
}

// Feeds are asked of all instruments of a venue: that one of them has no funding rate, say, is no
// mistake while another one has.
std::string refuses(const config::venue_config& venue, const config::feed_config& feed,
                    const std::string& instrument) {
  const auto* const what = venues::find_venue(venue.venue);
  if (what == nullptr || !refuses_kind(venue.venue, instrument).empty()) return {};
  auto reason = refuses_one(*what, venue, feed, instrument);
  for (const auto& other : venue.instruments) {
    if (reason.empty() || refuses_one(*what, venue, feed, other).empty()) return {};
  }
  return reason;
}

config::reader_checks checks() {
  return {venues::venue_names(), sink_kinds(),   refuses,
          polled_sources(),      refuses_poller, refuses_kind};
}

// For a running server: what is missing is a problem of the file.
config::read_result read_again(const std::string& path) {
  const auto variables = config::process_environment();
  auto result = config::read_config_file(path, variables, checks());
  if (!result.ok()) return result;
  for (const auto& missing : config::missing_dependencies(result.config, variables)) {
    result.problems.push_back({path, 0, 0, missing.service + ": " + missing.what});
  }
  config::apply_insecure_defaults(result.config, variables);
  return result;
}

void use_log_level(const std::string& name) {
  log::level least{};
  if (log::parse_level(name, least)) log::set_level(least);
}

// Where the accounts are: as the environment says, else in the first database that is a sink.
std::optional<storage::database_target> accounts_of(
    const config::server_config& config, const std::optional<config::admin_database>& admin) {
  if (admin) return admin_target(*admin);
  for (const auto& sink : config.sinks) {
    if (sink.kind == "timescale" || sink.kind == "sqlite") {
      return storage::database_target{sink.kind, sink.target};
    }
  }
  return {};
}

std::string refuses_instrument(const config::venue_config& venue, const std::string& instrument) {
  if (!parse_instrument(instrument)) {
    return instrument + " is no instrument: BTC-USD, or BTC-USD-PERP";
  }
  if (auto reason = refuses_kind(venue.venue, instrument); !reason.empty()) {
    return instrument + ": " + reason;
  }
  for (const auto& feed : venue.feeds) {
    if (auto reason = refuses(venue, feed, instrument); !reason.empty()) {
      return instrument + ": " + reason;
    }
  }
  return {};
}

// Takes the stand-ins that are allowed; false if something is missing that has none.
bool complete(server_options& options) {
  const auto variables = config::process_environment();
  const auto missing = config::missing_dependencies(options.config, variables);
  auto problems = config::describe(missing);
  if (const auto why = config::http_error(options.config.http, variables); !why.empty()) {
    problems += why + "\n";
  }
  for (const auto& each : config::secret_file_problems(options.config)) problems += each + "\n";
  if (!problems.empty()) {
    complain_lines(problems);
    return false;
  }
  options.insecure = config::apply_insecure_defaults(options.config, variables);
  options.operator_token = config::operator_token(variables);
  const auto admin = config::find_admin_database(variables);
  options.needs_token = !options.operator_token.empty() || admin;
  options.no_changes = config::changes_error(options.config.http, variables);
  options.accounts = accounts_of(options.config, admin);
  for (const auto& taken : options.insecure) {
    log::warning("config", "insecure default for " + taken.service + ": " + taken.what);
  }
  return true;
}

void write_summary(const std::string& path, const statistics& counters) {
  if (path.empty()) return;
  const auto text = summary_json(counters);
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    return;
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

std::vector<std::string> names_of(const std::vector<config::sink_config>& sinks) {
  std::vector<std::string> names;
  for (const auto& entry : sinks) names.push_back(entry.kind);
  return names;
}

}  // namespace

bool read_rules(const std::string& path, rules::rule_list& out) {
  auto result = config::read_rules_file(path, venues::venue_names());
  if (!result.ok()) {
    complain_lines(config::describe(result.problems));
    return false;
  }
  out = std::move(result.rules);
  return true;
}

bool read_configuration(const std::string& path, config::server_config& out) {
  auto result = config::read_config_file(path, config::process_environment(), checks());
  if (!result.ok()) {
    complain_lines(config::describe(result.problems));
    return false;
  }
  out = std::move(result.config);
  return true;
}

int check_config_command(const std::string& path) {
  config::server_config config;
  if (!read_configuration(path, config)) return exit_configuration;
  rules::rule_list rules;
  if (!config.validation.rules.empty() && !read_rules(config.validation.rules, rules)) {
    return exit_configuration;
  }
  std::printf("%s: ok, %zu venues, %zu sinks", path.c_str(), config.venues.size(),
              config.sinks.size());
  if (!config.pollers.empty()) std::printf(", %zu pollers", config.pollers.size());
  std::printf("\n");
  return exit_ok;
}

int run_command(const run_arguments& arguments) {
  umask(077);
  block_stop_signals();
  block_reload_signal();
  server_options options;
  if (!read_configuration(arguments.config_path, options.config)) return exit_configuration;
  if (const auto& file = options.config.validation.rules; !file.empty()) {
    rules::rule_list rules;
    if (!read_rules(file, rules)) return exit_configuration;
    options.rules = std::make_shared<const rules::rule_list>(std::move(rules));
  }
  use_log_level(options.config.log_level);
  log::set_json(options.config.log_format == "json");
  try {
    if (!complete(options)) return exit_configuration;
  } catch (const std::runtime_error& error) {  // a secret's file
    complain(error.what());
    return exit_configuration;
  }
  options.refuses_instrument = refuses_instrument;
  options.read_config = [path = arguments.config_path] { return read_again(path); };
  options.set_log_level = use_log_level;
  options.run_seconds = arguments.seconds;
  overview view;
  std::string url;
  if (arguments.watch) {
    // On a terminal the overview stays in its place, elsewhere one follows the other.
    const std::string before = isatty(STDOUT_FILENO) == 1 ? "\x1b[H\x1b[2J" : "";
    options.on_http = [&url](const std::string& where) { url = where; };
    options.report = [&view, &url, before](const statistics& counters, std::int64_t now_ns) {
      const auto dashboard = "dashboard at " + url + "\n";
      std::fputs((before + dashboard + view.text(counters, now_ns) + "\n").c_str(), stdout);
      std::fflush(stdout);
    };
  }
  log::info("root", std::string("feedtree ") + version_text() + " starts");
  const auto counters = std::make_shared<statistics>(names_of(options.config.sinks));
  if (!options.no_changes.empty()) log::warning("operator", options.no_changes);
  const auto result = run_server(options, counters);
  write_summary(arguments.summary, *counters);
  if (result.exit_code != 0) {
    complain(result.reason);
    return result.exit_code;
  }
  const auto problem = arguments.verify ? totals_problem(*counters) : std::string();
  if (problem.empty()) return exit_ok;
  complain("the counts do not add up: " + problem);
  return exit_failure;
}

}  // namespace feedtree::actors
