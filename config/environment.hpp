// Environment variables, and their use in values: "${NAME}".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace feedtree::config {

// The value of a variable; nothing if it is not set.
using environment = std::function<std::optional<std::string>(const std::string& name)>;

// The environment of this process.
environment process_environment();

// True if the text has the beginning of a reference, "${".
bool has_reference(std::string_view text);

struct expansion {
  std::string text;  // with every "${NAME}" replaced; what comes in is not read again
  std::vector<std::string> errors;  // unset or empty variables, references that are not one
};
// Replaces "${NAME}". An error names the variable and never its value.
expansion expand(std::string_view text, const environment& variables);

}  // namespace feedtree::config
