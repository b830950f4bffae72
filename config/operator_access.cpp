#include "config/operator_access.hpp"

#include <algorithm>

#include "config/dependencies.hpp"
#include "config/values.hpp"
#include "core/scrub.hpp"

namespace feedtree::config {

std::optional<admin_database> find_admin_database(const environment& variables) {
  for (const auto* name :
       {"FEEDTREE_ADMIN_DSN", "ADMIN_POSTGRES_DSN", "ADMIN_DATABASE_DSN", "ADMIN_DB_DSN"}) {
    const auto value = variables(name);
    if (!value || value->empty()) continue;
    const bool is_url = value->find("://") != value->npos;
    const bool is_sqlite = !is_url && !parse_dsn(*value);
    if (!is_sqlite) know_secret(*value);  // a path is none
    return admin_database{name, *value, is_sqlite};
  }
  return {};
}

std::string admin_database_error(const server_config& config, const environment& variables) {
  const auto admin = find_admin_database(variables);
  if (!admin) return {};
  if (admin->is_sqlite) {
    const bool has_timescale =
        std::any_of(config.sinks.begin(), config.sinks.end(),
                    [](const auto& sink) { return sink.kind == "timescale"; });
    return has_timescale
               ? admin->variable + " is no PostgreSQL DSN, and the server stores in TimescaleDB"
               : "";
  }
  const auto settings = parse_dsn(admin->dsn);
  const auto mode = settings ? settings->find("sslmode") : decltype(settings->end()){};
  const bool verified = settings && mode != settings->end() && mode->second == "verify-full";
  return verified ? "" : admin->variable + " has no sslmode=verify-full";
}

std::string changes_error(const http_config& config, const environment& variables) {
  if (!config.cert_file.empty() || allows_insecure(service_operator, variables)) return {};
  return "changes are made over TLS only: set http.cert_file and http.key_file";
}

}  // namespace feedtree::config
