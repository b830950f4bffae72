// What a venue tells of its past over REST: which request asks for a page of it, and what the
// answer holds. Pure: no I/O and no clock. A source is one file in this folder; it registers
// itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/venues/json.hpp"
#include "adapters/venues/venue.hpp"
#include "core/event.hpp"

namespace feedtree::batch {

// A stretch of one feed's past, [from_ns, to_ns).
struct history_job {
  const listing* where = nullptr;
  event_kind kind = event_kind::candle;  // or trade
  std::int64_t interval_ns = 0;          // candles only
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
};

// How far a job is: everything before time_ns was read.
struct history_position {
  std::int64_t time_ns = 0;
  std::optional<std::uint64_t> first_id;  // of trades that are numbered; nothing: none yet
  std::optional<std::uint64_t> last_id;
  std::int64_t step_ns = 0;  // of sources that feel their way; 0: the source's own
};

// What the venue does not have, or does not give.
struct history_gap {
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  std::string reason;
};

struct history_page {
  history_position next;
  std::vector<history_gap> gaps;
  bool done = false;
};

// The venue says in a good answer that it was asked too often.
class too_often : public venues::decode_error {
 public:
  using venues::decode_error::decode_error;
};

// How a source that is no venue is asked.
struct source_access {
  std::string key;   // empty: none. Never to be shown
  std::string plan;  // that the key is of: "demo", "pro"
};

// What asks and reads beside the text of an answer.
struct history_reader {
  venues::session* session = nullptr;  // of the venue; knows its symbols. Null: it is no venue
  venues::venue_addresses at;
  source_access access{};
};

using header_lines = std::vector<std::pair<std::string, std::string>>;

class history_source {
 public:
  virtual ~history_source() = default;
  virtual std::string_view venue() const = 0;
  // Why there is no such past, in one line; empty if there is.
  virtual std::string refuses(const history_job& job) const = 0;
  // How much time one request covers, about: for cutting a long job into parts.
  virtual std::int64_t page_ns(const history_job& job) const = 0;
  virtual venues::rest_request request(const history_job& job, const history_position& position,
                                       const history_reader& reader) const = 0;
  // The header lines that a request needs beside its URL.
  virtual header_lines headers(const history_reader&) const { return {}; }
  // Appends the page's events, oldest first, those of [from_ns, to_ns) only and closed candles
  // only. Throws decode_error; out is then as it was.
  virtual history_page read(const history_job& job, const history_position& position,
                            const std::string& url, const venues::raw_frame& body,
                            history_reader& reader, event_batch& out) const = 0;
  // What an answer that is no success says of the past itself: that the venue does not give this
  // part of it, as a gap and where to go on. Nothing: it is a failure.
  virtual std::optional<history_page> refusal(const history_job& job,
                                              const history_position& position,
                                              const venues::raw_frame& body) const;
};

const history_source* find_history(std::string_view venue);
std::vector<std::string> history_names();
void register_history(std::unique_ptr<const history_source> what);
template <class Source>
struct history_registration {
  history_registration() { register_history(std::make_unique<const Source>()); }
};

}  // namespace feedtree::batch
