#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/transport/connection_options.hpp"
#include "adapters/transport/error.hpp"
#include "adapters/transport/http_message.hpp"
#include "adapters/transport/reactor.hpp"

namespace feedtree::transport {

struct websocket_options {
  std::string url;  // ws:// or wss://
  tls_options tls;
  // For the name and all addresses together; each address gets an equal share of what is left.
  std::int64_t connect_timeout_ms = 10'000;
  // For the TLS handshake and the upgrade together.
  std::int64_t handshake_timeout_ms = 10'000;
  // Fails the connection when not one byte of a frame arrived for so long. Does not run while
  // reading is paused. 0: never.
  std::int64_t idle_timeout_ms = 30'000;
  // A ping is sent whenever nothing arrived for so long. 0: no pings.
  std::int64_t ping_interval_ms = 10'000;
  // How long close() waits for queued messages and for the peer's close frame, and how long a
  // peer that closed or broke the protocol is given to end the connection.
  std::int64_t close_timeout_ms = 2'000;
  // Largest message after decompression.
  std::size_t read_limit_bytes = std::size_t{64} << 20;
  // Bounds of what send() may have waiting, the message being written included.
  std::size_t write_queue_messages_max = 1'024;
  std::size_t write_queue_bytes_max = std::size_t{4} << 20;
  // Offers permessage-deflate (RFC 7692); the server decides.
  bool permessage_deflate = true;
  http_headers headers;  // added to the upgrade request
  std::string user_agent = "feedtree";
  resolver_fn resolve;                  // empty: DNS
  clock_fn clock_ns = system_clock_ns;  // gives receive_ns

  // Every problem as a readable line; empty when all is well. Reads the file system (ca_file).
  [[nodiscard]] std::vector<std::string> check() const;
};

// All are called on a reactor thread, one at a time. They must not throw.
struct websocket_callbacks {
  // The upgrade was accepted.
  std::function<void()> on_open;
  // One whole text or binary message, with padding_bytes of spare capacity behind it, and the
  // time at which its last byte was read, in nanoseconds since 1970.
  std::function<void(std::string&& frame, std::int64_t receive_ns)> on_frame;
  // The connection is over, or never came to be. Called exactly once after start(), as the last
  // callback, unless the client is destroyed or the reactor stopped before. The client may be
  // destroyed in it.
  std::function<void(transport_error error)> on_closed;
};

enum class send_result : std::uint8_t {
  queued,      // will be written in order, after on_open
  queue_full,  // refused: over a bound of the write queue; counted
  closed       // refused: never started, closing or closed
};

// What is known of an open connection; empty before on_open.
struct connection_info {
  std::string remote;       // ip:port
  std::string tls_version;  // "TLSv1.3", or empty without TLS
  std::string tls_cipher;
  bool deflate = false;  // permessage-deflate was agreed on
};

// Counted since construction.
struct websocket_counters {
  std::uint64_t frames_received = 0;
  std::uint64_t bytes_received = 0;  // payload after decompression
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_refused = 0;  // send() returned queue_full
  std::uint64_t pings_sent = 0;
};

// One WebSocket connection, from name resolution to its end. It is used once: to connect again,
// build another. All functions may be called from any thread, from callbacks too.
class websocket_client {
 public:
  // Opens nothing yet. `loop` must outlive the client. Problems in the options are reported by
  // on_closed (stage options, terminal) after start().
  websocket_client(reactor& loop, websocket_options options, websocket_callbacks callbacks);
  // Cuts the connection without a close handshake. After it has returned no callback runs: it
  // waits for one that is running on another thread, so hold no lock here that a callback takes.
  ~websocket_client();
  websocket_client(const websocket_client&) = delete;
  websocket_client& operator=(const websocket_client&) = delete;

  // Begins to connect. The second and later calls have no effect.
  void start();
  // Queues one text message. Never blocks.
  [[nodiscard]] send_result send(std::string text);
  // Writes what is queued, then closes with code 1000 and `reason` (cut at 123 bytes). on_closed
  // (stage closed_by_us) follows within close_timeout_ms, immediately where nothing is open. No
  // effect before start() and when it is over.
  void close(std::string reason);
  // Stops reading the socket, so that the peer's sends come to block. Once it takes effect (at
  // once when called in a callback) on_frame is not called until resume_reading(). While paused
  // the peer's pings are not answered, our own are still sent.
  void pause_reading();
  void resume_reading();

  [[nodiscard]] connection_info info() const;
  [[nodiscard]] websocket_counters counters() const;

 private:
  class impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace feedtree::transport
