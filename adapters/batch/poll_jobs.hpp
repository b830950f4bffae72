// What one run of a poller consists of, request by request. Pure: who runs it has the clock, the
// budget and the connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/batch/backfill_plan.hpp"
#include "adapters/batch/poll_source.hpp"

namespace feedtree::batch {

struct poll_request {
  venues::rest_request what;
  header_lines headers;  // may hold a key: never to be shown
};

// How far a feed is, and what was missing in the stretch that was read last.
struct poll_progress {
  checkpoint at;  // its from_ns and to_ns are 0: a feed that is polled has no end
  std::int64_t read_from_ns = 0;
  std::int64_t read_to_ns = 0;
  std::vector<history_gap> gaps;
};

class poll_job {
 public:
  virtual ~poll_job() = default;
  virtual std::string name() const = 0;  // "candle 1m BTC-USDT": for messages
  virtual bool is_done() const = 0;
  // While it is not done.
  virtual poll_request request() const = 0;
  // Reads the answer to request() and appends its events. Gives what is to be stored when these
  // are. Throws decode_error, too_often; everything is then as it was.
  virtual std::optional<poll_progress> read(const std::string& url, const venues::raw_frame& body,
                                            event_batch& out) = 0;
  // An answer that is no success: what is to be stored where it says that this part of the past is
  // not given. Nothing: the request has failed.
  virtual std::optional<poll_progress> refused(const venues::raw_frame&) { return {}; }
};
using poll_job_ptr = std::unique_ptr<poll_job>;

// Asks a venue for its symbols; the session, which outlives the job, knows them then.
poll_job_ptr make_symbols_job(const venues::venue& of, history_reader reader);

// Asks for what holds now: instruments in groups of a channel, as many as a request takes.
std::vector<poll_job_ptr> make_present_jobs(const poll_source& source,
                                            const std::vector<const listing*>& instruments,
                                            const history_reader& reader);

// What is fetched again and again of one feed's past.
struct polled_feed {
  const listing* where = nullptr;
  event_kind kind = event_kind::candle;
  std::int64_t interval_ns = 0;
};

struct poll_window {
  std::int64_t now_ns = 0;
  std::int64_t history_ns = 0;  // how far back it goes where nothing is known
  std::int64_t overlap_ns = 0;  // so much is read again
  std::int64_t settle_ns = 0;   // what is younger is left to the next run
};

// The checkpoint of a feed that was never fetched.
checkpoint fresh_checkpoint(const polled_feed& feed);

// Fetches a feed from where the checkpoint is; null if there is nothing to fetch yet. `known` is
// what was stored, or fresh_checkpoint.
poll_job_ptr make_history_job(const history_source& source, const polled_feed& feed,
                              const checkpoint& known, const poll_window& window,
                              const history_reader& reader);

}  // namespace feedtree::batch
