// Sections of a configuration: the two lists, each item by itself, and what is reported to others.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/mapping_reader.hpp"

namespace feedtree::config {

// Something of a list and the place where it stands, to tell of a second one.
template <class What>
struct placed {
  What what;
  position at;
};

// Reads one item of `venues`; what it has goes into the list even where there are problems.
void read_venue(reading& context, const YAML::Node& node, const position& at,
                std::vector<placed<venue_config>>& out);

// Reads one item of `sinks`; likewise.
void read_sink(reading& context, const YAML::Node& node, const position& at,
               std::vector<placed<sink_config>>& out);

// Reads one item of `pollers`; likewise.
void read_poller(reading& context, const YAML::Node& node, const position& at,
                 std::vector<placed<poller_config>>& out);

// Reads a name that must be one of those that are known; `noun` is what it names, "venue". False,
// with a problem and what was probably meant, if it is not.
bool read_known(reading& context, mapping_reader& keys, std::string_view key, std::string_view noun,
                const std::vector<std::string>& known, std::string& out);
// Reads a list of feeds; `path` is that of its items, "venues[].feeds[]".
std::vector<placed<feed_config>> read_feeds(reading& context, const mapping_reader& keys,
                                            std::string_view path);
// Why a text is no canonical symbol, in one line; empty if it is one.
std::string symbol_error(const std::string& text);
// The `ca_file` of the mapping `tls`; `path` is that of the mapping, "venues[].tls".
void read_tls(reading& context, const mapping_reader& keys, std::string_view path, tls_config& out);

// Read the sections of these names among the top keys.
void read_metrics(reading& context, const mapping_reader& keys, metrics_config& out);
void read_alerts(reading& context, const mapping_reader& keys, alerts_config& out);

}  // namespace feedtree::config
