#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace feedtree::transport {

// How far a connection or a request had come when it ended.
enum class error_stage : std::uint8_t {
  options,         // the options or the URL were refused before anything was opened
  resolve,         // the name has no address
  connect,         // no address answered
  tls,             // the TLS handshake failed
  handshake,       // the WebSocket upgrade was refused
  read,            // the socket failed while reading
  write,           // the socket failed while writing
  timeout,         // a stated time limit passed
  closed_by_peer,  // the other side ended the connection
  closed_by_us,    // close() was called
  protocol,        // the other side broke the protocol (WebSocket, HTTP or its compression)
  too_large,       // a message or body was larger than its limit
  queue_full       // too many requests are waiting for this host
};

// The name of a stage as written above. Any thread.
[[nodiscard]] std::string_view to_string(error_stage stage) noexcept;

// Why a connection or a request ended.
struct transport_error {
  error_stage stage = error_stage::read;
  // One line that names host:port and the reason; it may be shown to an operator as it is.
  std::string message;
  // The status of a refused WebSocket handshake (for example 429); 0 where there is none.
  int http_status = 0;
  // The first words of a refused handshake's body; they are in the message too.
  std::string answer{};
  // Seconds to wait, from the Retry-After header of a refused handshake.
  std::optional<std::int64_t> retry_after_s;
  // The WebSocket close code the peer sent (RFC 6455, 7.4); 0 where there is none.
  std::uint16_t close_code = 0;
  // True where trying again without a change in configuration cannot help: a certificate that
  // does not verify, a 4xx that is not about rate or time, options that are wrong.
  bool terminal = false;
};

// True for an HTTP status that will not change by waiting: 3xx (redirects are not followed) and
// 4xx, but not 408, 418, 423, 425 and 429. Any thread.
[[nodiscard]] bool is_terminal_status(int http_status) noexcept;

}  // namespace feedtree::transport
