// The command of operators' accounts.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>

#include "config/operator_access.hpp"
#include "storage/database_reader.hpp"

namespace feedtree::actors {

// The database of an admin DSN.
storage::database_target admin_target(const config::admin_database& admin);

struct admin_arguments {
  enum class verb : std::uint8_t { add, list, disable, token, revoke, import };
  verb what = verb::list;
  std::string config_path;  // whose first database is asked; empty: that of the admin DSN
  std::string name;
  std::string role = "viewer";
  std::string password_file;  // path, or "-" for standard input; empty: it is asked for
  std::string valid = "12h";  // of a token
  std::string file;           // to import
  bool dry_run = false;
};
// Accounts of operators and their tokens. Gives the exit code.
int admin_command(const admin_arguments& arguments);

// The command line of it. exit_code gets the command's.
void add_admin(CLI::App& app, int& exit_code);

}  // namespace feedtree::actors
