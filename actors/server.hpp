// The live server: everything under one root supervisor, from start to drained stop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/statistics.hpp"
#include "config/config.hpp"
#include "config/config_reader.hpp"
#include "config/dependencies.hpp"
#include "core/rules/rule.hpp"
#include "storage/database_reader.hpp"

namespace feedtree::actors {

struct server_options {
  config::server_config config;
  // Reads the configuration again, complete; for SIGHUP.
  std::shared_ptr<const rules::rule_list> rules{};  // null: only those that are built in
  std::function<config::read_result()> read_config;
  std::function<void(const std::string&)> set_log_level;
  std::vector<config::fallback> insecure;  // insecure defaults that were taken
  std::string operator_token;              // empty: there is no such token
  bool needs_token = false;  // to change something; without it, which is for loopback only, anyone
                             // who reaches the port is an operator
  std::string no_changes{};  // why nothing can be changed over HTTP; empty: it can
  // Where the accounts of operators are; none: there are none.
  std::optional<storage::database_target> accounts{};
  // Why a venue cannot have this instrument; empty if it can.
  std::function<std::string(const config::venue_config&, const std::string& instrument)>
      refuses_instrument{};
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
