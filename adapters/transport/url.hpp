#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace feedtree::transport {

// A ws, wss, http or https address, taken apart.
struct url {
  std::string scheme;      // lower case
  std::string host;        // lower case; IPv6 without its brackets
  std::uint16_t port = 0;  // from the text, else 80 (ws, http) or 443 (wss, https)
  std::string target;      // path and query, begins with '/'

  // True for wss and https.
  [[nodiscard]] bool is_tls() const noexcept;
  // True for ws and wss.
  [[nodiscard]] bool is_websocket() const noexcept;
  // True when the host is an IPv4 or IPv6 address and not a name.
  [[nodiscard]] bool is_ip_literal() const noexcept;
  // host:port with the brackets of IPv6, always with the port: for messages and as a key.
  [[nodiscard]] std::string host_and_port() const;
  // The value of the Host header: like host_and_port, without a default port.
  [[nodiscard]] std::string authority() const;
};

// Reads a URL strictly (RFC 3986): no user information, no fragment, no blanks or other
// characters that need escaping. On failure gives nothing and says why in `error`. Any thread.
[[nodiscard]] std::optional<url> parse_url(std::string_view text, std::string& error);

}  // namespace feedtree::transport
