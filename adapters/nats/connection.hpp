// A connection to NATS that comes back by itself and holds a bounded amount of unsent text.
#pragma once

#include <nats/nats.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/nats/server_list.hpp"
#include "core/sink.hpp"

namespace feedtree::nats {

struct connection_options {
  server_list servers;
  std::string name = "feedtree";  // shown by the server
  std::string ca_file;            // PEM of whom to trust; empty: the system's
  std::string cert_file;          // our own certificate, with key_file
  std::string key_file;
  std::string creds_file;  // JWT and seed
  std::int64_t connect_timeout_ms = 2'000;
  std::int64_t write_timeout_ms = 2'000;  // a server that takes nothing for so long is left
  std::int64_t flush_timeout_ms = 5'000;
  std::int64_t reconnect_wait_ms = 250;           // between attempts, with as much jitter
  std::int64_t reconnect_buffer_bytes = 8 << 20;  // kept while there is no connection
  // Answers go only to subjects that begin so: whoever may ask could otherwise make us publish
  // anywhere.
  std::string reply_prefix = "_INBOX.";
};

// The names of the options above in sink_context::options.
const std::vector<std::string_view>& connection_option_names();
// Reads target and options. Without context.insecure the servers must be tls:// with credentials;
// with it an empty target means nats://127.0.0.1:4222. Throws sink_error.
connection_options read_connection_options(std::string_view target, const sink_context& context);

struct connection_counters {
  std::uint64_t disconnects = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t refusals = 0;  // messages and subscriptions that the server does not permit us
  bool connected = false;
};

// Connects when made, and again, for ever, when the connection is lost. Thread-safe but for making
// and ending it. Errors are sink_error; their messages name host:port and never a secret.
class connection {
 public:
  explicit connection(const connection_options& options);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  natsConnection* get() const { return connection_; }
  // "host:port, ...": for messages.
  const std::string& address() const { return address_; }
  // The largest body that the server takes.
  std::size_t payload_max_bytes() const;
  connection_counters counters() const;
  // What the server said when it refused us something (see recent_trouble); empty: nothing. It says
  // so after a publish has returned.
  std::string refusal() const;
  const std::string& reply_prefix() const { return reply_prefix_; }

  // Publishes a body without headers.
  void publish(const std::string& subject, std::string_view body) const;
  // Waits until the server has answered that it has everything.
  void flush() const;
  // Throws what a status of nats.c means; does nothing for NATS_OK. doing: "publish to".
  void check(natsStatus status, const char* doing) const;

 private:
  struct watch;

  std::string address_;
  std::int64_t flush_timeout_ms_;
  std::string reply_prefix_;
  std::unique_ptr<watch> watch_;
  natsConnection* connection_ = nullptr;
};

// Says that a message of this subject is larger than the server takes, and what to do.
std::string too_large_text(const connection& link, const std::string& subject, std::size_t bytes);

}  // namespace feedtree::nats
