// Every message that travels between actors, and the lines that depend on CAF's version.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/type_id.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/venue/symbol_question.hpp"
#include "adapters/transport/error.hpp"
#include "adapters/transport/http_message.hpp"
#include "core/event.hpp"
#include "core/trade_continuity.hpp"

namespace feedtree::actors {

struct child_spec;  // of the supervisor
using child_spec_ptr = std::shared_ptr<const child_spec>;

// The events of one decoded batch that belong to one book actor; the batch itself is shared.
struct decoded_slice {
  batch_ptr batch;
  std::vector<std::uint32_t> indices;
  std::size_t bytes = 0;
};

// Which instrument's feed a message is about.
struct feed_ref {
  const listing* where = nullptr;
};

// What happened to some feeds of an instrument, and why.
struct feed_notice {
  kind_set kinds;
  std::string reason;
};

// What is done about the gaps of some feeds of an instrument.
struct repair_notice {
  kind_set kinds;
  gap_repair what = gap_repair::none;
};

// A connection's end, as the transport tells it.
struct connection_end {
  transport::transport_error error;
};

// The result of a REST request: the answer, or why there is none.
struct rest_result {
  std::uint64_t ticket = 0;  // which request it belongs to
  std::shared_ptr<transport::http_result> result;
};

// What came of a request for missing trades: null if nothing did.
struct trades_answer {
  batch_ptr batch;
};

// Which sink was asked for a present book, and where its answer goes (a NATS inbox).
struct book_question {
  std::size_t sink = 0;
  std::string reply_to;
};

// A question over HTTP for a present book; take gets it, or null if there is none.
struct book_inquiry {
  std::string venue;
  std::string instrument;
  std::function<void(batch_ptr)> take;
};

// A part of the journal that a sink needs.
struct journal_request {
  std::size_t sink = 0;
  std::uint64_t after = 0;
  std::uint64_t events_max = 0;
  std::uint64_t bytes_max = 0;
};

// The answer: batches with their positions; through: nothing else is stored up to here.
struct journal_answer {
  std::size_t sink = 0;
  std::vector<std::pair<std::uint64_t, batch_ptr>> batches;
  std::uint64_t through = 0;
  bool at_end = false;
};

// How the journal is: stored up to here, and whether it can go on.
struct journal_report {
  std::uint64_t stored = 0;
  bool failing = false;  // the disk takes nothing
  std::string error;
};

// Up to where each sink has everything, by the sink's index.
struct journal_cursors {
  std::vector<std::uint64_t> passed;
};

}  // namespace feedtree::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::batch_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::child_spec_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::decoded_slice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::feed_ref)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::feed_notice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::repair_notice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::connection_end)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::rest_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::missing_trades)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::trades_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::book_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::book_inquiry)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::symbol_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::journal_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::journal_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::journal_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(feedtree::actors::journal_cursors)

CAF_BEGIN_TYPE_ID_BLOCK(feedtree, first_custom_type_id)
CAF_ADD_TYPE_ID(feedtree, (feedtree::batch_ptr))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::child_spec_ptr))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::decoded_slice))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::feed_ref))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::feed_notice))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::repair_notice))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::connection_end))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::rest_result))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::book_question))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::book_inquiry))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::journal_request))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::journal_answer))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::journal_report))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::journal_cursors))
CAF_ADD_TYPE_ID(feedtree, (feedtree::missing_trades))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::trades_answer))
CAF_ADD_TYPE_ID(feedtree, (feedtree::actors::symbol_question))
CAF_ADD_ATOM(feedtree, feedtree::actors, ack_atom, "ack")
CAF_ADD_ATOM(feedtree, feedtree::actors, batch_atom, "batch")
CAF_ADD_ATOM(feedtree, feedtree::actors, present_atom, "present")
CAF_ADD_ATOM(feedtree, feedtree::actors, lost_atom, "lost")
CAF_ADD_ATOM(feedtree, feedtree::actors, hole_atom, "hole")
CAF_ADD_ATOM(feedtree, feedtree::actors, stale_atom, "stale")
CAF_ADD_ATOM(feedtree, feedtree::actors, repair_atom, "repair")
CAF_ADD_ATOM(feedtree, feedtree::actors, proof_atom, "proof")
CAF_ADD_ATOM(feedtree, feedtree::actors, repeats_atom, "repeats")
CAF_ADD_ATOM(feedtree, feedtree::actors, resync_atom, "resync")
CAF_ADD_ATOM(feedtree, feedtree::actors, fill_atom, "fill")
CAF_ADD_ATOM(feedtree, feedtree::actors, filled_atom, "filled")
CAF_ADD_ATOM(feedtree, feedtree::actors, ready_atom, "ready")
CAF_ADD_ATOM(feedtree, feedtree::actors, retire_atom, "retire")
CAF_ADD_ATOM(feedtree, feedtree::actors, ended_atom, "ended")
CAF_ADD_ATOM(feedtree, feedtree::actors, opened_atom, "opened")
CAF_ADD_ATOM(feedtree, feedtree::actors, frames_atom, "frames")
CAF_ADD_ATOM(feedtree, feedtree::actors, closed_atom, "closed")
CAF_ADD_ATOM(feedtree, feedtree::actors, rest_atom, "rest")
CAF_ADD_ATOM(feedtree, feedtree::actors, timer_atom, "timer")
CAF_ADD_ATOM(feedtree, feedtree::actors, stop_atom, "stop")
CAF_ADD_ATOM(feedtree, feedtree::actors, retry_atom, "retry")
CAF_ADD_ATOM(feedtree, feedtree::actors, drain_atom, "drain")
CAF_ADD_ATOM(feedtree, feedtree::actors, sinks_atom, "sinks")
CAF_ADD_ATOM(feedtree, feedtree::actors, refused_atom, "refused")
CAF_ADD_ATOM(feedtree, feedtree::actors, commit_atom, "commit")
CAF_ADD_ATOM(feedtree, feedtree::actors, read_atom, "read")
CAF_ADD_ATOM(feedtree, feedtree::actors, page_atom, "page")
CAF_ADD_ATOM(feedtree, feedtree::actors, stored_atom, "stored")
CAF_ADD_ATOM(feedtree, feedtree::actors, cursor_atom, "cursor")
CAF_ADD_ATOM(feedtree, feedtree::actors, add_atom, "add")
CAF_ADD_ATOM(feedtree, feedtree::actors, remove_atom, "remove")
CAF_ADD_ATOM(feedtree, feedtree::actors, restart_atom, "restart")
CAF_ADD_ATOM(feedtree, feedtree::actors, change_atom, "change")
CAF_ADD_ATOM(feedtree, feedtree::actors, drop_atom, "drop")
CAF_ADD_ATOM(feedtree, feedtree::actors, find_atom, "find")
CAF_END_TYPE_ID_BLOCK(feedtree)
