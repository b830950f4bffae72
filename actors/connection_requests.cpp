// What a connection sends and asks for: subscriptions, keep-alives, snapshots.
#include <algorithm>

#include "actors/bridge.hpp"
#include "actors/connection_parts.hpp"
#include "actors/failure.hpp"

namespace feedtree::actors::connection_parts {
namespace {

constexpr std::int64_t ms = 1'000'000;

const venues::stream* book_stream(const connection_state& state, const listing* where) {
  for (const auto& what : state.options.plan.streams) {
    if (what.kind == event_kind::book && what.where == where) return &what;
  }
  return nullptr;
}

void ask_over_rest(self_pointer self, wanted_snapshot& wanted,
                   const venues::rest_request& request) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  const auto when = state.options.budget->take_or_when(budget_rest, request.weight, now);
  if (when != 0) {
    wanted.due_ns = when;
    arm(self, when);
    return;
  }
  wanted.ticket = state.next_ticket++;
  wanted.due_ns = 0;
  ++state.statistics->resyncs;
  const bridge<connection_actor> to(connection_actor{self});
  state.options.https->get(request.url, {}, [to, ticket = wanted.ticket](auto result) {
    to.post(rest_atom::value,
            rest_result{ticket, std::make_shared<transport::http_result>(std::move(result))});
  });
}

void ask(self_pointer self, wanted_snapshot& wanted) {
  auto& state = self->state;
  if (const auto request = state.session->snapshot_request(wanted.book)) {
    ask_over_rest(self, wanted, *request);
    return;
  }
  ++state.statistics->resyncs;
  wanted.due_ns = state.options.now_ns() + state.options.snapshot_timeout_ms * ms;
  arm(self, wanted.due_ns);
  send_later(self, state.session->resync_frames(wanted.book));
}

void ask_again(self_pointer self, wanted_snapshot& wanted, const std::string& why,
               std::int64_t least_ms) {
  auto& state = self->state;
  wanted.ticket = 0;
  const auto delay_ms = std::max(least_ms, wanted.delay->next_ms() + 1);
  wanted.due_ns = state.options.now_ns() + delay_ms * ms;
  log::warning(state.name, "no snapshot of " + wanted.book.where->symbol + ": " + why);
  arm(self, wanted.due_ns);
}

// Why an answer is no snapshot; empty if it is one.
std::string refusal(const transport::http_result& result, std::int64_t& wait_ms) {
  if (const auto* const error = std::get_if<transport::transport_error>(&result)) {
    return error->message;
  }
  const auto& answer = std::get<transport::http_response>(result);
  if (answer.status == 200) return {};
  wait_ms = asked_wait_s(answer.status, answer.retry_after_s) * 1000;
  return "HTTP " + std::to_string(answer.status) + " " + answer.body.substr(0, 120);
}

}  // namespace

void subscribe(self_pointer self) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  state.subscriptions.start(state.options.plan.streams, now);
  send_later(self, state.session->subscribe_frames(state.options.plan.streams));
  state.answers_due_ns = now + state.options.answer_timeout_ms * ms;
  arm(self, state.answers_due_ns);
  if (const auto keeps = state.session->keeps_alive(); keeps && !keeps->text.empty()) {
    state.keep_alive_ns = now + keeps->every_ns;
    arm(self, state.keep_alive_ns);
  }
}

void send_later(self_pointer self, std::vector<std::string> frames) {
  auto& queue = self->state.to_send;
  std::move(frames.begin(), frames.end(), std::back_inserter(queue));
  send_due(self);
}

