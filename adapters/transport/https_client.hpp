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

struct https_options {
  tls_options tls;
  // For the name, all addresses and the TLS handshake together.
  std::int64_t connect_timeout_ms = 10'000;
  // From the first byte written to the last byte read, on one connection.
  std::int64_t request_timeout_ms = 15'000;
  // A kept connection that was idle for longer is closed. 0: connections are not kept.
  std::int64_t keep_alive_ms = 30'000;
  // Largest body, before and after decompression.
  std::size_t body_limit_bytes = std::size_t{64} << 20;
  // Requests on the wire per host:port; each has a connection of its own.
  std::size_t in_flight_max = 4;
  // Requests per host:port that may wait for a free connection, beside those on the wire.
  std::size_t queue_requests_max = 256;
  // Bytes per host:port of all requests (URL, headers, body), those on the wire included.
  std::size_t queue_bytes_max = std::size_t{4} << 20;
  std::string user_agent = "feedtree";
  resolver_fn resolve;                  // empty: DNS
  clock_fn clock_ns = system_clock_ns;  // gives receive_ns

  // Every problem as a readable line; empty when all is well. Reads the file system (ca_file).
  [[nodiscard]] std::vector<std::string> check() const;
};

// Counted since construction, over all hosts.
struct https_counters {
  std::uint64_t requests = 0;            // handed to send() or get()
  std::uint64_t responses = 0;           // complete answers
  std::uint64_t errors = 0;              // ended with a transport_error
  std::uint64_t requests_refused = 0;    // of those: a queue was full
  std::uint64_t connections_opened = 0;  // that came to be usable
  std::uint64_t stale_retries = 0;       // GETs sent again after a kept connection was gone
};

// Requests over http and https with kept connections. Redirects are not followed. All functions
// may be called from any thread, from callbacks too.
class https_client {
 public:
  // Called exactly once per request, on a reactor thread, never inside get() or send(); not at
  // all after the client was destroyed. Must not throw.
  using callback = std::function<void(http_result result)>;

  // Opens nothing yet. `loop` must outlive the client. Problems in the options are reported to
  // every request (stage options, terminal).
  https_client(reactor& loop, https_options options);
  // Drops all requests without calling back. After it has returned no callback runs: it waits
  // for one that is running on another thread, so hold no lock here that a callback takes.
  ~https_client();
  https_client(const https_client&) = delete;
  https_client& operator=(const https_client&) = delete;

  // Fetches `url` (http or https) with further `headers`.
  void get(std::string url, http_headers headers, callback on_result);
  // Sends `request`. A GET that finds its kept connection closed is sent once more on a new
  // connection; others are not, since the server may have acted on them.
  void send(http_request request, callback on_result);

  [[nodiscard]] https_counters counters() const;

 private:
  class impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace feedtree::transport
