// One mapping of a file of rules: its values by key, each with its place.
#pragma once

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/mapping_reader.hpp"
#include "config/problem.hpp"
#include "config/rule_values.hpp"
#include "config/values.hpp"
#include "core/decimal.hpp"

namespace feedtree::config {

using string_list = std::vector<std::string>;

// What one reading of a file of rules has in common.
struct rules_context {
  std::string file;
  const string_list& venues;
  std::vector<problem> problems = {};
  std::set<std::string> names = {};

  void report(const position& at, std::string message) {
    problems.push_back({file, at.line, at.column, std::move(message)});
  }
};

// Reports unreadable values with their key and place; what is read leaves out as it was then.
class rule_node {
 public:
  rule_node(rules_context& of, const YAML::Node& node, const position& at) : of_(of), at_(at) {
    if (!node.IsMap()) {
      of_.report(at, "rules: expected a mapping, found " + std::string(shape_of(node)));
      return;
    }
    for (const auto& pair : node) {
      const auto place = position_of(pair.first, at_);
      if (!pair.first.IsScalar()) {
        of_.report(place, "a key must be text");
      } else if (!values_.emplace(pair.first.Scalar(), pair.second).second) {
        of_.report(place, pair.first.Scalar() + ": duplicate key");
      } else {
        places_.emplace(pair.first.Scalar(), place);
      }
    }
  }

 protected:
  static bool known(const std::string& text, const string_list& all) {
    return std::find(all.begin(), all.end(), text) != all.end();
  }
  position where(const std::string& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? at_ : found->second;
  }
  void report(const std::string& key, const std::string& message) {
    of_.report(where(key), key + ": " + message);
  }
  std::optional<std::string> text(const std::string& key) {
    const auto found = values_.find(key);
    if (found == values_.end()) return {};
    if (found->second.IsScalar()) return found->second.Scalar();
    report(key, "expected one value, found " + std::string(shape_of(found->second)));
    return {};
  }
  // Calls take with every item of a list; a problem is what it gives.
  template <class Take>
  void items(const std::string& key, Take take) {
    const auto found = values_.find(key);
    if (found == values_.end()) return;
    if (!found->second.IsSequence() || found->second.size() == 0) {
      return report(
          key, "expected a list of at least one, found " + std::string(shape_of(found->second)));
    }
    for (const auto& item : found->second) {
      const std::string error = item.IsScalar() ? take(item.Scalar()) : "expected text";
      if (!error.empty()) of_.report(position_of(item, where(key)), key + ": " + error);
    }
  }
  template <class Error>
  void texts(const std::string& key, string_list& out, Error error_of) {
    items(key, [&](const std::string& item) -> std::string {
      const std::string error = error_of(item);
      if (!error.empty()) return error;
      if (known(item, out)) return quoted_text(item) + " is there twice";
      out.push_back(item);
      return {};
    });
  }

  void duration(const std::string& key, std::int64_t& out_ns) {
    const auto found = text(key);
    if (!found) return;
    const auto value = parse_duration_ms(*found);
    constexpr std::int64_t most_ms = std::int64_t{3'650} * 86'400'000;
    if (value && *value >= 0 && *value <= most_ms) {
      out_ns = *value * 1'000'000;
      return;
    }
    report(key, "expected a duration such as 250ms, 10s or 5m, found " + quoted_text(*found));
  }
  void whole(const std::string& key, std::int64_t least, std::int64_t most, std::uint32_t& out) {
    const auto found = text(key);
    if (!found) return;
    const auto value = parse_number(*found);
    if (value && *value >= least && *value <= most) {
      out = static_cast<std::uint32_t>(*value);
      return;
    }
    report(key, "expected a whole number, " + std::to_string(least) + " to " +
                    std::to_string(most) + ", found " + quoted_text(*found));
  }
  std::optional<decimal> number(const std::string& key) {
    const auto found = text(key);
    if (!found) return {};
    decimal value;
    if (parse_decimal(*found, value) == decimal_error::none) return value;
    report(key, "expected a number, found " + quoted_text(*found));
    return {};
  }
  void boolean(const std::string& key, bool& out) {
    const auto found = text(key);
    if (!found) return;
    if (*found != "true" && *found != "false") {
      return report(key, "expected true or false, found " + quoted_text(*found));
    }
    out = *found == "true";
  }
  void share(std::int64_t& out) {
    const auto found = text("limit");
    if (!found) return;
    const auto value = parse_share_ppm(*found);
    if (value) {
      out = *value;
      return;
    }
    report("limit", "expected a share such as 2%, 25bps or 100ppm, found " + quoted_text(*found));
  }

  rules_context& of_;
  position at_;
  std::map<std::string, YAML::Node> values_;
  std::map<std::string, position> places_;
};

}  // namespace feedtree::config
