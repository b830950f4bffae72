// What is counted of the server itself: actors, alerts, reports, HTTP, memory and processor.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <map>

#include "actors/reporting/metric_families.hpp"

namespace feedtree::actors::metric_parts {
namespace {

// Every other power of two.
constexpr std::size_t coarse = 4;

// By kind, so that the number of instruments does not multiply them.
void add_actors(const server_view& view, families& out) {
  struct sums {
    std::uint64_t running = 0, down = 0, restarts = 0, messages = 0, mailbox = 0;
    latency_counts handling;
  };
  std::map<std::string, sums> by_kind;
  for (const auto& actor : view.actors) {
    auto& sum = by_kind[actor.kind];
    ++(actor.state == actor_standing::running ? sum.running : sum.down);
    sum.restarts += actor.restarts;
    sum.messages += actor.messages_handled;
    sum.mailbox += actor.mailbox_depth;
    sum.handling += actor.handling;
  }
  auto& actors = out.gauge("actors", "Actors by kind and whether they run.");
  auto& restarts = out.counter("actor_restarts_total", "Starts of an actor after its first.");
  auto& messages = out.counter("actor_messages_total", "Messages that actors handled.");
  auto& mailbox = out.gauge("actor_mailbox_messages", "Messages that wait.");
  auto& handling =
      out.histogram("actor_message_seconds", "Time that an actor takes for a message.");
  for (const auto& [kind, sum] : by_kind) {
    actors.add({{"kind", kind}, {"running", "true"}}, sum.running);
    actors.add({{"kind", kind}, {"running", "false"}}, sum.down);
    restarts.add({{"kind", kind}}, sum.restarts);
    messages.add({{"kind", kind}}, sum.messages);
    mailbox.add({{"kind", kind}}, sum.mailbox);
    handling.add({{"kind", kind}}, sum.handling, coarse);
  }
}

// What is wrong, as /api/v1/alerts has it.
void add_alerts(const operator_look& look, families& out) {
  std::array<std::uint64_t, severities> lasting{};
  for (const auto& each : look.present) ++lasting[static_cast<std::size_t>(each.how)];
  auto& present = out.gauge("alerts_lasting", "Alerts of the operator that last.");
  auto& begun = out.counter("alerts_begun_total", "Alerts of the operator that began.");
  for (std::size_t at = 0; at < severities; ++at) {
    const auto name = std::string(to_string(static_cast<severity>(at)));
    present.add({{"severity", name}}, lasting[at]);
    begun.add({{"severity", name}}, look.begun[at]);
  }
}

void add_webhook(const report_gauge::webhook_counts& counts, families& out) {
  if (!counts.is_on) return;
  auto& sent =
      out.counter("webhook_alerts_total", "Alerts for the webhook, by what became of them.");
  sent.add({{"outcome", "delivered"}}, counts.delivered.load());
  sent.add({{"outcome", "refused"}}, counts.refused.load());
  sent.add({{"outcome", "given_up"}}, counts.given_up.load());
  sent.add({{"outcome", "dropped"}}, counts.dropped.load());
  out.counter("webhook_retries_total", "Attempts after an alert's first one.")
      .add({}, counts.retried.load());
  out.gauge("webhook_waiting", "Alerts that wait for the webhook.").add({}, counts.waiting.load());
}

void add_reports(const server_view& view, families& out) {
  if (view.facts->reports == nullptr) return;
  const auto& reports = *view.facts->reports;
  add_webhook(reports.webhook, out);
  if (reports.file.is_on) {
    const auto& file = reports.file;
    out.counter("metrics_file_lines_total", "Lines of metrics that were written.")
        .add({}, file.lines.load());
    out.counter("metrics_file_errors_total", "Lines of metrics that could not be written.")
        .add({}, file.errors.load());
  }
  if (reports.push.is_on) {
    auto& pushes = out.counter("metrics_pushes_total", "Pushes to the gateway, by outcome.");
    pushes.add({{"outcome", "accepted"}}, reports.push.pushed.load());
    pushes.add({{"outcome", "failed"}}, reports.push.errors.load());
  }
}

void add_web(const http::server_counters& web, families& out) {
  out.counter("http_requests_total", "Requests that were answered.").add({}, web.requests);
  out.counter("http_requests_rejected_total", "What was no request, or too large a one.")
      .add({}, web.requests_rejected);
  out.counter("http_timeouts_total", "Requests that did not come to their end in time.")
      .add({}, web.timeouts);
  out.gauge("http_connections", "Connections that are open.").add({}, web.connections);
  out.counter("http_connections_refused_total", "Connections for which there was no room.")
      .add({}, web.connections_refused);
  out.gauge("http_event_streams", "Readers of server-sent events.").add({}, web.streams);
  out.counter("http_event_streams_cut_total", "Readers that were too slow.")
      .add({}, web.streams_cut);
  out.counter("http_event_streams_ended_total", "Readers whose token was accepted no more.")
      .add({}, web.streams_ended);
}

std::uint64_t resident_bytes() {
  unsigned long long pages = 0;
  unsigned long long resident = 0;
  if (auto* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%llu %llu", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void add_process(const server_view& view, families& out) {
  out.gauge("build_info", "1, with the version.").add({{"version", view.facts->version}}, 1);
  out.gauge("start_time_seconds", "When the server started, since 1970.")
      .add({}, static_cast<double>(view.facts->started_ns) / 1e9);
  out.gauge("resident_memory_bytes", "Memory that the process holds.").add({}, resident_bytes());
  out.counter("cpu_seconds_total", "Processor time of the process.").add({}, cpu_seconds());
  auto& insecure = out.gauge("insecure_default", "1 for each insecure default that is in use.");
  for (const auto& each : view.facts->insecure) insecure.add({{"service", each.service}}, 1);
}

}  // namespace

void add_server_metrics(const metrics_input& input, families& out) {
  add_actors(input.look.view, out);
  add_alerts(input.look, out);
  add_reports(input.look.view, out);
  add_web(input.web, out);
  add_process(input.look.view, out);
}

}  // namespace feedtree::actors::metric_parts
