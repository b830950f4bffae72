// Sections of a configuration: the two lists, each item by itself, and what is reported to others.
#pragma once

#include <yaml-cpp/yaml.h>

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

// Read the sections of these names among the top keys.
void read_metrics(reading& context, const mapping_reader& keys, metrics_config& out);
void read_alerts(reading& context, const mapping_reader& keys, alerts_config& out);

}  // namespace feedtree::config
