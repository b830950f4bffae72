// What the files of the book actor share.
#pragma once

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <memory>
#include <optional>
#include <string>

#include "actors/book/book.hpp"

namespace feedtree::actors::book_parts {

using self_pointer = book_actor::stateful_pointer<book_state>;

// Sends on what an action of the keepers gave, and asks for a snapshot if the book came to need
// one.
void pass_on(self_pointer self, std::shared_ptr<event_batch> batch);

// The sender of the present message.
book_state::source& source_of(self_pointer self);
inline bool is_well(const book_state::source& what, event_kind kind) {
  return what.well.test(static_cast<std::size_t>(kind));
}
inline bool has_book(const kind_set& kinds) {
  return kinds.test(static_cast<std::size_t>(event_kind::book));
}
// The venue's snapshot of a book that counts as right is compared with it, before it is taken.
void note_deviation(book_state& state, const event& what, const event_batch& batch);

// How many connections bring trades.
std::size_t trade_sources(const book_state& state);
// Tells the connection when all updates of the book come to be repetitions, or no longer are: what
// shows nothing new is no sign of life. repeated: so many of the slice's updates were.
void note_repeats(self_pointer self, book_state::source& from, const decoded_slice& slice,
                  std::uint64_t repeated);

// Trades may come by more than one connection, or no longer.
void follow_trade_sources(book_state& state);

// Goes on where an actor that kept these feeds before this one ended, in this run of the server or
// in an earlier one.
void resume(self_pointer self, const std::optional<instrument_past>& past);

// This source brings nothing more. planned: another one brings all of it.
void end_source(self_pointer self, const caf::actor_addr& from, const std::string& reason,
                bool planned);
void on_down(self_pointer self, const caf::down_msg& down);
// A connection is lost, or mute. Said by nobody it holds for all that bring something.
void on_lost(self_pointer self, const feed_notice& what);
void on_stale(self_pointer self, const feed_notice& what);

}  // namespace feedtree::actors::book_parts
