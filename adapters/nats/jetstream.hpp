// A stream of JetStream, what of ours is in it, and how far we are.
#pragma once

#include <nats/nats.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/nats/connection.hpp"

namespace feedtree::nats {

struct stream_options {
  std::string stream = "MD";
  std::string prefix;  // of all subjects, with its dot
  bool create = true;  // where there is none
  std::int64_t duplicate_window_ms = 120'000;
  std::int64_t max_age_ms = 86'400'000;  // 0: no limit
  std::int64_t max_size_bytes = 0;       // 0: no limit
  std::int64_t replicas = 1;
};

// What a stream that is created takes: every subject of events and none of requests, whose answers
// a stream would anticipate with its own acknowledgement.
std::vector<std::string> stream_subjects(const std::string& prefix);

struct stream_state {
  std::int64_t created_ns = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
};

// How far a publisher is: everything up to this position of its journal is in the stream, and what
// is there beyond it stands behind this sequence of the stream.
struct stream_cursor {
  std::uint64_t position = 0;
  std::uint64_t sequence = 0;
  std::int64_t created_ns = 0;  // of the stream that the sequence belongs to

  friend bool operator==(const stream_cursor&, const stream_cursor&) = default;
};
std::string to_text(const stream_cursor& cursor);
std::optional<stream_cursor> parse_cursor(std::string_view text);

// Errors are sink_error; every call waits for at most the connection's flush timeout for an answer.
class jetstream {
 public:
  // Finds the stream, or makes it and the bucket of cursors beside it. The connection outlives it.
  jetstream(const connection& on, stream_options options, std::int64_t timeout_ms);
  ~jetstream();
  jetstream(const jetstream&) = delete;
  jetstream& operator=(const jetstream&) = delete;

  stream_state state() const;
  // The cursor of this journal; none if there is none.
  std::optional<stream_cursor> cursor(const std::string& journal) const;
  void set_cursor(const std::string& journal, const stream_cursor& cursor) const;

  // Calls found(id, source) for every message from one sequence to another that has both headers
  // (Nats-Msg-Id, Feedtree-Source), in order.
  using found_message = std::function<void(std::string_view id, std::string_view source)>;
  void read_headers(std::uint64_t from, std::uint64_t through, const found_message& found) const;

 private:
  struct reader;
  void open_stream();
  void create_stream();
  void open_cursors();
  void check(natsStatus status, jsErrCode code, const char* doing) const;

  const connection& on_;
  stream_options options_;
  std::int64_t timeout_ms_;
  jsCtx* context_ = nullptr;
  kvStore* cursors_ = nullptr;
};

}  // namespace feedtree::nats
