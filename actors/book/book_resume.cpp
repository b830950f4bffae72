// Where a book goes on: behind what an actor before it had handed on, or an earlier run of the
// server had stored.
#include "actors/book/book_parts.hpp"

namespace feedtree::actors::book_parts {
namespace {

// The actor before this one may have taken events along: the ledger says so.
void resume_after_restart(self_pointer self, const book_statistics& before) {
  auto& state = self->state;
  const auto accepted_ns = state.accepted_ns->load();
  auto out = std::make_shared<event_batch>();
  const auto now = state.now_ns();
  for (std::size_t at = 0; at < event_kinds; ++at) {
    const auto kind = static_cast<event_kind>(at);
    if (kind == event_kind::book) {
      state.book->resume(before.past[at], accepted_ns, now, *out);
    } else {
      state.others->resume(kind, before.past[at], accepted_ns, now, *out);
    }
  }
  const auto& trades = before.past[static_cast<std::size_t>(event_kind::trade)];
  if (trades.gap_is_open && trades.cause == gap_cause::outage) state.trades->lose_outage();
  pass_on(self, std::move(out));
}

// Nobody was there: of each feed that was stored and is wanted the ledger says since when.
void resume_after_outage(self_pointer self, const instrument_past& past) {
  auto& state = self->state;
  auto out = std::make_shared<event_batch>();
  const auto now = state.now_ns();
  for (std::size_t at = 0; at < event_kinds; ++at) {
    const auto kind = static_cast<event_kind>(at);
    const auto& feed = past.feeds[at];
    if (feed.receive_ns == 0 || !state.kinds.test(at)) continue;
    if (kind == event_kind::book) {
      state.book->resume_after_outage(feed.past, feed.receive_ns, now, *out);
    } else {
      state.others->resume_after_outage(kind, feed.past, feed.receive_ns, now, *out);
    }
    if (kind != event_kind::trade) continue;
    state.trades->resume(past.trades);
    // Numbers say that trades may be missing before that, which were waited for.
    const auto whole_until_ns =
        state.trades->options().numbered ? state.others->past(kind).begin_ns : alive_until_ns(past);
    state.candles->resume(past.candles, whole_until_ns);
  }
  pass_on(self, std::move(out));
}

}  // namespace

void resume(self_pointer self, const std::optional<instrument_past>& past) {
  auto& state = self->state;
  state.accepted_ns = state.counters->accepted_ns(state.where);
  if (state.accepted_ns->load() == 0) {
    if (past) resume_after_outage(self, *past);
    return;
  }
  if (const auto before = state.counters->book(state.where)) resume_after_restart(self, *before);
}

}  // namespace feedtree::actors::book_parts
