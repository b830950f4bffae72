// The HTTP server: one port, plain or TLS, on a thread of its own. What a request means is decided
// by a handler (see router.hpp); here are sockets, limits and streams of events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/http/message.hpp"

namespace feedtree::http {

namespace detail {
class server_impl;
}

struct server_options {
  std::string host = "127.0.0.1";  // address to listen on
  std::uint16_t port = 0;          // 0: one that is free
  std::string certificate_file;    // PEM chain; empty for plain connections
  std::string key_file;            // PEM
  std::size_t connections_max = 512;
  std::size_t header_bytes_max = 8 * 1024;
  std::size_t body_bytes_max = 64 * 1024;
  std::int64_t request_timeout_ms = 10'000;  // from the first byte of a request to its last
  std::int64_t idle_timeout_ms = 60'000;     // between requests
  std::int64_t write_timeout_ms = 15'000;    // for an answer, or one event of a stream
  std::int64_t answer_timeout_ms = 10'000;   // for an answer that comes later
  // What may wait for one reader of events; who is behind by more is cut off.
  std::size_t stream_bytes_max = std::size_t{1} << 20;
  std::size_t streams_max = 256;
  // How often readers of events are asked for whether they may go on (see reply).
  std::int64_t permission_check_ms = 1'000;
  // How often the files of certificate and key are looked at; a changed pair is taken over for new
  // connections, and one that does not fit is left where it is. 0: never.
  std::int64_t certificate_check_ms = 1'000;
  // Told of each such change, in words; on the server's thread.
  std::function<void(bool is_good, const std::string& text)> on_certificate{};

  // Every problem as a readable line; empty when all is well. Reads the file system.
  std::vector<std::string> check() const;
};

// Counted since construction.
struct server_counters {
  std::uint64_t connections = 0;           // now
  std::uint64_t connections_accepted = 0;  // so far
  std::uint64_t connections_evicted = 0;   // idle ones that made room for others
  std::uint64_t connections_refused = 0;   // there was no room
  std::uint64_t timeouts = 0;              // requests that did not come to their end in time
  std::uint64_t requests = 0;
  std::uint64_t requests_rejected = 0;  // not HTTP, or too large
  std::uint64_t streams = 0;            // readers of events now
  std::uint64_t streams_cut = 0;        // too slow
  std::uint64_t streams_refused = 0;    // over streams_max
  std::uint64_t streams_ended = 0;      // the reader's token was accepted no more
  std::uint64_t events_sent = 0;
  std::uint64_t bytes_sent = 0;
};

// Given every request, on the server's thread; must not block. See router.
using request_handler = std::function<reply(const request&)>;
// The answer as it goes out; on the server's thread.
using response_finisher = std::function<response(const request&, response)>;

class server {
 public:
  // Listens at once, so that a port that is taken is known before anything starts; requests wait
  // until start. Throws std::runtime_error with the reason if it cannot.
  explicit server(server_options options);
  // Stops.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // Starts the thread. Once.
  void start(request_handler handler, response_finisher finish);
  // Reads certificate and key again, whether the files have changed or not. Any thread.
  void reload_certificate();
  // Ends every connection and the thread. Not on the server's thread.
  void stop();

  std::uint16_t listening_port() const;
  // "http://127.0.0.1:8080"
  std::string url() const;
  // Sends an event to every reader of any of these topics. Any thread. The name has no line end.
  void publish(unsigned topics, std::string_view name, std::string_view json);
  // True if someone reads any of these topics. Any thread.
  bool has_readers(unsigned topics) const;
  // Any thread.
  server_counters counters() const;

 private:
  std::unique_ptr<detail::server_impl> impl_;
};

// One server-sent event as it goes over the wire.
// Source: HTML Living Standard, section 9.2.5.
std::string event_frame(std::string_view name, std::string_view data);

}  // namespace feedtree::http
