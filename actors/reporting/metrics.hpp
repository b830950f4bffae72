// The server's counts in the form that Prometheus reads, and as data for other forms.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "actors/operator/operator_desk.hpp"
#include "actors/operator/recent_log.hpp"
#include "adapters/http/server.hpp"

namespace prometheus {
struct MetricFamily;
}

namespace feedtree::actors {

// All that is counted, at one moment.
struct metrics_input {
  const operator_look& look;
  recent_totals totals;
  std::map<std::string, venue_totals> by_venue;
  http::server_counters web;
};

// The last look of a desk, with the counts of HTTP that are in it.
metrics_input metrics_of(const operator_look& look, const recent_log& recent);

// Labels are of what the configuration names (venues, sinks, rules), of tables, event kinds and
// states, never of prices, ids or texts, so their number is bounded.
// Source: prometheus.io, "Metric and label naming".
std::vector<prometheus::MetricFamily> metric_families(const metrics_input& input);

// Text of version 0.0.4. Source: prometheus.io, "Exposition formats".
std::string metrics_text(const metrics_input& input);
inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace feedtree::actors
