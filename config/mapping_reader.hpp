// Reads one YAML mapping against the table of keys (config/keys.hpp), collecting all problems.
#pragma once

#include <yaml-cpp/yaml.h>

#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config_reader.hpp"
#include "config/environment.hpp"
#include "config/keys.hpp"
#include "config/problem.hpp"

namespace feedtree::config {

// What one reading of a file has in common.
struct reading {
  std::string file;
  const environment& variables;
  const reader_checks& checks;
  std::vector<problem> problems = {};

  void report(const position& at, std::string message);
};

// Where a node begins; `otherwise` where it has no text of its own.
position position_of(const YAML::Node& node, const position& otherwise);
// "a list", "nothing", "text": for messages.
std::string_view shape_of(const YAML::Node& node);

// A value that was found, and the rule for it.
struct entry {
  const key_spec* key = nullptr;
  YAML::Node value;
  position at;
};

// The text of a scalar with its variables replaced; reports what is wrong and gives nothing.
std::optional<std::string> read_scalar(reading& context, const entry& what);

// Calls `read` with every item of a list and its place. Reports what is no list, or is empty.
void for_each_item(reading& context, const entry& list,
                   const std::function<void(const YAML::Node&, const position&)>& read);

// One mapping. Reports unknown, repeated and missing keys when it is made.
class mapping_reader {
 public:
  // The paths of the table below which the mapping's keys are, e.g. "sinks[]" and "sinks[nats]".
  mapping_reader(reading& context, const YAML::Node& node, const position& at,
                 std::vector<std::string_view> paths);

  // Reads the value of a key of the table; out is left as it is where the key is absent or wrong.
  // True if it was read. Throws std::logic_error if the table has no such key.
  bool read(std::string_view name, std::string& out);
  bool read(std::string_view name, bool& out);
  template <std::integral Number>
  bool read(std::string_view name, Number& out) {
    const auto value = read_integer(name);
    if (value) out = static_cast<Number>(*value);  // the table's bounds fit
    return value.has_value();
  }

  // The entry of a key as it stands, if it is there.
  const entry* find(std::string_view name) const;
  // Where the key stands, or the mapping where it is absent.
  position where(std::string_view name) const;
  // Reports a problem with a key: "<key>: <message>".
  void report(std::string_view name, const std::string& message);

 private:
  void read_keys(const YAML::Node& node);
  void add(const YAML::Node& name, const YAML::Node& value);
  void report_unknown(const YAML::Node& name, const position& at);
  void report_missing();
  const key_spec& key_of(std::string_view name) const;
  std::optional<std::int64_t> read_integer(std::string_view name);

  reading& context_;
  position at_;
  std::vector<const key_spec*> keys_;
  std::map<std::string, entry, std::less<>> entries_;
};

}  // namespace feedtree::config
