#include "config/dependencies.hpp"

#include <algorithm>

#include "config/operator_access.hpp"
#include "config/values.hpp"
#include "core/scrub.hpp"

namespace feedtree::config {
namespace {

constexpr std::string_view permission = "ALLOW_INSECURE_DEFAULTS";
constexpr std::string_view token_variable = "FEEDTREE_OPERATOR_TOKEN";
constexpr std::string_view sqlite_path = "data/feedtree.db";
constexpr std::string_view nats_url = "nats://127.0.0.1:4222";

std::string global_permission() {
  return "FEEDTREE_" + std::string(permission);
}

std::string permission_of(std::string_view service) {
  return "FEEDTREE_" + std::string(service) + "_" + std::string(permission);
}

const sink_config* find_sink(const server_config& config, std::string_view kind) {
  const auto found = std::find_if(config.sinks.begin(), config.sinks.end(),
                                  [&](const sink_config& each) { return each.kind == kind; });
  return found == config.sinks.end() ? nullptr : &*found;
}

std::string timescale_error(const sink_config& sink) {
  const auto settings = parse_dsn(sink.target);
  const auto mode = settings ? settings->find("sslmode") : decltype(settings->end()){};
  const bool verified = settings && mode != settings->end() && mode->second == "verify-full";
  return verified ? "" : "the dsn of the timescale sink has no sslmode=verify-full";
}

bool has_credentials(const sink_config& sink) {
  return has_user_information(sink.target) || sink.options.count("creds_file") == 1;
}

std::string nats_error(const sink_config& sink) {
  if (!sink.target.starts_with("tls://"))
    return "the url of the " + sink.kind + " sink is not tls://";
  return has_credentials(sink)
             ? ""
             : "the " + sink.kind + " sink has no user and password, no token and no creds_file";
}

std::string redis_error(const sink_config& sink) {
  if (!sink.target.starts_with("rediss://")) return "the url of the redis sink is not rediss://";
  return has_user_information(sink.target) ? "" : "the redis sink has no user and password";
}

// The first sink of a kind that is not as it must be; one is enough to be insecure.
template <class Check>
std::string sinks_error(const server_config& config, std::string_view kind, Check check) {
  for (const auto& sink : config.sinks) {
    if (sink.kind != kind) continue;
    if (auto error = check(sink); !error.empty()) return error;
  }
  return {};
}

std::string timescale_missing(const server_config& config) {
  if (find_sink(config, "timescale") == nullptr) {
    return "no sink of kind timescale with a dsn that has sslmode=verify-full";
  }
  return sinks_error(config, "timescale", timescale_error);
}

std::string nats_missing(const server_config& config) {
  if (find_sink(config, "nats") == nullptr && find_sink(config, "jetstream") == nullptr) {
    return "no sink of kind nats or jetstream with a tls:// url and credentials (user and "
           "password, token, or creds_file)";
  }
  auto error = sinks_error(config, "nats", nats_error);
  return error.empty() ? sinks_error(config, "jetstream", nats_error) : error;
}

std::string operator_missing(const environment& variables) {
  const auto token = variables(std::string(token_variable));
  if (!token || token->empty()) {
    return find_admin_database(variables) ? "" : std::string(token_variable) + " is not set";
  }
  if (token->size() >= operator_token_bytes_min) return {};
  return std::string(token_variable) + " is shorter than " +
         std::to_string(operator_token_bytes_min) + " characters";
}

std::vector<missing_dependency> all_missing(const server_config& config,
                                            const environment& variables) {
  std::vector<missing_dependency> result;
  const auto add = [&](std::string_view service, std::string what) {
    if (!what.empty()) result.push_back({std::string(service), std::move(what)});
  };
  add(service_timescale, timescale_missing(config));
  add(service_nats, nats_missing(config));
  add(service_redis, sinks_error(config, "redis", redis_error));
  add(service_operator, operator_missing(variables));
  add(service_operator, admin_database_error(config, variables));
  return result;
}

std::string take_timescale_fallback(server_config& config, const std::string& what) {
  if (find_sink(config, "timescale") != nullptr) return what;
  const auto* sqlite = find_sink(config, "sqlite");
  if (sqlite != nullptr) return "SQLite " + sqlite->target + " instead of TimescaleDB";
  if (find_sink(config, "none") != nullptr) return "no database";
  config.sinks.push_back({"sqlite", std::string(sqlite_path), {}});
  return "SQLite " + std::string(sqlite_path) + " instead of TimescaleDB";
}

std::string take_nats_fallback(server_config& config, const std::string& what) {
  if (find_sink(config, "nats") != nullptr || find_sink(config, "jetstream") != nullptr)
    return what;
  if (find_sink(config, "none") != nullptr) return "no NATS";
  config.sinks.push_back({"nats", std::string(nats_url), {}});
  return "NATS at " + std::string(nats_url) + " without TLS and credentials";
}

std::string take_fallback(server_config& config, const missing_dependency& missing) {
  if (missing.service == service_timescale) return take_timescale_fallback(config, missing.what);
  if (missing.service == service_nats) return take_nats_fallback(config, missing.what);
  if (missing.service == service_redis) return missing.what;
  if (!missing.what.starts_with(token_variable)) return missing.what;
  return "HTTP on loopback without an operator token (" + missing.what + ")";
}

}  // namespace

std::string operator_token(const environment& variables) {
  const auto token = variables(std::string(token_variable));
  if (token) know_secret(*token);
  return token && token->size() >= operator_token_bytes_min ? *token : std::string();
}

std::string http_error(const http_config& config, const environment& variables) {
  if (is_loopback_address(config.host)) return {};
  const auto where = "http.listen: " + config.host + " is not the loopback address and needs ";
  if (config.cert_file.empty()) return where + "http.cert_file and http.key_file";
  const auto missing = operator_missing(variables);
  return missing.empty() ? "" : where + "the operator's token: " + missing;
}

bool allows_insecure(std::string_view service, const environment& variables) {
  return variables(global_permission()) == "1" || variables(permission_of(service)) == "1";
}

std::vector<missing_dependency> missing_dependencies(const server_config& config,
                                                     const environment& variables) {
  auto missing = all_missing(config, variables);
  std::erase_if(missing,
                [&](const auto& each) { return allows_insecure(each.service, variables); });
  return missing;
}

std::string describe(const std::vector<missing_dependency>& missing) {
  if (missing.empty()) return {};
  std::string text = "the server does not start without these:\n";
  for (const auto& each : missing) text += "  " + each.service + ": " + each.what + "\n";
  text += "To start with local stand-ins instead, set " + global_permission() + "=1";
  for (const auto& each : missing) text += ", or " + permission_of(each.service) + "=1";
  return text + ".\n";
}

std::vector<fallback> apply_insecure_defaults(server_config& config, const environment& variables) {
  std::vector<fallback> taken;
  for (const auto& missing : all_missing(config, variables)) {
    if (!allows_insecure(missing.service, variables)) continue;
    taken.push_back({missing.service, take_fallback(config, missing)});
  }
  return taken;
}

}  // namespace feedtree::config
