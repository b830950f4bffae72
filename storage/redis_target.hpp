// Where a Redis server is, and how to log in there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/sink.hpp"

namespace feedtree::storage {

struct redis_target {
  std::string host;  // without brackets
  std::uint16_t port = 6379;
  bool tls = false;
  std::string user;  // empty: none
  std::string password;
  std::string ca_file;    // PEM; empty: the authorities of the system
  std::string cert_file;  // PEM, with key_file: our own certificate, where the server wants one
  std::string key_file;
  std::int64_t database = 0;
  std::int64_t connect_timeout_ms = 2'000;  // TCP, TLS and login together
  std::int64_t write_timeout_ms = 2'000;    // for an answer to what was sent

  // "redis 127.0.0.1:6379": for messages, without user and password.
  std::string place() const;
};

// Reads redis[s]://[user:password@]host[:port]; %XX stands for a byte of user and password. Throws
// sink_error, which never repeats the text.
redis_target parse_redis_url(std::string_view url);

}  // namespace feedtree::storage
