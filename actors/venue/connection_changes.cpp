// What a connection does when it is to carry less.
#include <algorithm>

#include "actors/venue/connection_parts.hpp"

namespace feedtree::actors::connection_parts {
namespace {

void forget_slot(connection_state& state, const listing* where) {
  std::erase_if(state.slots, [where](const auto& slot) { return slot.where == where; });
  std::fill(state.slot_of.begin(), state.slot_of.end(), 0);
  for (std::size_t at = 0; at < state.slots.size(); ++at) {
    state.slot_of[state.slots[at].where->index] = static_cast<std::uint32_t>(at + 1);
  }
}

}  // namespace

// What the venue still sends of it counts as unclaimed.
void drop_instrument(self_pointer self, const listing* where) {
  auto& state = self->state;
  std::vector<venues::stream> gone;
  std::copy_if(state.options.plan.streams.begin(), state.options.plan.streams.end(),
               std::back_inserter(gone), [&](const auto& what) { return what.where == where; });
  if (gone.empty()) return;
  std::erase_if(state.options.plan.streams, [&](const auto& what) { return what.where == where; });
  state.subscriptions.forget(where);
  for (const auto& what : gone) {
    give_up(self, what);
    drop_feed(self, what);
  }
  state.options.books.erase(where);
  state.books_due.erase(where);
  forget_slot(state, where);
  if (state.open) send_later(self, state.session->unsubscribe_frames(gone));
  // It may have been this book that frames, an end or a line waited for.
  go_on(self);
  tell_if_ready(self);
}

}  // namespace feedtree::actors::connection_parts
