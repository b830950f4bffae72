#include "actors/reporting/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <sstream>

#include "actors/reporting/metric_families.hpp"

namespace feedtree::actors {

metrics_input metrics_of(const operator_look& look, const recent_log& recent) {
  return {look, recent.totals(), recent.totals_by_venue(), look.web};
}

std::vector<prometheus::MetricFamily> metric_families(const metrics_input& input) {
  metric_parts::families all;
  metric_parts::add_venue_metrics(input, all);
  metric_parts::add_sink_metrics(input, all);
  metric_parts::add_server_metrics(input, all);
  return all.take();
}

std::string metrics_text(const metrics_input& input) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, metric_families(input));
  return out.str();
}

}  // namespace feedtree::actors
