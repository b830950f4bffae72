// What leaves the server for people and other systems, as children of the root supervisor.
#pragma once

#include <memory>
#include <vector>

#include "actors/operator/operator_desk.hpp"
#include "actors/reporting/alert_notice.hpp"
#include "actors/reporting/report_gauge.hpp"
#include "actors/reporting/webhook_queue.hpp"
#include "actors/supervision/supervisor.hpp"
#include "adapters/transport/reactor.hpp"
#include "config/config.hpp"

namespace feedtree::actors {

struct report_plan {
  std::shared_ptr<report_gauge> gauge = std::make_shared<report_gauge>();
  std::shared_ptr<webhook_queue> webhook;  // null: there is none
  alert_source source;
};

// From the configuration; opens nothing.
report_plan plan_reports(const config::server_config& config, const random_source& random,
                         std::int64_t started_ns);

struct report_services {
  std::shared_ptr<operator_desk> desk;
  std::shared_ptr<actor_registry> actors;
  transport::reactor* reactor = nullptr;
};

// The actors that are wanted: of alerts, of metrics.
std::vector<child_spec> report_children(const config::server_config& config,
                                        const report_plan& plan, const report_services& services);

}  // namespace feedtree::actors
