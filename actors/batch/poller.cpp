#include "actors/batch/poller.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/bridge.hpp"
#include "actors/supervision/failure.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = poller_actor::stateful_pointer<poller_state>;
constexpr std::int64_t ms = 1'000'000;

void pump(self_pointer self) {
  auto& state = self->state;
  for (auto& [where, box] : state.outboxes) {
    const auto& to = state.options.books.at(where);
    box.pump([&](std::uint64_t sequence, const decoded_slice& slice) {
      self->send(to, batch_atom::value, sequence, slice);
    });
    state.displays.at(where).show(box, *state.options.counters);
  }
}

void again_in(self_pointer self, std::int64_t delay_ms) {
  self->delayed_send(self, std::chrono::milliseconds(delay_ms), timer_atom::value);
}

// Sends the next request, unless events of an earlier one still wait for credit.
void poll_next(self_pointer self) {
  auto& state = self->state;
  const bool clear = std::all_of(state.outboxes.begin(), state.outboxes.end(),
                                 [](const auto& entry) { return entry.second.is_clear(); });
  if (!clear) {
    again_in(self, 100);
    return;
  }
  const auto& request = state.options.requests[state.next];
  const auto now = state.options.now_ns();
  const auto when = state.options.budget->poll_rest_or_when(request.weight, now);
  if (when != 0) {
    again_in(self, std::max<std::int64_t>(1, (when - now) / ms));
    return;
  }
  const bridge<poller_actor> to(poller_actor{self});
  state.options.https->get(request.url, {}, [to, ticket = ++state.ticket](auto answer) {
    to.post(rest_atom::value,
            rest_result{ticket, std::make_shared<transport::http_result>(std::move(answer))});
  });
}

void hand_out(self_pointer self, const std::shared_ptr<event_batch>& batch) {
  auto& state = self->state;
  for (std::size_t at = 0; at < batch->events.size(); ++at) {
    const auto* const where = batch->events[at].where;
    if (!state.options.books.contains(where)) continue;
    auto [box, unused] = state.outboxes.try_emplace(where, state.options.credit);
    state.displays.try_emplace(where, state.options.name + " to " + where->symbol);
    box->second.push({batch, {static_cast<std::uint32_t>(at)}, sizeof(event)}, 1, sizeof(event));
  }
  pump(self);
}

// Why an answer is of no use; empty if it was read.
std::string read_answer(self_pointer self, const std::string& url, transport::http_result& result) {
  auto& state = self->state;
  if (const auto* const error = std::get_if<transport::transport_error>(&result)) {
    return error->message;
  }
  auto& answer = std::get<transport::http_response>(result);
  if (answer.status != 200) {
    const auto wait_ns = asked_wait_s(answer.status, answer.retry_after_s, answer.body) * 1000 * ms;
    if (wait_ns > 0) state.options.budget->penalise(budget_rest, state.options.now_ns() + wait_ns);
    return status_text(answer);
  }
  const auto batch = std::make_shared<event_batch>();
  venues::frame_report report;
  state.tap.rest(url, answer.body, answer.receive_ns);
  state.options.session->decode_rest(url, {std::move(answer.body), answer.receive_ns}, *batch,
                                     report);
  hand_out(self, batch);
  return report.reason.empty() ? report.losses.field : report.reason;
}

void take_result(self_pointer self, const rest_result& result) {
  auto& state = self->state;
  if (result.ticket != state.ticket || state.stopping) return;
  const auto& url = state.options.requests[state.next].url;
  const auto problem = read_answer(self, url, *result.result);
  if (!problem.empty()) log::warning(state.options.name, url + ": " + problem);
  state.next = (state.next + 1) % state.options.requests.size();
  again_in(self, state.next == 0 ? state.options.interval_ms : 1);
}

void quit_when_done(self_pointer self) {
  auto& state = self->state;
  const bool done = std::all_of(state.outboxes.begin(), state.outboxes.end(),
                                [](const auto& entry) { return entry.second.is_done(); });
  if (state.stopping && done) self->quit();
}

}  // namespace

poller_actor::behavior_type poller_behavior(self_pointer self, poller_options options) {
  self->state.options = std::move(options);
  fail_on_exception(self, self->state.options.name);
  self->state.tap =
      archive_tap(self->state.options.archive, std::string(self->state.options.session->venue()),
                  self->state.options.name);
  poll_next(self);
  return {
      [self](ack_atom, std::uint64_t sequence) {
        for (auto& [where, box] : self->state.outboxes) {
          const auto to =
              caf::actor_cast<caf::strong_actor_ptr>(self->state.options.books.at(where));
          if (to == self->current_sender()) box.acknowledge(sequence);
        }
        pump(self);
        quit_when_done(self);
      },
      [self](rest_atom, const rest_result& result) { take_result(self, result); },
      [self](timer_atom) {
        if (!self->state.stopping) poll_next(self);
      },
      [self](stop_atom) {
        self->state.stopping = true;
        quit_when_done(self);
      },
  };
}

}  // namespace feedtree::actors
