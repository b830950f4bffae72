#include "actors/reporting/reporting.hpp"

#include <unistd.h>

#include <array>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/reporting/exporter.hpp"
#include "actors/reporting/webhook.hpp"
#include "actors/supervision/counted.hpp"
#include "actors/system.hpp"
#include "actors/version.hpp"

namespace feedtree::actors {
namespace {

constexpr std::int64_t ms = 1'000'000;

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

alert_severity least_of(const std::string& name) {
  for (std::size_t at = 0; at < alert_severities; ++at) {
    const auto severity = static_cast<alert_severity>(at);
    if (to_string(severity) == name) return severity;
  }
  return alert_severity::warning;
}

child_spec webhook_child(const config::server_config& config, const report_plan& plan,
                         const report_services& services) {
  const auto& from = config.alerts.webhook;
  webhook_actor_options own;
  own.queue = plan.webhook;
  own.gauge = plan.gauge;
  own.url = from.url;
  own.secret = from.secret;
  own.ca_file = from.ca_file;
  own.timeout_ms = from.timeout_ms;
  own.reactor = services.reactor;
  own.now_ns = wall_ns;
  return {
      "alerts",
      [own, gauge = services.actors->gauge("root/alerts")](caf::scheduled_actor* parent) {
        return caf::actor_cast<child_actor>(spawn_counted(parent, gauge, webhook_behavior, own));
      },
      config.grace_period_ms, "webhook"};
}

child_spec exporter_child(const config::server_config& config, const report_plan& plan,
                          const report_services& services) {
  const auto& file = config.metrics.file;
  const auto& pushes = config.metrics.push;
  exporter_options own;
  own.desk = services.desk;
  own.gauge = plan.gauge;
  own.resource = {plan.source.version, plan.source.instance, plan.source.started_ns};
  own.file = {file.path, "metrics", file.rotate_size_bytes, file.max_size_bytes};
  own.file_every_ms = file.interval_ms;
  if (!pushes.url.empty()) {
    own.push_url = push_target(pushes.url, pushes.job, plan.source.instance);
    own.push_every_ms = pushes.interval_ms;
    own.push_timeout_ms = pushes.timeout_ms;
    own.push_ca_file = pushes.ca_file;
  }
  own.reactor = services.reactor;
  own.now_ns = wall_ns;
  return {"metrics",
          [own, gauge = services.actors->gauge("root/metrics")](caf::scheduled_actor* parent) {
            return caf::actor_cast<child_actor>(
                spawn_counted<caf::detached>(parent, gauge, exporter_behavior, own));
          },
          config.grace_period_ms, "exporter"};
}

}  // namespace

report_plan plan_reports(const config::server_config& config, const random_source& random,
                         std::int64_t started_ns) {
  report_plan plan;
  const auto& instance = config.metrics.push.instance;
  plan.source = {version_text(), instance.empty() ? host_name() : instance, started_ns};
  plan.gauge->file.is_on = config.metrics.file.interval_ms != 0;
  plan.gauge->push.is_on = !config.metrics.push.url.empty();
  const auto& webhook = config.alerts.webhook;
  plan.gauge->webhook.is_on = !webhook.url.empty();
  if (webhook.url.empty()) return plan;
  webhook_queue_options options;
  options.notices_max = webhook.queue;
  options.least = least_of(webhook.severity);
  options.retry = {webhook.retry_initial_ms, webhook.retry_max_ms};
  options.give_up_after_ns = webhook.give_up_after_ms * ms;
  plan.webhook = std::make_shared<webhook_queue>(options, random, plan.gauge);
  return plan;
}

std::vector<child_spec> report_children(const config::server_config& config,
                                        const report_plan& plan, const report_services& services) {
  std::vector<child_spec> result;
  if (plan.webhook) result.push_back(webhook_child(config, plan, services));
  if (plan.gauge->file.is_on || plan.gauge->push.is_on) {
    result.push_back(exporter_child(config, plan, services));
  }
  return result;
}

}  // namespace feedtree::actors
