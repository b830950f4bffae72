#include "config/environment.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

#include "config/secret_files.hpp"
#include "core/scrub.hpp"

namespace feedtree::config {
namespace {

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// Variables whose names say that they hold no secret: users, hosts, files.
bool is_public(std::string_view name) {
  constexpr std::array<std::string_view, 8> endings{"USER", "USERNAME", "HOST", "PORT",
                                                    "NAME", "PATH",     "DIR",  "REGION"};
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

void append_variable(std::string_view name, const environment& variables, expansion& out) {
  if (!is_name(name)) {
    out.errors.emplace_back("'${' is not followed by the name of a variable and '}'");
    return;
  }
  std::optional<std::string> value;
  try {
    value = variables(std::string(name));
  } catch (const std::runtime_error& error) {
    out.errors.emplace_back(error.what());
    return;
  }
  if (!value) {
    out.errors.push_back("the environment variable " + std::string(name) + " is not set");
  } else if (value->empty()) {
    out.errors.push_back("the environment variable " + std::string(name) + " is empty");
  } else {
    if (!is_public(name)) know_secret(*value);
    out.text += *value;
  }
}

}  // namespace

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value != nullptr) return value;
    const auto by_file = name + "_FILE";
    const char* file = std::getenv(by_file.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (file == nullptr) return std::nullopt;
    return read_secret_file(by_file, file);
  };
}

bool has_reference(std::string_view text) {
  return text.find("${") != std::string_view::npos;
}

expansion expand(std::string_view text, const environment& variables) {
  expansion result;
  while (!text.empty()) {
    const auto begin = text.find("${");
    result.text += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const auto end = std::min(text.find('}', begin), text.size());
    const auto name =
        end == text.size() ? std::string_view{} : text.substr(begin + 2, end - begin - 2);
    append_variable(name, variables, result);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

}  // namespace feedtree::config
