#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace feedtree::transport {

// One address to connect to; `ip` is IPv4 or IPv6 text without brackets.
struct socket_address {
  std::string ip;
  std::uint16_t port = 0;
};

// Gives the addresses of a host in the order in which they are tried. Called on the reactor
// thread, must not block; an empty list is the error "no address". It replaces DNS in tests and
// where addresses are pinned.
using resolver_fn =
    std::function<std::vector<socket_address>(const std::string& host, std::uint16_t port)>;

// Gives the time in nanoseconds since 1970-01-01 UTC. Called on the reactor thread.
using clock_fn = std::function<std::int64_t()>;

// The system clock as a clock_fn. Any thread.
[[nodiscard]] std::int64_t system_clock_ns();

enum class tls_version : std::uint8_t { v1_2, v1_3 };

// How a TLS client proves the server. TLS 1.3 is preferred, below `version_min` is refused. The
// host name of the URL is sent (SNI) and must be in the certificate.
struct tls_options {
  // PEM file with the authorities to trust; empty for those of the system.
  std::string ca_file;
  // False accepts any certificate. For tests and simulators only.
  bool verify_peer = true;
  tls_version version_min = tls_version::v1_2;
  // Name to send and to verify where it is not the host of the URL; empty for the host.
  std::string server_name;

  // Every problem as a readable line; empty when all is well. Reads the file system.
  [[nodiscard]] std::vector<std::string> check() const;
};

}  // namespace feedtree::transport
