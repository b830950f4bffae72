// The server's state as JSON, in the form of docs/http.md. Times are texts of nanoseconds since
// 1970, prices and quantities texts with their digits, counts numbers.
#pragma once

#include <string>
#include <vector>

#include "actors/operator/conditions.hpp"
#include "actors/operator/recent_log.hpp"
#include "actors/operator/server_view.hpp"
#include "adapters/http/server.hpp"
#include "core/json_builder.hpp"

namespace feedtree::actors {

// The bodies of the endpoints of the same names.
std::string health_json(const server_view& view, bool is_alive);
std::string readiness_json(const server_view& view, const std::vector<condition>& present);
std::string venues_json(const server_view& view);
std::string instruments_json(const server_view& view, std::string_view venue);
std::string sinks_json(const server_view& view);
std::string actors_json(const server_view& view);
std::string actor_json(const server_view& view, const actor_info& actor);
std::string gaps_json(const std::vector<gap_record>& gaps, std::int64_t now_ns);
std::string quarantine_json(const std::vector<quarantine_record>& entries, std::int64_t now_ns);
std::string states_json(const std::vector<state_record>& states, std::int64_t now_ns);
// Those of the operator, and those that rules and feeds have raised.
std::string alerts_json(const std::vector<alert>& alerts, const std::vector<alert_record>& raised,
                        std::int64_t now_ns);
// A book as its actor gave it, at most so many levels a side.
std::string book_json(const event_batch& book, std::size_t depth);
// Venues, sinks, journal, readiness, what is wrong and insecure defaults in one.
std::string overview_json(const server_view& view, const std::vector<condition>& present,
                          const http::server_counters& web);

// Single records, as events have them.
std::string record_json(const gap_record& what);
std::string record_json(const state_record& what);
std::string record_json(const quarantine_record& what);
std::string record_json(const alert& what);
std::string record_json(const alert_record& what);

}  // namespace feedtree::actors
