// How a connection fetches trades that a book misses, over REST and within the venue's budget.
#include <algorithm>

#include "actors/bridge.hpp"
#include "actors/supervision/failure.hpp"
#include "actors/venue/connection_parts.hpp"

namespace feedtree::actors::connection_parts {
namespace {

constexpr std::int64_t ms = 1'000'000;

void answer(self_pointer self, const wanted_trades& wanted, batch_ptr batch) {
  self->send(wanted.to, filled_atom::value, trades_answer{std::move(batch)});
}

// What takes many requests leaves room for snapshots.
bool is_long(const missing_trades& what) {
  constexpr std::uint64_t trades_of_one_request = 1'000;
  const auto& numbers = what.numbers;
  return numbers == number_range{} || numbers.last - numbers.first >= trades_of_one_request;
}

// False if the budget has no room yet.
bool ask(self_pointer self, wanted_trades& wanted, const venues::rest_request& request) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  auto& budget = *state.options.budget;
  const auto when = is_long(wanted.what) ? budget.spare_rest_or_when(request.weight, now)
                                         : budget.take_or_when(budget_rest, request.weight, now);
  if (when != 0) {
    wanted.due_ns = when;
    arm(self, when);
    return false;
  }
  wanted.ticket = state.next_ticket++;
  const bridge<connection_actor> to(connection_actor{self});
  state.options.https->get(request.url, {}, [to, ticket = wanted.ticket](auto result) {
    to.post(rest_atom::value,
            rest_result{ticket, std::make_shared<transport::http_result>(std::move(result))});
  });
  return true;
}

// The trades of an answer; null if it cannot be read.
batch_ptr read(self_pointer self, const missing_trades& what, transport::http_response& body) {
  auto& state = self->state;
  const auto request = state.session->trades_request(what);
  auto batch = std::make_shared<event_batch>();
  state.tap.rest(request->url, body.body, body.receive_ns);
  const venues::raw_frame frame{std::move(body.body), body.receive_ns};
  state.session->decode_rest(request->url, frame, *batch, state.report);
  take_losses(self, frame.receive_ns, *batch);
  if (state.report.outcome != venues::frame_outcome::rejected) return batch;
  log::warning(state.name, "no trades of " + what.where->symbol + ": " + state.report.reason);
  return nullptr;
}

}  // namespace

void want_trades(self_pointer self, const missing_trades& what) {
  auto& state = self->state;
  const auto book = state.options.books.find(what.where);
  if (book == state.options.books.end()) return;
  state.trades.push_back({what, book->second});
  ask_for_due_trades(self);
}

void ask_for_due_trades(self_pointer self) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  for (auto at = state.trades.begin(); at != state.trades.end();) {
    if (at->ticket != 0 || at->due_ns > now) {
      if (at->ticket == 0) arm(self, at->due_ns);
      ++at;
      continue;
    }
    const auto request = state.session->trades_request(at->what);
    if (!request.has_value()) {
      answer(self, *at, nullptr);
      at = state.trades.erase(at);
      continue;
    }
    if (!ask(self, *at, *request)) return;
    ++at;
  }
}

void refuse_trades(self_pointer self) {
  for (const auto& wanted : std::exchange(self->state.trades, {})) answer(self, wanted, nullptr);
}

bool take_trades_result(self_pointer self, const rest_result& result) {
  auto& state = self->state;
  const auto found =
      std::find_if(state.trades.begin(), state.trades.end(),
                   [&](const wanted_trades& entry) { return entry.ticket == result.ticket; });
  if (found == state.trades.end()) return false;
  const auto wanted = *found;
  state.trades.erase(found);
  std::int64_t wait_ms = 0;
  const auto why = refusal(*result.result, wait_ms);
  if (wait_ms != 0)
    state.options.budget->penalise(budget_rest, state.options.now_ns() + wait_ms * ms);
  if (!why.empty()) {
    log::warning(state.name, "no trades of " + wanted.what.where->symbol + ": " + why);
    answer(self, wanted, nullptr);
    return true;
  }
  answer(self, wanted, read(self, wanted.what, std::get<transport::http_response>(*result.result)));
  return true;
}

}  // namespace feedtree::actors::connection_parts
