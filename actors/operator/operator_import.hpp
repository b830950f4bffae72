// Accounts of operators from a JSON file that another program wrote.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/access_role.hpp"

namespace feedtree::actors {

struct imported_operator {
  std::string name;
  access_role role = access_role::viewer;
  std::string password;       // plain; of this and the next, at most one is set
  std::string password_hash;  // Argon2id in PHC form
  bool is_disabled = false;
};

struct import_result {
  std::vector<imported_operator> operators;
  std::vector<std::string> problems;  // "entry 3 (bob): has no role ..."; never a password
};

// Reads a list of objects, or an object with such a list under "operators" or "users". Of each:
// the name from "name", "username", "login" or "email"; the role from "role" ("viewer", "operator",
// "admin" for operator; viewer where there is none); the password from "password", or its hash from
// "password_hash", "passwordHash" or "hash"; "disabled", or "active" or "enabled" for the opposite.
// Other members are left alone. Where there are problems nothing should be imported.
import_result parse_operators(std::string_view json);

// Why a name cannot be one of an operator; empty if it can: 1 to 64 letters, digits, '.', '_', '-'
// and '@', and not one that the server gives itself.
std::string operator_name_error(std::string_view name);

}  // namespace feedtree::actors