void send_due(self_pointer self) {
  auto& state = self->state;
  if (state.socket == nullptr) return;
  const auto now = state.options.now_ns();
  while (!state.to_send.empty()) {
    // Without a limit for the address the shared budget always gives.
    auto when = state.message_budget->earliest_ns(budget_message, 1, now);
    if (when <= now) when = state.options.budget->take_or_when(budget_subscribe, 1, now);
    if (when != 0) {
      arm(self, when);
      return;
    }
    static_cast<void>(state.message_budget->take(budget_message, 1, now));
    if (state.socket->send(state.to_send.front()) == transport::send_result::queue_full) {
      arm(self, now + 10 * ms);
      return;
    }
    state.to_send.pop_front();
  }
}

void want_snapshot(self_pointer self, const listing* where) {
  auto& state = self->state;
  const auto* const book = book_stream(state, where);
  if (book == nullptr || !state.open || state.snapshots.contains(where)) return;
  auto& wanted = state.snapshots[where];
  wanted.book = *book;
  wanted.delay = std::make_unique<backoff>(state.options.reconnect, state.options.random);
  ask(self, wanted);
}

void snapshot_came(self_pointer self, const listing* where) {
  self->state.snapshots.erase(where);
}

void ask_for_due_snapshots(self_pointer self) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  for (auto& [where, wanted] : state.snapshots) {
    if (wanted.ticket != 0) continue;
    if (now >= wanted.due_ns) {
      ask(self, wanted);
    } else {
      arm(self, wanted.due_ns);
    }
  }
}

void take_rest_result(self_pointer self, const rest_result& result) {
  auto& state = self->state;
  for (auto& [where, wanted] : state.snapshots) {
    if (wanted.ticket != result.ticket) continue;
    std::int64_t wait_ms = 0;
    const auto why = refusal(*result.result, wait_ms);
    if (wait_ms != 0) {
      state.options.budget->penalise(budget_rest, state.options.now_ns() + wait_ms * ms);
    }
    if (!why.empty()) {
      ask_again(self, wanted, why, wait_ms);
      return;
    }
    const auto request = state.session->snapshot_request(wanted.book);
    // Asks again unless the decoded body turns out to be the snapshot: see snapshot_came.
    wanted.ticket = 0;
    wanted.due_ns = state.options.now_ns() + state.options.snapshot_timeout_ms * ms;
    arm(self, wanted.due_ns);
    take_rest_body(self, request->url, std::get<transport::http_response>(*result.result));
    return;
  }
}

void take_answer(self_pointer self, const venues::subscription_answer& answer) {
  auto& state = self->state;
  ++(answer.accepted ? state.statistics->subscriptions_accepted
                     : state.statistics->subscriptions_refused);
  if (!answer.accepted) log::error(state.name, "refused: " + answer.text + ": " + answer.reason);
  for (const auto& what : state.subscriptions.on_answer(answer)) {
    const auto found = state.options.books.find(what.where);
    if (found != state.options.books.end()) {
      self->send(found->second, refused_atom::value, describe(what) + ": " + answer.reason);
    }
  }
  if (!answer.accepted) return;
  state.reopen_delay->reset();
  prove_good(self);
}

void check_answers(self_pointer self) {
  auto& state = self->state;
  if (state.answers_due_ns == 0) return;
  const auto now = state.options.now_ns();
  if (now < state.answers_due_ns) {
    arm(self, state.answers_due_ns);
    return;
  }
  state.answers_due_ns = 0;
  const auto overdue = state.subscriptions.overdue(now - state.options.answer_timeout_ms * ms);
  if (overdue.empty()) return;
  std::string names;
  for (const auto& what : overdue) names += (names.empty() ? "" : ", ") + describe(what);
  log::warning(state.name, "no answer and no data yet for " + names);
}

void keep_alive_due(self_pointer self) {
  auto& state = self->state;
  if (state.keep_alive_ns == 0) return;
  const auto now = state.options.now_ns();
  if (now >= state.keep_alive_ns) {
    const auto keeps = state.session->keeps_alive();
    send_later(self, {keeps->text});
    state.keep_alive_ns = now + keeps->every_ns;
  }
  arm(self, state.keep_alive_ns);
}

}  // namespace feedtree::actors::connection_parts
