// Files that the build put into the program: the dashboard and the description of the endpoints.
#pragma once

#include <string_view>

namespace feedtree::http {

// The contents of adapters/http/dashboard/<name> or adapters/http/<name>; empty if there is none.
std::string_view asset(std::string_view name);

}  // namespace feedtree::http
