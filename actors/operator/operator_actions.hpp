// The endpoints by which an operator changes something, signs in and out, and reads the record.
#pragma once

#include <string>
#include <vector>

#include "actors/operator/endpoints.hpp"

namespace feedtree::actors {

void add_action_routes(const endpoint_services& services, std::vector<http::route>& table);

// The record of what was done, as /api/v1/audit gives it.
std::string audit_json(const std::vector<storage::audit_entry>& entries, std::int64_t now_ns);

}  // namespace feedtree::actors
