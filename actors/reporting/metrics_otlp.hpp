// The server's counts in the form of OpenTelemetry's OTLP in JSON, one object for each moment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace prometheus {
struct MetricFamily;
}

namespace feedtree::actors {

struct otlp_resource {
  std::string version;
  std::string instance;         // "host-a"
  std::int64_t started_ns = 0;  // since when counters count
};

// A MetricsData object without line breaks: a resource with one scope; counters are cumulative
// monotonic sums, 64-bit numbers are text.
// Source: opentelemetry.io, "OTLP" (JSON Protobuf encoding) and opentelemetry-proto,
// metrics/v1/metrics.proto.
std::string otlp_json(const std::vector<prometheus::MetricFamily>& families,
                      const otlp_resource& resource, std::int64_t now_ns);

}  // namespace feedtree::actors
