// The actor that writes metrics into a file and pushes them to a gateway.
#pragma once

#include <caf/typed_actor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/operator/operator_desk.hpp"
#include "actors/reporting/metrics_otlp.hpp"
#include "actors/reporting/report_gauge.hpp"
#include "adapters/transport/https_client.hpp"
#include "storage/rotating_lines.hpp"

namespace feedtree::actors {

// Looks at the last look of the desk; its disk work is on a thread of its own.
using exporter_actor = caf::typed_actor<
    // To itself: something may be due.
    caf::reacts_to<timer_atom>,
    // From the bridge: a push ended.
    caf::reacts_to<rest_atom, rest_result>,
    // From its supervisor: a last line, then quit.
    caf::reacts_to<stop_atom>>;

struct exporter_options {
  std::string name = "metrics";
  std::shared_ptr<operator_desk> desk;
  std::shared_ptr<report_gauge> gauge;
  otlp_resource resource;
  storage::rotating_options file;
  std::int64_t file_every_ms = 0;  // 0: no file
  std::string push_url;            // with job and instance in its path; may hold secrets
  std::int64_t push_every_ms = 0;  // 0: no pushes
  std::int64_t push_timeout_ms = 5'000;
  std::string push_ca_file;
  transport::reactor* reactor = nullptr;
  std::function<std::int64_t()> now_ns;
  std::int64_t tick_ms = 200;
};

struct exporter_state {
  exporter_options options;
  std::unique_ptr<storage::rotating_lines> file;
  std::unique_ptr<transport::https_client> client;
  std::string place;  // of the gateway: host and port
  std::int64_t file_due_ns = 0;
  std::int64_t push_due_ns = 0;
  std::uint64_t ticket = 0;
  bool is_pushing = false;
};

exporter_actor::behavior_type exporter_behavior(
    exporter_actor::stateful_pointer<exporter_state> self, exporter_options options);

// URL/metrics/job/JOB/instance/INSTANCE, as a push gateway wants it.
// Source: github.com/prometheus/pushgateway, "API".
std::string push_target(std::string url, const std::string& job, const std::string& instance);

}  // namespace feedtree::actors
