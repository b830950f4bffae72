// Reads a file of validation rules: strictly, and with all problems at once. docs/validation.md
// explains the keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"
#include "core/rules/rule.hpp"

namespace feedtree::config {

struct rules_result {
  rules::rule_list rules;         // whole only if there are no problems
  std::vector<problem> problems;  // in the order of their places, none twice

  bool ok() const { return problems.empty(); }
};

// Reads the text of a rules file; `file` is its name in messages, `venues` are those that there
// are. Never throws.
rules_result read_rules_text(std::string_view text, const std::string& file,
                             const std::vector<std::string>& venues);

// Reads a file; one that cannot be read, or is bigger than 1 MiB, is a problem of the file.
rules_result read_rules_file(const std::string& path, const std::vector<std::string>& venues);

}  // namespace feedtree::config
