// The server's counts in the form that Prometheus reads.
#pragma once

#include <string>

#include "actors/recent_log.hpp"
#include "actors/server_view.hpp"
#include "adapters/http/server.hpp"

namespace feedtree::actors {

// Text of version 0.0.4. Labels are of what the configuration names (venues, sinks), of event
// kinds and states, never of prices, ids or texts, so their number is bounded.
// Source: prometheus.io, "Metric and label naming", "Exposition formats".
std::string metrics_text(const server_view& view, const recent_totals& totals,
                         const http::server_counters& web);
inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace feedtree::actors
