// The parts of a connection actor, for its own files only: its life (connection.cpp), its frames
// (connection_frames.cpp), what it sends and asks for (connection_requests.cpp), its snapshots
// (connection_snapshots.cpp) and its silence (connection_silence.cpp).
#pragma once

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/venue/connection.hpp"

namespace feedtree::actors::connection_parts {

using self_pointer = connection_actor::stateful_pointer<connection_state>;

// Life.
void open_socket(self_pointer self);
void close_socket(self_pointer self, const std::string& reason);
// The venue gave what was asked for.
void prove_good(self_pointer self);
// Makes sure that a timer message comes no later than at this time.
void arm(self_pointer self, std::int64_t at_ns);
// The kinds of data that the plan has for an instrument.
kind_set planned_kinds(const connection_state& state, const listing* where);
// The book actors hear that the connection is gone, or begins anew.
void tell_books(self_pointer self, const std::string& reason);

// Something was acknowledged, or is not waited for any more: does what it held up.
void go_on(self_pointer self);
// Tells the line once that all streams run on this socket.
void tell_if_ready(self_pointer self);
// All is handed over: tells the books, if another connection has taken over, and quits.
void finish(self_pointer self);

// Frames.
void prepare_slots(self_pointer self);
// Decodes what waits in the inbox, if there is credit for what came of the last time.
void take_frames(self_pointer self);
// Counts what of the frame that was read last did not fit while the rest of it did; what is in
// quarantine of it goes into the batch.
void take_losses(self_pointer self, std::int64_t receive_ns, event_batch& batch);
void pump(self_pointer self);
bool is_clear(const connection_state& state);
bool is_done(const connection_state& state);
// A REST answer with data, decoded and handed to the books.
void take_rest_body(self_pointer self, const std::string& url, transport::http_response& answer);

// Streams that go.
void drop_instrument(self_pointer self, const listing* where);

// Requests.
void subscribe(self_pointer self);
void send_later(self_pointer self, std::vector<std::string> frames);
void send_due(self_pointer self);
void take_rest_result(self_pointer self, const rest_result& result);
// Missing trades: connection_trades.cpp.
void want_trades(self_pointer self, const missing_trades& what);
void ask_for_due_trades(self_pointer self);
// Tells those who wait for trades that there will be no answer.
void refuse_trades(self_pointer self);
// False if the result is not of a request for trades.
bool take_trades_result(self_pointer self, const rest_result& result);
void take_answer(self_pointer self, const venues::subscription_answer& answer);
void check_answers(self_pointer self);
void keep_alive_due(self_pointer self);

// Snapshots.
const venues::stream* book_stream(const connection_state& state, const listing* where);
void get_over_rest(self_pointer self, const std::string& url, std::uint64_t ticket);
// Why an answer is none, and for how long the venue says to wait; empty if it is one.
std::string refusal(const transport::http_result& result, std::int64_t& wait_ms);
void want_snapshot(self_pointer self, const listing* where);
void snapshot_came(self_pointer self, const listing* where);
void ask_for_due_snapshots(self_pointer self);
// A frame or body could not be read: it may have been a snapshot that is waited for.
void doubt_snapshots(self_pointer self);
bool take_snapshot_result(self_pointer self, const rest_result& result);

// Silence.
void prepare_watch(self_pointer self);
void start_watch(self_pointer self);
void stop_watch(self_pointer self);
// The venue refused this stream: nothing is expected of it.
void give_up(self_pointer self, const venues::stream& what);
// This stream is not wanted any more, on no later connection either.
void drop_feed(self_pointer self, const venues::stream& what);
// What was heard in the frames that were just taken, the last at this time.
void note_heard(connection_state& state, std::int64_t receive_ns);
void look_at_silence(self_pointer self);
bool take_proof_result(self_pointer self, const rest_result& result);
// The venue's present book is the same as ours.
void take_proof(self_pointer self, const listing* where);

}  // namespace feedtree::actors::connection_parts
