#include "actors/reporting/exporter.hpp"

#include <prometheus/metric_family.h>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/bridge.hpp"
#include "actors/log.hpp"
#include "actors/reporting/metrics.hpp"
#include "actors/supervision/failure.hpp"
#include "adapters/transport/url.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = exporter_actor::stateful_pointer<exporter_state>;
constexpr std::int64_t ms = 1'000'000;

void note_trouble(const exporter_state& state, trouble_note& trouble, const std::string& text) {
  if (trouble.text() == text) return;
  const bool is_over = text.empty();
  log::write(is_over ? log::level::info : log::level::warning, state.options.name,
             is_over ? trouble.text() + ": works again" : text + "; trying again");
  trouble.set(text);
}

void write_line(exporter_state& state) {
  auto& counts = state.options.gauge->file;
  const auto now_ns = state.options.now_ns();
  const auto look = state.options.desk->look();
  const auto line = otlp_json(metric_families(metrics_of(*look, state.options.desk->recent())),
                              state.options.resource, now_ns);
  try {
    counts.files_removed += state.file->append(line, now_ns);
    ++counts.lines;
    counts.bytes += line.size() + 1;
    note_trouble(state, counts.trouble, "");
  } catch (const std::runtime_error& error) {
    ++counts.errors;
    note_trouble(state, counts.trouble, error.what());
  }
}

void push(self_pointer self) {
  auto& state = self->state;
  const auto look = state.options.desk->look();
  transport::http_request request;
  request.method = transport::http_method::put;
  request.url = state.options.push_url;
  request.headers.add("Content-Type", std::string(metrics_type));
  request.body = metrics_text(metrics_of(*look, state.options.desk->recent()));
  state.is_pushing = true;
  const bridge<exporter_actor> to(exporter_actor{self});
  state.client->send(std::move(request), [to, ticket = ++state.ticket](auto answer) {
    to.post(rest_atom::value,
            rest_result{ticket, std::make_shared<transport::http_result>(std::move(answer))});
  });
}

// Why the gateway did not take it; empty if it did.
std::string push_problem(const exporter_state& state, const transport::http_result& result) {
  if (const auto* const error = std::get_if<transport::transport_error>(&result)) {
    return error->message;
  }
  const auto status = std::get<transport::http_response>(result).status;
  if (status >= 200 && status < 300) return {};
  return state.place + " answers a push with status " + std::to_string(status);
}

void on_pushed(self_pointer self, const rest_result& result) {
  auto& state = self->state;
  if (result.ticket != state.ticket) return;
  state.is_pushing = false;
  auto& counts = state.options.gauge->push;
  const auto problem = push_problem(state, *result.result);
  ++(problem.empty() ? counts.pushed : counts.errors);
  note_trouble(state, counts.trouble, problem);
}

// True if it is time, and when it is next.
bool is_due(std::int64_t& due_ns, std::int64_t every_ms, std::int64_t now_ns) {
  if (every_ms == 0 || now_ns < due_ns) return false;
  due_ns = now_ns + every_ms * ms;
  return true;
}

void tick(self_pointer self) {
  auto& state = self->state;
  const auto& options = state.options;
  const auto now_ns = options.now_ns();
  if (is_due(state.file_due_ns, options.file_every_ms, now_ns)) write_line(state);
  if (!state.is_pushing && is_due(state.push_due_ns, options.push_every_ms, now_ns)) push(self);
  self->delayed_send(self, std::chrono::milliseconds(options.tick_ms), timer_atom::value);
}

void make_client(exporter_state& state) {
  const auto& options = state.options;
  if (options.push_every_ms == 0) return;
  transport::https_options client;
  client.tls.ca_file = options.push_ca_file;
  client.connect_timeout_ms = options.push_timeout_ms;
  client.request_timeout_ms = options.push_timeout_ms;
  client.keep_alive_ms = 0;  // one that the other side has closed would cost an attempt
  client.body_limit_bytes = std::size_t{1} << 20;
  state.client = std::make_unique<transport::https_client>(*options.reactor, client);
  std::string problem;
  if (const auto url = transport::parse_url(options.push_url, problem)) {
    state.place = url->host_and_port();
  }
}

}  // namespace

exporter_actor::behavior_type exporter_behavior(self_pointer self, exporter_options options) {
  auto& state = self->state;
  state.options = std::move(options);
  fail_on_exception(self, state.options.name);
  state.file = std::make_unique<storage::rotating_lines>(state.options.file);
  make_client(state);
  const auto now_ns = state.options.now_ns();
  state.file_due_ns = now_ns + state.options.file_every_ms * ms;
  state.push_due_ns = now_ns + std::min<std::int64_t>(state.options.push_every_ms, 1'000) * ms;
  self->send(self, timer_atom::value);
  return {
      [self](timer_atom) { tick(self); },
      [self](rest_atom, const rest_result& result) { on_pushed(self, result); },
      [self](stop_atom) {
        // So that what was counted to the end is in it.
        if (!self->state.file->path().empty()) write_line(self->state);
        self->quit();
      },
  };
}

std::string push_target(std::string url, const std::string& job, const std::string& instance) {
  while (url.ends_with('/')) url.pop_back();
  return url + "/metrics/job/" + job + "/instance/" + instance;
}

}  // namespace feedtree::actors
