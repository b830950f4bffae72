#include "actors/reporting/webhook.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/bridge.hpp"
#include "actors/log.hpp"
#include "actors/supervision/failure.hpp"
#include "adapters/http/signature.hpp"
#include "adapters/transport/url.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = webhook_actor::stateful_pointer<webhook_state>;

void note_trouble(webhook_state& state, const std::string& text) {
  auto& trouble = state.options.gauge->webhook.trouble;
  if (trouble.text() == text) return;
  trouble.set(text);
  if (text.empty()) {
    log::info(state.options.name, "the webhook takes alerts again");
  } else {
    log::warning(state.options.name, text + "; what waits is tried again");
  }
}

void send_next(self_pointer self) {
  auto& state = self->state;
  const auto now_ns = state.options.now_ns();
  const auto what = state.options.queue->next(now_ns);
  if (!what) return;
  const bridge<webhook_actor> to(webhook_actor{self});
  state.client->send(
      webhook_request(state.options, *what, now_ns), [to, ticket = ++state.ticket](auto answer) {
        to.post(rest_atom::value,
                rest_result{ticket, std::make_shared<transport::http_result>(std::move(answer))});
      });
}

// True if the receiver may be given the next one at once.
bool take_answer(webhook_state& state, const transport::http_result& result) {
  auto& queue = *state.options.queue;
  const auto now_ns = state.options.now_ns();
  if (const auto* const error = std::get_if<transport::transport_error>(&result)) {
    queue.failed(now_ns, error->retry_after_s);
    note_trouble(state, error->message);
    return false;
  }
  const auto& answer = std::get<transport::http_response>(result);
  if (answer.status >= 200 && answer.status < 300) {
    queue.delivered();
    note_trouble(state, "");
    return true;
  }
  const auto text = state.place + " answers an alert with status " + std::to_string(answer.status);
  if (transport::is_terminal_status(answer.status)) {
    queue.refused();
    log::error(state.options.name, text + ": it is not sent again");
    return true;
  }
  queue.failed(now_ns, answer.retry_after_s);
  note_trouble(state, text);
  return false;
}

bool is_over(const webhook_state& state) {
  return state.stop_by_ns != 0 &&
         (state.options.queue->empty() || state.options.now_ns() >= state.stop_by_ns);
}

void on_answer(self_pointer self, const rest_result& result) {
  auto& state = self->state;
  if (result.ticket != state.ticket) return;
  const bool goes_on = take_answer(state, *result.result);
  if (is_over(state) || (state.stop_by_ns != 0 && !goes_on)) return self->quit();
  if (goes_on) send_next(self);
}

void tick(self_pointer self) {
  auto& state = self->state;
  if (is_over(state)) return self->quit();
  send_next(self);
  self->delayed_send(self, std::chrono::milliseconds(state.options.tick_ms), timer_atom::value);
}

}  // namespace

transport::http_request webhook_request(const webhook_actor_options& options,
                                        const alert_notice& what, std::int64_t now_ns) {
  const auto timestamp = std::to_string(now_ns / 1'000'000'000);
  transport::http_request request;
  request.method = transport::http_method::post;
  request.url = options.url;
  request.body = what.body;
  request.headers = {{"Content-Type", "application/json"},
                     {"X-Feedtree-Delivery", what.id},
                     {"X-Feedtree-Timestamp", timestamp}};
  if (!options.secret.empty()) {
    request.headers.add(
        "X-Feedtree-Signature",
        "sha256=" + http::hmac_sha256_hex(options.secret, timestamp + "." + what.body));
  }
  return request;
}

webhook_actor::behavior_type webhook_behavior(self_pointer self, webhook_actor_options options) {
  auto& state = self->state;
  state.options = std::move(options);
  fail_on_exception(self, state.options.name);
  transport::https_options client;
  client.tls.ca_file = state.options.ca_file;
  client.connect_timeout_ms = state.options.timeout_ms;
  client.request_timeout_ms = state.options.timeout_ms;
  client.keep_alive_ms = 0;  // one that the other side has closed would cost an attempt
  client.body_limit_bytes = std::size_t{1} << 20;
  state.client = std::make_unique<transport::https_client>(*state.options.reactor, client);
  std::string problem;
  if (const auto url = transport::parse_url(state.options.url, problem)) {
    state.place = url->host_and_port();
  }
  // One that an earlier actor had under way is sent again.
  state.options.queue->failed(state.options.now_ns(), {});
  self->send(self, timer_atom::value);
  return {
      [self](timer_atom) { tick(self); },
      [self](rest_atom, const rest_result& result) { on_answer(self, result); },
      [self](stop_atom) {
        auto& own = self->state;
        own.stop_by_ns = own.options.now_ns() + own.options.farewell_ms * 1'000'000;
        if (is_over(own)) self->quit();
      },
  };
}

}  // namespace feedtree::actors
