// What the server needs beside itself, and what it takes instead where that is allowed.
//
// Services: TIMESCALE (a sink of kind timescale whose dsn has sslmode=verify-full), NATS (a sink of
// kind nats with a tls:// url and credentials), OPERATOR (a token in FEEDTREE_OPERATOR_TOKEN), and,
// where there is a sink of kind redis, REDIS (every one with a rediss:// url and credentials).
// FEEDTREE_ALLOW_INSECURE_DEFAULTS=1 allows stand-ins for all of them,
// FEEDTREE_<SERVICE>_ALLOW_INSECURE_DEFAULTS=1 for one; no other value than 1 counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"

namespace feedtree::config {

inline constexpr std::string_view service_timescale = "TIMESCALE";
inline constexpr std::string_view service_nats = "NATS";
inline constexpr std::string_view service_redis = "REDIS";
inline constexpr std::string_view service_operator = "OPERATOR";
inline constexpr std::size_t operator_token_bytes_min = 16;

// True if stand-ins are allowed for this service.
bool allows_insecure(std::string_view service, const environment& variables);

struct missing_dependency {
  std::string service;
  std::string what;  // what is missing, and how to give it; never a secret
};

// What is missing and has no stand-in allowed: the server must not start unless this is empty.
std::vector<missing_dependency> missing_dependencies(const server_config& config,
                                                     const environment& variables);

// All that is missing in one message of some lines, with the ways out; empty if nothing is.
std::string describe(const std::vector<missing_dependency>& missing);

// The operator's token, FEEDTREE_OPERATOR_TOKEN, where it is set and long enough; else empty.
std::string operator_token(const environment& variables);

// Why HTTP may not listen where the configuration says, in one line; empty if it may. Outside of
// the loopback address it needs TLS and the operator's token, whatever else is allowed.
std::string http_error(const http_config& config, const environment& variables);

struct fallback {
  std::string service;
  std::string what;  // "SQLite data/feedtree.db instead of TimescaleDB"; never a secret
};

// Puts in place what is allowed and gives what was taken, to be logged and shown: SQLite in
// data/feedtree.db for TIMESCALE, nats://127.0.0.1:4222 for NATS; none for REDIS. A sink of the
// configuration that does the same (sqlite; nats without TLS) is kept and named; a sink of kind
// none means that nothing is to be added. Without permission nothing is done.
std::vector<fallback> apply_insecure_defaults(server_config& config, const environment& variables);

}  // namespace feedtree::config
