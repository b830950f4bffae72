// Who may change something over HTTP, and where the accounts of operators are.
#pragma once

#include <optional>
#include <string>

#include "config/config.hpp"
#include "config/environment.hpp"

namespace feedtree::config {

// Where the accounts of operators are: the value of the first that is set of FEEDTREE_ADMIN_DSN,
// ADMIN_POSTGRES_DSN, ADMIN_DATABASE_DSN, ADMIN_DB_DSN, and its name.
struct admin_database {
  std::string variable;
  std::string dsn;  // postgresql://..., key=value ..., or the path of a SQLite file
  bool is_sqlite = false;
};
std::optional<admin_database> find_admin_database(const environment& variables);

// What the admin database lacks to be as safe as the others, in one line; empty if nothing, or if
// there is none: a DSN has sslmode=verify-full, a SQLite file is only for a server that stores
// nothing in TimescaleDB.
std::string admin_database_error(const server_config& config, const environment& variables);

// Why nothing can be changed over HTTP, in one line; empty if it can: it needs TLS, unless insecure
// defaults are allowed for OPERATOR.
std::string changes_error(const http_config& config, const environment& variables);

}  // namespace feedtree::config
