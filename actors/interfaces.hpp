// The typed handles of all actors: what each understands, one comment a message.
#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/messages.hpp"

namespace feedtree::actors {

// Anyone who sends over a credited edge.
using producer_actor = caf::typed_actor<
    // The receiver has finished the item of this sequence: its credit is free again.
    caf::reacts_to<ack_atom, std::uint64_t>>;

// Anyone who runs under a supervisor.
using child_actor = caf::typed_actor<
    // From its supervisor: finish what is under way, then quit.
    caf::reacts_to<stop_atom>>;

// Writes batches to one sink, in order; acknowledges to their sender when the sink has them for
// good (flushed: committed, written, answered by the server).
using sink_actor = caf::typed_actor<
    // A batch of the sender's outbox, with its sequence there.
    caf::reacts_to<batch_atom, std::uint64_t, batch_ptr>,
    // An answer to a request for a present book: the batch's one event goes to the inbox.
    caf::reacts_to<present_atom, book_question, batch_ptr>,
    // To itself: try again what the sink could not take.
    caf::reacts_to<retry_atom>,
    // To itself: hand over what waits in the sink's buffer.
    caf::reacts_to<timer_atom>,
    // From its supervisor: take no more, flush, close, quit.
    caf::reacts_to<stop_atom>>;

// Does the journal's disk work: stores, reads, deletes.
using journal_store_actor = caf::typed_actor<
    // A batch to store, with its position.
    caf::reacts_to<batch_atom, std::uint64_t, batch_ptr>,
    // To itself: store what has come together.
    caf::reacts_to<commit_atom>,
    // A sink needs a part of the journal; answered by page_atom to the sender.
    caf::reacts_to<read_atom, journal_request>,
    // How far the sinks are.
    caf::reacts_to<cursor_atom, journal_cursors>,
    // To itself: try again what the disk did not take.
    caf::reacts_to<retry_atom>,
    // From its supervisor: store what waits, quit.
    caf::reacts_to<stop_atom>>;

// Passes batches of all venues to the journal and to the sinks, each by its policy.
using distributor_actor = producer_actor::extend<
    // A batch of a validator's outbox, with its sequence there.
    caf::reacts_to<batch_atom, std::uint64_t, batch_ptr>,
    // A present book that was asked for: passed to the sink behind everything before it.
    caf::reacts_to<present_atom, book_question, batch_ptr>,
    // A sink or the journal's actor was started again.
    caf::reacts_to<sinks_atom>,
    // From the journal: up to where everything is stored, or that it cannot store.
    caf::reacts_to<stored_atom, journal_report>,
    // From the journal: a part of it that a sink needs.
    caf::reacts_to<page_atom, journal_answer>,
    // To itself: what cannot be handed over in time stays in the journal.
    caf::reacts_to<timer_atom>,
    // From its supervisor: hand over what waits, then quit.
    caf::reacts_to<stop_atom>>;

// Counts a venue's judged events and hands them to the distributor.
using validator_actor = producer_actor::extend<
    // A batch of a book actor's outbox, with its sequence there.
    caf::reacts_to<batch_atom, std::uint64_t, batch_ptr>,
    // A present book that was asked for: passed on behind everything before it.
    caf::reacts_to<present_atom, book_question, batch_ptr>,
    // The distributor was started again: what the old one had not finished goes to the new one.
    caf::reacts_to<sinks_atom>,
    // To itself, once a second: looks for a breaker that opened.
    caf::reacts_to<timer_atom>,
    // From its supervisor: hand over what waits, then quit.
    caf::reacts_to<stop_atom>>;

// Keeps one instrument's book, judges its events and builds its candles.
using book_actor = producer_actor::extend<
    // Decoded events of this instrument, from a connection, with their sequence there.
    caf::reacts_to<batch_atom, std::uint64_t, decoded_slice>,
    // The connection that carried these feeds is gone, or begins anew: why.
    caf::reacts_to<lost_atom, feed_notice>,
    // Nothing came of these feeds for longer than can be believed.
    caf::reacts_to<stale_atom, feed_notice>,
    // Something is done about the gaps of these feeds.
    caf::reacts_to<repair_atom, repair_notice>,
    // The venue's present book, to be compared: where it is the same, the connection hears of it.
    caf::reacts_to<proof_atom, batch_ptr>,
    // Frames of the connection are missing and may have been this book's: how.
    caf::reacts_to<hole_atom, std::string>,
    // The connection that sends this sends nothing more, ever: why.
    caf::reacts_to<ended_atom, std::string>,
    // The venue refused this instrument: why.
    caf::reacts_to<refused_atom, std::string>,
    // Someone asks for the present book.
    caf::reacts_to<present_atom, book_question>,
    // From a connection: what came of a request for missing trades. One is under way at a time.
    caf::reacts_to<filled_atom, trades_answer>,
    // To itself: trades that wait, or are missing, are due.
    caf::reacts_to<timer_atom>,
    // The operator asks for the present book: an event of its own, not one of the feed.
    caf::replies_to<present_atom>::with<batch_ptr>,
    // From its supervisor: hand over what waits, then quit.
    caf::reacts_to<stop_atom>>;

// Runs a connection, and replaces it by a new one before it is too old.
using connection_line_actor = child_actor::extend<
    // From a connection: it brings all that it was asked for.
    caf::reacts_to<ready_atom>,
    // From a connection: the venue announced that it closes it.
    caf::reacts_to<retire_atom>,
    // From the venue's director: this instrument is not wanted any more.
    caf::reacts_to<drop_atom, feed_ref>,
    // To itself: the connection is old.
    caf::reacts_to<retry_atom, std::uint64_t>,
    // To itself: both connections have run side by side for long enough.
    caf::reacts_to<timer_atom, std::uint64_t>>;

// Holds one WebSocket connection of a venue: opens it, subscribes, decodes, opens it again.
using connection_actor = producer_actor::extend<
    // From the bridge: the connection is open.
    caf::reacts_to<opened_atom, std::uint64_t>,
    // From the bridge: frames wait in the inbox.
    caf::reacts_to<frames_atom>,
    // From the bridge: the connection is over, or did not come to be.
    caf::reacts_to<closed_atom, std::uint64_t, connection_end>,
    // From the bridge: a REST request ended.
    caf::reacts_to<rest_atom, rest_result>,
    // From a book: it needs a snapshot.
    caf::reacts_to<resync_atom, feed_ref>,
    // From the venue's director: this instrument is not wanted any more.
    caf::reacts_to<drop_atom, feed_ref>,
    // From a book: the venue's present book is the same, so its silence is a quiet market.
    caf::reacts_to<proof_atom, feed_ref>,
    // From a book: its updates show nothing new (true), or something again; said when that changes.
    caf::reacts_to<repeats_atom, feed_ref, bool>,
    // From a book: trades are missing; answered by filled_atom.
    caf::reacts_to<fill_atom, missing_trades>,
    // From its line: another connection has taken over; tell the books, then as stop_atom.
    caf::reacts_to<retire_atom>,
    // To itself: something is due (a paced frame, a keep-alive, a retry).
    caf::reacts_to<timer_atom>,
    // From its supervisor: close the connection, hand over what waits, quit.
    caf::reacts_to<stop_atom>>;

// Polls what a venue gives over REST only.
using poller_actor = producer_actor::extend<
    // From the bridge: a REST request ended.
    caf::reacts_to<rest_atom, rest_result>,
    // To itself: the next request is due.
    caf::reacts_to<timer_atom>,
    // From its supervisor: ask no more, hand over what waits, quit.
    caf::reacts_to<stop_atom>>;

// Fetches by a schedule what a source gives over REST, and keeps in the database how far it is.
using batch_poller_actor = producer_actor::extend<
    // From the bridge: a REST request ended.
    caf::reacts_to<rest_atom, rest_result>,
    // The distributor was started again: what the old one had not finished goes to the new one.
    caf::reacts_to<sinks_atom>,
    // To itself: the next run, or the next request of the one under way, is due.
    caf::reacts_to<timer_atom, std::uint64_t>,
    // From its supervisor: ask no more, hand over what waits, quit.
    caf::reacts_to<stop_atom>>;

// Looks up a venue's symbols, then runs its validator, books and connections under a supervisor.
using venue_actor = caf::typed_actor<
    // From the bridge: a REST request ended.
    caf::reacts_to<rest_atom, rest_result>,
    // To itself: try again.
    caf::reacts_to<retry_atom>,
    // To itself: instruments that the venue did not have are looked for again.
    caf::reacts_to<timer_atom>,
    // Someone asks whether the venue has an instrument.
    caf::reacts_to<find_atom, symbol_question>,
    // To itself: who asked the question of this number waits no longer.
    caf::reacts_to<timer_atom, std::uint64_t>,
    // Other instruments of this venue are wanted: see venue_control.
    caf::reacts_to<change_atom>,
    // From its supervisor: stop what was started, in reverse order, then quit.
    caf::reacts_to<stop_atom>>;

// Looks at the server for its operator; HTTP is served while it lives.
using operator_actor = caf::typed_actor<
    // To itself: look at everything.
    caf::reacts_to<timer_atom>,
    // From the bridge: someone asks over HTTP for the present book.
    caf::reacts_to<present_atom, book_inquiry>,
    // From its supervisor: serve no more, quit.
    caf::reacts_to<stop_atom>>;

// Starts children in order, restarts them by its strategy, stops them in reverse order.
using supervisor_actor = caf::typed_actor<
    // To itself: the child whose last run this was may be started again.
    caf::reacts_to<retry_atom, std::uint64_t>,
    // To itself: the grace period of the child in this run is over.
    caf::reacts_to<timer_atom, std::uint64_t>,
    // From its parent: start one more, in the place behind the child of this name (empty: last).
    caf::reacts_to<add_atom, child_spec_ptr, std::string>,
    // From its parent: stop the child of this name for good; the others are not touched.
    caf::reacts_to<remove_atom, std::string>,
    // From an operator: restart the child of this name, with those that its strategy says.
    caf::reacts_to<restart_atom, std::string>,
    // From its parent: stop all children in reverse order, then quit.
    caf::reacts_to<stop_atom>>;

}  // namespace feedtree::actors
