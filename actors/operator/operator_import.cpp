#include "actors/operator/operator_import.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>

#include "adapters/http/access.hpp"
#include "storage/password.hpp"

namespace feedtree::actors {
namespace {

using element = simdjson::dom::element;
using object = simdjson::dom::object;
using names = std::initializer_list<std::string_view>;

// Members that are there and are null count as absent.
std::optional<element> member(const object& from, names keys) {
  for (const auto key : keys) {
    element found;
    if (from[key].get(found) == simdjson::SUCCESS && !found.is_null()) return found;
  }
  return {};
}

// The text of one of these members, empty if there is none; a problem if it is no text.
std::string text_of(const object& from, names keys, std::string& problem) {
  const auto found = member(from, keys);
  if (!found) return {};
  std::string_view text;
  if (found->get(text) != simdjson::SUCCESS) {
    problem = std::string(*keys.begin()) + " is no text";
    return {};
  }
  return std::string(text);
}

std::optional<bool> flag_of(const object& from, names keys, std::string& problem) {
  const auto found = member(from, keys);
  if (!found) return {};
  bool value = false;
  if (found->get(value) == simdjson::SUCCESS) return value;
  problem = std::string(*keys.begin()) + " is neither true nor false";
  return {};
}

std::string take_role(const std::string& text, imported_operator& out) {
  if (text.empty()) return {};
  const auto role = parse_access_role(text == "admin" ? "operator" : text);
  if (!role) return "its role is none of viewer, operator, admin";
  out.role = *role;
  return {};
}

std::string password_error(const imported_operator& what) {
  if (what.password.empty() == what.password_hash.empty()) {
    return "has no password or password_hash, or both";
  }
  if (!what.password_hash.empty()) {
    const auto why = storage::password_hash_error(what.password_hash);
    return why.empty() ? "" : "its password_hash " + why;
  }
  if (what.password.size() < storage::password_bytes_min ||
      what.password.size() > storage::password_bytes_max) {
    return "its password is shorter than " + std::to_string(storage::password_bytes_min) +
           " bytes or longer than " + std::to_string(storage::password_bytes_max);
  }
  return {};
}

// The first problem of an entry.
std::string read_entry(const object& from, imported_operator& out) {
  std::string problem;
  out.name = text_of(from, {"name", "username", "login", "email"}, problem);
  const auto role = text_of(from, {"role"}, problem);
  out.password = text_of(from, {"password"}, problem);
  out.password_hash = text_of(from, {"password_hash", "passwordHash", "hash"}, problem);
  const auto disabled = flag_of(from, {"disabled"}, problem);
  const auto active = flag_of(from, {"active", "enabled"}, problem);
  out.is_disabled = disabled.value_or(false) || !active.value_or(true);
  if (problem.empty()) problem = operator_name_error(out.name);
  if (problem.empty()) problem = take_role(role, out);
  return problem.empty() ? password_error(out) : problem;
}

std::optional<simdjson::dom::array> list_of(const element& root) {
  simdjson::dom::array list;
  if (root.get(list) == simdjson::SUCCESS) return list;
  object outer;
  if (root.get(outer) != simdjson::SUCCESS) return {};
  for (const std::string_view key : {"operators", "users"}) {
    if (outer[key].get(list) == simdjson::SUCCESS) return list;
  }
  return {};
}

}  // namespace

std::string operator_name_error(std::string_view name) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '@';
  };
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), is_good)) {
    return "its name is not 1 to 64 letters, digits, '.', '_', '-' and '@'";
  }
  constexpr std::array<std::string_view, 4> own{http::static_token_name, http::anyone_name,
                                                "unknown", "feedtree"};
  const bool is_own = std::find(own.begin(), own.end(), name) != own.end();
  return is_own ? "its name is one that the server gives itself" : "";
}

import_result parse_operators(std::string_view json) {
  import_result result;
  simdjson::dom::parser parser;
  element root;
  const simdjson::padded_string text(json);
  if (parser.parse(text).get(root) != simdjson::SUCCESS) {
    result.problems.emplace_back("this is no JSON");
    return result;
  }
  const auto list = list_of(root);
  if (!list) {
    result.problems.emplace_back("there is no list of operators");
    return result;
  }
  std::set<std::string> seen;
  std::size_t number = 0;
  for (const auto each : *list) {
    ++number;
    imported_operator one;
    object entry;
    auto problem =
        each.get(entry) == simdjson::SUCCESS ? read_entry(entry, one) : std::string("is no object");
    if (problem.empty() && !seen.insert(one.name).second) problem = "is there twice";
    if (problem.empty()) {
      result.operators.push_back(std::move(one));
      continue;
    }
    const auto whose = operator_name_error(one.name).empty() ? " (" + one.name + ")" : "";
    result.problems.push_back("entry " + std::to_string(number) + whose + ": " + problem);
  }
  return result;
}

}  // namespace feedtree::actors
