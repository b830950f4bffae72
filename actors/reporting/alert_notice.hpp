// Alerts as they go out to others: one JSON object each.
#pragma once

#include <cstdint>
#include <string>

#include "actors/operator/conditions.hpp"
#include "actors/operator/recent_log.hpp"

namespace feedtree::actors {

struct alert_notice {
  std::string id;  // the same however often it is sent
  alert_severity severity = alert_severity::warning;
  std::string body;
};

// Who says it.
struct alert_source {
  std::string version;
  std::string instance;
  std::int64_t started_ns = 0;
};

// Something is wrong, is worse, or is over.
alert_notice notice_of(const alert& what, const alert_source& source);
// A rule or a feed raised an alert.
alert_notice notice_of(const alert_record& what, const alert_source& source);

}  // namespace feedtree::actors
