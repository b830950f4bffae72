// What a connection sends: subscriptions and keep-alives, paced by the venue's limits.
#include <algorithm>

#include "actors/supervision/failure.hpp"
#include "actors/venue/connection_parts.hpp"

namespace feedtree::actors::connection_parts {
namespace {

constexpr std::int64_t ms = 1'000'000;

}  // namespace

void subscribe(self_pointer self) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  state.subscriptions.start(state.options.plan.streams, now);
  state.ready = false;
  state.books_due.clear();
  for (const auto& what : state.options.plan.streams) {
    if (what.kind == event_kind::book) state.books_due.insert(what.where);
  }
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

void take_rest_result(self_pointer self, const rest_result& result) {
  if (take_trades_result(self, result) || take_proof_result(self, result)) return;
  take_snapshot_result(self, result);
}

void take_answer(self_pointer self, const venues::subscription_answer& answer) {
  auto& state = self->state;
  ++(answer.accepted ? state.statistics->subscriptions_accepted
                     : state.statistics->subscriptions_refused);
  if (!answer.accepted) log::error(state.name, "refused: " + answer.text + ": " + answer.reason);
  for (const auto& what : state.subscriptions.on_answer(answer)) {
    give_up(self, what);
    if (what.kind == event_kind::book) state.books_due.erase(what.where);
    const auto found = state.options.books.find(what.where);
    if (found != state.options.books.end()) {
      self->send(found->second, refused_atom::value, describe(what) + ": " + answer.reason);
    }
  }
  if (!answer.accepted) return;
  state.reopen_delay->reset();
  prove_good(self);
}

// A venue may grant a stream of an instrument that it does not have, and send nothing.
static void tell_of_missing_books(const connection_state& state) {
  std::string names;
  for (const auto* where : state.books_due) {
    names += (names.empty() ? "" : ", ") + where->symbol;
  }
  if (names.empty()) return;
  log::warning(state.name, "no book yet of " + names + ", " +
                               std::to_string(state.options.answer_timeout_ms / 1'000) +
                               " s after it was asked for: does the venue have it?");
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
  tell_of_missing_books(state);
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
