// The live server: everything under one root supervisor, from start to drained stop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/statistics.hpp"
#include "config/config.hpp"
#include "config/config_reader.hpp"
#include "config/dependencies.hpp"
#include "core/rules/rule.hpp"

namespace feedtree::actors {

struct server_options {
  config::server_config config;
  // Reads the configuration again, complete; for SIGHUP.
  std::shared_ptr<const rules::rule_list> rules{};  // null: only those that are built in
  std::function<config::read_result()> read_config;
  std::function<void(const std::string&)> set_log_level;
  std::vector<config::fallback> insecure;  // insecure defaults that were taken
  std::string operator_token;              // empty: none is asked for, which is for loopback only
  std::function<void(const std::string& url)> on_http;  // called once, when the port is open
  std::int64_t run_seconds = 0;  // stop by itself after so long; 0: run until told to stop
  // Called about once a second, and once more at the end, while the server runs.
  std::function<void(const statistics&, std::int64_t now_ns)> report;
};

struct server_result {
  int exit_code = 0;
  std::string reason;  // why it ended, if not because it was told to
};

// Runs until SIGINT, SIGTERM, run_seconds or a failure that no restart mends; SIGHUP makes it read
// its configuration again. The caller has blocked these signals in all threads (signals.hpp). A
// second signal to stop ends the process at once. The statistics stay readable after it.
server_result run_server(const server_options& options,
                         const std::shared_ptr<statistics>& counters);

}  // namespace feedtree::actors
