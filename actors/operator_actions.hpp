// The endpoints by which an operator changes something, signs in and out, and reads the record.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/endpoints.hpp"

namespace feedtree::actors {

void add_action_routes(const endpoint_services& services, std::vector<http::route>& table);

struct login_body {
  std::string name;
  std::string password;
};
// Reads {"name": "...", "password": "..."}; nothing if it is anything else.
std::optional<login_body> parse_login(std::string_view json);

// The record of what was done, as /api/v1/audit gives it.
std::string audit_json(const std::vector<storage::audit_entry>& entries, std::int64_t now_ns);

}  // namespace feedtree::actors
