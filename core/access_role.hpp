// What a person may do with the server.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace feedtree {

// Each may what those before it may.
enum class access_role : std::uint8_t {
  none,
  viewer,    // reads
  operates,  // changes
};

// "none", "viewer", "operator".
constexpr std::string_view to_string(access_role role) {
  if (role == access_role::operates) return "operator";
  return role == access_role::viewer ? "viewer" : "none";
}

// Of "viewer" and "operator"; nothing of any other text.
constexpr std::optional<access_role> parse_access_role(std::string_view text) {
  if (text == "operator") return access_role::operates;
  if (text == "viewer") return access_role::viewer;
  return std::nullopt;
}

}  // namespace feedtree
