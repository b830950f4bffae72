#include "config/environment.hpp"

#include <algorithm>
#include <cstdlib>

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

void append_variable(std::string_view name, const environment& variables, expansion& out) {
  if (!is_name(name)) {
    out.errors.emplace_back("'${' is not followed by the name of a variable and '}'");
    return;
  }
  const auto value = variables(std::string(name));
  if (!value) {
    out.errors.push_back("the environment variable " + std::string(name) + " is not set");
  } else if (value->empty()) {
    out.errors.push_back("the environment variable " + std::string(name) + " is empty");
  } else {
    out.text += *value;
  }
}

}  // namespace

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
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
