#include "actors/reporting/metrics_otlp.hpp"

#include <prometheus/metric_family.h>

#include <array>
#include <charconv>
#include <cmath>

#include "core/json_builder.hpp"

namespace feedtree::actors {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr int cumulative = 2;  // AGGREGATION_TEMPORALITY_CUMULATIVE

std::string number_text(double value) {
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end};
}

// Prometheus has the unit in the name, OpenTelemetry beside it (UCUM).
std::string_view unit_of(std::string_view name) {
  if (name.ends_with("_total")) name.remove_suffix(6);
  if (name.ends_with("_seconds")) return "s";
  if (name.ends_with("_bytes")) return "By";
  return "1";
}

void add_attribute(json_builder& json, std::string_view name, std::string_view value) {
  json.object([&] {
    json.add("key", name);
    json.object("value", [&] { json.add("stringValue", value); });
  });
}

class writer {
 public:
  writer(json_builder& json, std::int64_t started_ns, std::int64_t now_ns)
      : json_(json), started_ns_(started_ns), now_ns_(now_ns) {}

  void add(const MetricFamily& family) {
    json_.object([&] {
      json_.add("name", family.name).add("description", family.help);
      json_.add("unit", unit_of(family.name));
      if (family.type == MetricType::Gauge) {
        json_.object("gauge", [&] { add_points(family); });
      } else if (family.type == MetricType::Counter) {
        json_.object("sum", [&] {
          json_.add("aggregationTemporality", cumulative).add("isMonotonic", true);
          add_points(family);
        });
      } else {
        json_.object("histogram", [&] {
          json_.add("aggregationTemporality", cumulative);
          add_points(family);
        });
      }
    });
  }

 private:
  void add_points(const MetricFamily& family) {
    json_.array("dataPoints", [&] {
      for (const auto& sample : family.metric) json_.object([&] { add(family.type, sample); });
    });
  }
  void add(MetricType type, const ClientMetric& sample) {
    json_.array("attributes", [&] {
      for (const auto& label : sample.label) add_attribute(json_, label.name, label.value);
    });
    if (type != MetricType::Gauge) json_.add("startTimeUnixNano", std::to_string(started_ns_));
    json_.add("timeUnixNano", std::to_string(now_ns_));
    if (type == MetricType::Histogram) return add(sample.histogram);
    json_.add_raw("asDouble", number_text(type == MetricType::Counter ? sample.counter.value
                                                                      : sample.gauge.value));
  }
  // Prometheus counts what is below an end; here each bucket has its own.
  void add(const ClientMetric::Histogram& histogram) {
    json_.add("count", std::to_string(histogram.sample_count));
    json_.add_raw("sum", number_text(histogram.sample_sum));
    json_.array("bucketCounts", [&] {
      std::uint64_t below = 0;
      for (const auto& bucket : histogram.bucket) {
        json_.text(std::to_string(bucket.cumulative_count - below));
        below = bucket.cumulative_count;
      }
    });
    json_.array("explicitBounds", [&] {
      for (const auto& bucket : histogram.bucket) {
        if (!std::isinf(bucket.upper_bound)) json_.raw(number_text(bucket.upper_bound));
      }
    });
  }

  json_builder& json_;
  std::int64_t started_ns_;
  std::int64_t now_ns_;
};

}  // namespace

std::string otlp_json(const std::vector<MetricFamily>& families, const otlp_resource& resource,
                      std::int64_t now_ns) {
  std::string out;
  json_builder json(out);
  const auto add_resource = [&] {
    json.array("attributes", [&] {
      add_attribute(json, "service.name", "feedtree");
      add_attribute(json, "service.version", resource.version);
      add_attribute(json, "service.instance.id", resource.instance);
    });
  };
  const auto add_scope = [&] {
    json.object("scope", [&] { json.add("name", "feedtree").add("version", resource.version); });
    json.array("metrics", [&] {
      writer each(json, resource.started_ns, now_ns);
      for (const auto& family : families) each.add(family);
    });
  };
  json.object([&] {
    json.array("resourceMetrics", [&] {
      json.object([&] {
        json.object("resource", add_resource);
        json.array("scopeMetrics", [&] { json.object(add_scope); });
      });
    });
  });
  return out;
}

}  // namespace feedtree::actors
