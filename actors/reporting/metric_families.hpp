// Metrics by their names, filled sample by sample. For the files of metrics alone.
#pragma once

#include <prometheus/metric_family.h>

#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/book/deviation_histogram.hpp"
#include "actors/reporting/metrics.hpp"
#include "actors/supervision/latency_histogram.hpp"
#include "core/rules/counts.hpp"

namespace feedtree::actors::metric_parts {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

// One metric with its samples.
class family {
 public:
  family(MetricType type, std::string name, std::string help) {
    what_.type = type;
    what_.name = "feedtree_" + std::move(name);
    what_.help = std::move(help);
  }
  template <class Number>
  family& add(labels of, Number value) {
    ClientMetric sample;
    sample.label = std::move(of);
    const auto number = static_cast<double>(value);
    if (what_.type == MetricType::Counter) {
      sample.counter.value = number;
    } else {
      sample.gauge.value = number;
    }
    what_.metric.push_back(std::move(sample));
    return *this;
  }
  // Buckets at whole powers of two, in seconds; `every` so many of its buckets are one here.
  family& add(labels of, const latency_counts& counts, std::size_t every = 2) {
    ClientMetric sample;
    sample.label = std::move(of);
    auto& histogram = sample.histogram;
    histogram.sample_count = counts.total();
    histogram.sample_sum = static_cast<double>(counts.sum_us) / 1e6;
    std::uint64_t below = 0;
    for (std::size_t at = 0; at < latency_counts::buckets; ++at) {
      below += counts.count[at];
      const bool is_last = at + 1 == latency_counts::buckets;
      if (at % every != 0 && !is_last) continue;
      const auto end = static_cast<double>(latency_counts::end_us(at)) / 1e6;
      histogram.bucket.push_back({below, is_last ? std::numeric_limits<double>::infinity() : end});
    }
    what_.metric.push_back(std::move(sample));
    return *this;
  }
  // Buckets as the histogram has them, in seconds; those below zero too.
  family& add(labels of, const rules::skew_histogram& skew) {
    ClientMetric sample;
    sample.label = std::move(of);
    auto& histogram = sample.histogram;
    histogram.sample_sum = static_cast<double>(skew.sum_us()) / 1e6;
    std::uint64_t below = 0;
    for (std::size_t at = 0; at < rules::skew_histogram::buckets; ++at) {
      below += skew.count(at);
      const bool is_last = at == rules::skew_histogram::ends_ms.size();
      const auto end = is_last ? std::numeric_limits<double>::infinity()
                               : static_cast<double>(rules::skew_histogram::ends_ms[at]) / 1e3;
      histogram.bucket.push_back({below, end});
    }
    histogram.sample_count = below;
    what_.metric.push_back(std::move(sample));
    return *this;
  }
  // Likewise, as parts of one.
  family& add(labels of, const deviation_histogram& deviation) {
    ClientMetric sample;
    sample.label = std::move(of);
    auto& histogram = sample.histogram;
    histogram.sample_sum = deviation.sum_ppm() / 1e6;
    std::uint64_t below = 0;
    for (std::size_t at = 0; at < deviation_histogram::buckets; ++at) {
      below += deviation.count(at);
      const bool is_last = at == deviation_histogram::ends_ppm.size();
      const auto end = is_last ? std::numeric_limits<double>::infinity()
                               : static_cast<double>(deviation_histogram::ends_ppm[at]) / 1e6;
      histogram.bucket.push_back({below, end});
    }
    histogram.sample_count = below;
    what_.metric.push_back(std::move(sample));
    return *this;
  }
  bool is_empty() const { return what_.metric.empty(); }
  MetricFamily&& take() { return std::move(what_); }

 private:
  MetricFamily what_;
};

class families {
 public:
  family& counter(const std::string& name, const std::string& help) {
    return all_.emplace_back(MetricType::Counter, name, help);
  }
  family& gauge(const std::string& name, const std::string& help) {
    return all_.emplace_back(MetricType::Gauge, name, help);
  }
  family& histogram(const std::string& name, const std::string& help) {
    return all_.emplace_back(MetricType::Histogram, name, help);
  }
  std::vector<MetricFamily> take() {
    std::vector<MetricFamily> result;
    for (auto& each : all_) {
      if (!each.is_empty()) result.push_back(each.take());
    }
    return result;
  }

 private:
  std::deque<family> all_;  // references stay valid
};

inline labels venue_label(const venue_view& venue) {
  return {{"venue", venue.venue}};
}

inline labels with(labels of, std::string name, std::string_view value) {
  of.push_back({std::move(name), std::string(value)});
  return of;
}

// Each file's part.
void add_venue_metrics(const metrics_input& input, families& out);
void add_sink_metrics(const metrics_input& input, families& out);
void add_server_metrics(const metrics_input& input, families& out);

}  // namespace feedtree::actors::metric_parts
