// Reads configurations in the tests of this folder.
#pragma once

#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config_reader.hpp"
#include "tests/support/paths.hpp"

namespace feedtree::config {

// For the messages of failed tests.
inline void PrintTo(const sink_config& sink, std::ostream* out) {
  *out << sink.kind << ":" << sink.target;
  for (const auto& [name, value] : sink.options) *out << " " << name << "=" << value;
}

}  // namespace feedtree::config

namespace feedtree::config::tests {

using variables = std::map<std::string, std::string>;

inline environment lookup(const variables& set) {
  return [set](const std::string& name) -> std::optional<std::string> {
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
  };
}

inline reader_checks checks() {
  return {{"binance", "binance-usdm", "bybit", "coinbase", "kraken", "okx"},
          {"jetstream", "jsonl", "nats", "none", "parquet", "redis", "sqlite", "timescale"},
          {},
          {"binance", "coinalyze", "coingecko", "kraken"}};
}

inline read_result read(const std::string& text, const variables& set = {}) {
  return read_config_text(text, "a.yaml", lookup(set), checks());
}

// "line:column message" of every problem.
inline std::vector<std::string> problems_of(const read_result& result) {
  std::vector<std::string> lines;
  for (const auto& each : result.problems) {
    lines.push_back(std::to_string(each.line) + ":" + std::to_string(each.column) + " " +
                    each.message);
  }
  return lines;
}

inline std::vector<std::string> problems(const std::string& text, const variables& set = {}) {
  return problems_of(read(text, set));
}

// A configuration that is right, to put other lines behind.
inline const std::string good =
    "venues:\n"
    "  - venue: kraken\n"
    "    instruments: [BTC-USD]\n"
    "    feeds: [trade, book]\n";

inline std::string file_text(const std::string& path) {
  std::ifstream in(std::string(paths::source_folder()) + "/" + path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace feedtree::config::tests
