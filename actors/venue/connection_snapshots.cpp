// The snapshots that a connection asks for, and what it does when they do not come or do not help.
#include <algorithm>

#include "actors/bridge.hpp"
#include "actors/supervision/failure.hpp"
#include "actors/venue/connection_parts.hpp"

namespace feedtree::actors::connection_parts {
namespace {

constexpr std::int64_t ms = 1'000'000;

void note_repair(self_pointer self, const listing* where, gap_repair what) {
  const auto found = self->state.options.books.find(where);
  if (found == self->state.options.books.end()) return;
  kind_set book;
  book.set(static_cast<std::size_t>(event_kind::book));
  self->send(found->second, repair_atom::value, repair_notice{book, what});
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
  note_repair(self, wanted.book.where, gap_repair::snapshot);
  get_over_rest(self, request.url, wanted.ticket);
}

void ask(self_pointer self, wanted_snapshot& wanted) {
  auto& state = self->state;
  if (const auto request = state.session->snapshot_request(wanted.book)) {
    ask_over_rest(self, wanted, *request);
    return;
  }
  ++state.statistics->resyncs;
  wanted.is_asked = true;
  wanted.due_ns = state.options.now_ns() + state.options.snapshot_timeout_ms * ms;
  arm(self, wanted.due_ns);
  note_repair(self, wanted.book.where, gap_repair::resubscribe);
  send_later(self, state.session->resync_frames(wanted.book));
}

void ask_again(self_pointer self, wanted_snapshot& wanted, const std::string& why,
               std::int64_t least_ms) {
  auto& state = self->state;
  wanted.ticket = 0;
  wanted.is_asked = false;
  const auto delay_ms = std::max(least_ms, wanted.delay->next_ms() + 1);
  wanted.due_ns = state.options.now_ns() + delay_ms * ms;
  log::warning(state.name, "no snapshot of " + wanted.book.where->symbol + ": " + why);
  arm(self, wanted.due_ns);
}

// The supervisor starts this connection anew, and what depends on it.
void call_supervisor(self_pointer self, const std::string& why) {
  auto& state = self->state;
  tell_books(self, why);
  for (const auto& [where, book] : state.options.books) {
    note_repair(self, where, gap_repair::restart);
  }
  self->quit(failure_error(state.name + ": " + why));
}

// The next step for a book whose snapshots do not come or do not help.
void take_step(self_pointer self, wanted_snapshot& wanted) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  const auto order = state.options.repairs->next(wanted.book.where, now);
  const auto why = "the book of " + wanted.book.where->symbol + " could not be repaired";
  wanted.is_asked = false;
  wanted.due_ns = order.at_ns;
  switch (order.what) {
    case repair_ladder::step::ask:
      if (order.at_ns <= now) return ask(self, wanted);
      return arm(self, order.at_ns);
    case repair_ladder::step::reconnect:
      log::warning(state.name, why + ": the connection is made anew");
      return close_socket(self, why);
    case repair_ladder::step::restart:
      log::error(state.name, why + ": the supervisor is called");
      return call_supervisor(self, why);
  }
}

}  // namespace

const venues::stream* book_stream(const connection_state& state, const listing* where) {
  for (const auto& what : state.options.plan.streams) {
    if (what.kind == event_kind::book && what.where == where) return &what;
  }
  return nullptr;
}

void get_over_rest(self_pointer self, const std::string& url, std::uint64_t ticket) {
  const bridge<connection_actor> to(connection_actor{self});
  self->state.options.https->get(url, {}, [to, ticket](auto result) {
    to.post(rest_atom::value,
            rest_result{ticket, std::make_shared<transport::http_result>(std::move(result))});
  });
}

std::string refusal(const transport::http_result& result, std::int64_t& wait_ms) {
  if (const auto* const error = std::get_if<transport::transport_error>(&result)) {
    return error->message;
  }
  const auto& answer = std::get<transport::http_response>(result);
  if (answer.status == 200) return {};
  wait_ms = asked_wait_s(answer.status, answer.retry_after_s, answer.body) * 1000;
  return status_text(answer);
}

void want_snapshot(self_pointer self, const listing* where) {
  auto& state = self->state;
  const auto* const book = book_stream(state, where);
  if (book == nullptr || !state.open || state.snapshots.contains(where)) return;
  auto& wanted = state.snapshots[where];
  wanted.book = *book;
  wanted.delay = std::make_unique<backoff>(state.options.reconnect, state.options.random);
  take_step(self, wanted);
}

void snapshot_came(self_pointer self, const listing* where) {
  auto& state = self->state;
  state.books_due.erase(where);
  if (state.snapshots.erase(where) == 0) return;
  state.options.repairs->repaired(where, state.options.now_ns());
}

void ask_for_due_snapshots(self_pointer self) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  for (auto& [where, wanted] : state.snapshots) {
    if (wanted.ticket != 0) continue;
    if (now < wanted.due_ns) {
      arm(self, wanted.due_ns);
    } else if (wanted.is_asked) {
      take_step(self, wanted);
    } else {
      ask(self, wanted);
    }
  }
}

void doubt_snapshots(self_pointer self) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  for (auto& [where, wanted] : state.snapshots) {
    if (!wanted.is_asked || wanted.ticket != 0) continue;
    wanted.due_ns = std::min(wanted.due_ns, now);
    arm(self, now);
  }
}

bool take_snapshot_result(self_pointer self, const rest_result& result) {
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
      return true;
    }
    const auto request = state.session->snapshot_request(wanted.book);
    // Asks again unless the decoded body turns out to be the snapshot: see snapshot_came.
    wanted.ticket = 0;
    wanted.is_asked = true;
    wanted.due_ns = state.options.now_ns() + state.options.snapshot_timeout_ms * ms;
    arm(self, wanted.due_ns);
    take_rest_body(self, request->url, std::get<transport::http_response>(*result.result));
    return true;
  }
  return false;
}

}  // namespace feedtree::actors::connection_parts
