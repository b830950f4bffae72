#include "actors/operator/operator.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>
#include <utility>

#include "actors/bridge.hpp"
#include "actors/operator/endpoints.hpp"
#include "actors/operator/operator_json.hpp"
#include "actors/supervision/failure.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = operator_actor::stateful_pointer<operator_state>;

// In looks; a look is a quarter of a second by default.
constexpr std::uint64_t overview_every = 2;
constexpr std::uint64_t actors_every = 4;

std::string note_json(const restart_note& note) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("path", note.path).add("restarts", note.restarts);
    json.add_or_null("reason", note.reason);
  });
  return out;
}

void publish_changes(operator_state& state, const look_changes& changes) {
  auto& web = *state.web;
  for (const auto& each : changes.alerts) {
    web.publish(topic_alerts, "alert", record_json(each));
    if (state.options.webhook) {
      state.options.webhook->push(notice_of(each, state.options.source));
    }
  }
  for (const auto& each : changes.restarts) web.publish(topic_restarts, "restart", note_json(each));
}

// Rendered only for those who listen; at once where something changed.
void publish_look(operator_state& state, bool changed) {
  auto& web = *state.web;
  const auto look = state.options.desk->look();
  if ((changed || state.looks % overview_every == 0) && web.has_readers(topic_overview)) {
    web.publish(topic_overview, "overview",
                overview_json(look->view, look->present, web.counters()));
  }
  if (state.looks % overview_every == 0 && web.has_readers(topic_instruments)) {
    web.publish(topic_instruments, "instruments", instruments_json(look->view, ""));
  }
  if ((changed || state.looks % actors_every == 0) && web.has_readers(topic_actors)) {
    web.publish(topic_actors, "actors", actors_json(look->view));
  }
}

void look(self_pointer self) {
  auto& state = self->state;
  const auto changes = state.options.desk->refresh(state.options.now_ns(), state.web->counters());
  publish_changes(state, changes);
  publish_look(state, !changes.alerts.empty() || !changes.restarts.empty());
  ++state.looks;
  self->delayed_send(self, std::chrono::milliseconds(state.options.look_every_ms),
                     timer_atom::value);
}

void ask_book(self_pointer self, const book_inquiry& inquiry) {
  const auto book = self->state.options.books->find(inquiry.venue, inquiry.instrument);
  if (book == nullptr) return inquiry.take(nullptr);
  self->request(book, caf::infinite, present_atom::value)
      .then([take = inquiry.take](const batch_ptr& present) { take(present); },
            [take = inquiry.take](const caf::error&) { take(nullptr); });
}

// Ledger entries and alerts reach readers on the thread that brought them.
void listen_to_records(const operator_options& options, http::server& web) {
  options.desk->recent().set_listener({
      [&web](const gap_record& what) { web.publish(topic_gaps, "gap", record_json(what)); },
      [&web](const state_record& what) { web.publish(topic_states, "state", record_json(what)); },
      [&web](const quarantine_record& what) {
        web.publish(topic_quarantine, "quarantine", record_json(what));
      },
      [&web, to = options.webhook, source = options.source](const alert_record& what) {
        web.publish(topic_alerts, "raised", record_json(what));
        if (to) to->push(notice_of(what, source));
      },
  });
}

void start_server(self_pointer self) {
  auto& state = self->state;
  state.web = state.options.make_server();
  endpoint_services services;
  services.desk = state.options.desk;
  services.is_alive = [desk = services.desk, now_ns = state.options.now_ns] {
    return judge_alive(now_ns(), desk->look()->view.now_ns);
  };
  services.web = [web = state.web.get()] { return web->counters(); };
  services.ask_book = [to = bridge<operator_actor>(operator_actor(self))](
                          const std::string& venue, const std::string& instrument,
                          book_taker take) {
    to.post(present_atom::value, book_inquiry{venue, instrument, std::move(take)});
  };
  services.operators = state.options.operators;
  services.change_instrument = state.options.change_instrument;
  services.find_instrument = state.options.find_instrument;
  const auto routes = std::make_shared<http::router>(endpoints(services), state.options.access);
  listen_to_records(state.options, *state.web);
  state.web->start([routes](const http::request& asked) { return routes->handle(asked); },
                   http::router::finish);
  if (state.options.certificate) state.options.certificate->set(state.web.get());
  log::info(state.options.name, "HTTP at " + state.web->url());
}

}  // namespace

operator_state::~operator_state() {
  if (!web) return;
  if (options.certificate) options.certificate->set(nullptr);
  options.desk->recent().set_listener({});
  web->stop();
}

operator_actor::behavior_type operator_behavior(self_pointer self, operator_options options) {
  self->state.options = std::move(options);
  fail_on_exception(self, self->state.options.name);
  self->state.options.desk->refresh(self->state.options.now_ns());
  start_server(self);
  look(self);
  return {
      [self](timer_atom) { look(self); },
      [self](present_atom, const book_inquiry& inquiry) { ask_book(self, inquiry); },
      [self](stop_atom) { self->quit(); },
  };
}

std::unique_ptr<http::server> open_http(const config::http_config& config, bool take_any_port) {
  http::server_options options;
  options.host = config.host;
  options.port = config.port;
  options.certificate_file = config.cert_file;
  options.key_file = config.key_file;
  options.on_certificate = [](bool is_good, const std::string& text) {
    is_good ? log::info("operator", text) : log::error("operator", text);
  };
  try {
    return std::make_unique<http::server>(options);
  } catch (const std::runtime_error& error) {
    if (!take_any_port || options.port == 0) throw;
    log::warning("operator", std::string(error.what()) + "; taking another port");
  }
  options.port = 0;
  return std::make_unique<http::server>(options);
}

}  // namespace feedtree::actors
