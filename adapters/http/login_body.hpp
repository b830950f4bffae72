// What a client sends to sign in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace feedtree::http {

struct login_body {
  std::string name;
  std::string password;
};

// Reads {"name": "...", "password": "..."}; nothing if it is anything else, or the name is empty.
std::optional<login_body> parse_login(std::string_view json);

}  // namespace feedtree::http
