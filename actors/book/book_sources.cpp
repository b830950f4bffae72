// Which connections bring a book's events, and what it means when one is lost or silent.
#include "actors/book/book_parts.hpp"

namespace feedtree::actors::book_parts {
namespace {

// Another connection has taken the place of those that ended in order.
void end_gone_sources(self_pointer self) {
  std::vector<caf::actor_addr> gone;
  for (const auto& entry : self->state.sources) {
    if (entry.gone) gone.push_back(entry.from);
  }
  for (const auto& from : gone) end_source(self, from, "the connection was restarted", false);
}

// Of these kinds those that nobody else brings: a source that is lost or silent takes them along.
kind_set take_along(book_state& state, book_state::source& from, const kind_set& kinds) {
  from.well &= ~kinds;
  auto rest = kinds;
  for (const auto& entry : state.sources) {
    if (&entry != &from) rest &= ~entry.well;
  }
  follow_trade_sources(state);
  return rest;
}

void lose(book_state& state, book_state::source& from, const feed_notice& what, event_batch& out) {
  const auto now = state.now_ns();
  if (has_book(what.kinds)) state.book->connection_lost(from.id, now, what.reason, out);
  state.others->lost(take_along(state, from, what.kinds), now, what.reason, out);
}

}  // namespace

// The sender of the present message.
book_state::source& source_of(self_pointer self) {
  auto& state = self->state;
  const auto from = caf::actor_cast<caf::actor_addr>(self->current_sender());
  for (auto& entry : state.sources) {
    if (entry.from == from) return entry;
  }
  if (from != nullptr) self->monitor(from);
  end_gone_sources(self);
  return state.sources.emplace_back(book_state::source{from, state.next_source++, {}});
}

void note_repeats(self_pointer self, book_state::source& from, const decoded_slice& slice,
                  std::uint64_t repeated) {
  std::uint64_t updates = 0;
  bool has_snapshot = false;
  for (const auto index : slice.indices) {
    const auto* const change = std::get_if<book_change>(&slice.batch->events[index].body);
    if (change == nullptr) continue;
    ++updates;
    has_snapshot = has_snapshot || change->snapshot;
  }
  const bool repeats = !has_snapshot && repeated >= updates;
  if (updates == 0 || std::exchange(from.repeats, repeats) == repeats) return;
  if (const auto to = caf::actor_cast<caf::actor>(from.from); to != nullptr) {
    const feed_ref feed{self->state.where};
    self->send(caf::actor_cast<connection_actor>(to), repeats_atom::value, feed, repeats);
  }
}

std::size_t trade_sources(const book_state& state) {
  const auto count =
      std::count_if(state.sources.begin(), state.sources.end(),
                    [](const auto& entry) { return is_well(entry, event_kind::trade); });
  return static_cast<std::size_t>(count);
}

void follow_trade_sources(book_state& state) {
  state.trades->set_redundant(trade_sources(state) > 1);
}

void end_source(self_pointer self, const caf::actor_addr& from, const std::string& reason,
                bool planned) {
  auto& state = self->state;
  const auto found = std::find_if(state.sources.begin(), state.sources.end(),
                                  [&](const auto& entry) { return entry.from == from; });
  if (found == state.sources.end()) return;
  auto out = std::make_shared<event_batch>();
  const auto now = state.now_ns();
  state.book->end(found->id, now, reason, *out);
  const auto alone = take_along(state, *found, found->well);
  if (!planned) state.others->lost(alone, now, reason, *out);
  state.sources.erase(found);
  pass_on(self, std::move(out));
}

// A connection that ended as it should leaves the book as it is: at the end of all nobody comes
// after it, and one that was restarted says so when it begins anew.
void on_down(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  if (down.reason || state.book->sources() > 1) {
    end_source(self, down.source, "the connection's actor ended", !down.reason);
    return;
  }
  for (auto& entry : state.sources) {
    if (entry.from == down.source) entry.gone = true;
  }
}

// Said by nobody it holds for all that bring something: the instrument was removed, or its venue is
// paused. The book ends then.
void on_lost(self_pointer self, const feed_notice& what) {
  auto& state = self->state;
  auto out = std::make_shared<event_batch>();
  if (self->current_sender() != nullptr) {
    lose(state, source_of(self), what, *out);
  } else {
    for (auto& from : state.sources) lose(state, from, what, *out);
    state.unwanted = true;
  }
  pass_on(self, std::move(out));
}

void on_stale(self_pointer self, const feed_notice& what) {
  auto& state = self->state;
  auto out = std::make_shared<event_batch>();
  auto& from = source_of(self);
  const auto now = state.now_ns();
  if (has_book(what.kinds)) state.book->stale(from.id, now, what.reason, *out);
  state.others->stale(take_along(state, from, what.kinds), now, what.reason, *out);
  pass_on(self, std::move(out));
}

}  // namespace feedtree::actors::book_parts
