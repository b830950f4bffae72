// A WebSocket and HTTP server on one port, plain or TLS, for simulated venues. What it serves is a
// service; the server has one thread of its own, and everything of the service runs there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/simulator/protocol.hpp"

namespace feedtree::simulator {

namespace detail {
class server_impl;
}

using client_id = std::uint64_t;
// Gives the time in nanoseconds since 1970; services have no other clock.
using clock_function = std::function<std::int64_t()>;

// What a service may ask of its server; on the server's thread only.
class server_link {
 public:
  virtual ~server_link() = default;
  // Queues a text frame. A client whose queue would pass its bounds is too slow: it is cut off, and
  // on_close follows. False if there is no such client.
  virtual bool send(client_id to, std::string frame) = 0;
  // Closes behind what is queued; on_close follows.
  virtual void close(client_id who) = 0;
  // Ends the connection at once, with what is queued; on_close follows.
  virtual void cut(client_id who) = 0;
  // From now on nothing is read from this client or written to it, and it is not told; only cut
  // ends the connection.
  virtual void freeze(client_id who) = 0;
  // True while little is queued for the client. When it was false and the queue has drained, the
  // service's on_room is called.
  virtual bool has_room(client_id who) = 0;
  // Runs a task after this time; not at all if the server stops before.
  virtual void run_after(std::int64_t delay_ns, std::function<void()> task) = 0;
};

// What becomes of a connection that a client opens.
struct admission {
  bool is_taken = true;          // false: it is reset at once
  bool good_certificate = true;  // false: with one of an authority that nobody knows (TLS only)
  std::int64_t wait_ns = 0;      // before the handshake goes on
};

// What is served. All functions are called on the server's thread. One that throws loses the
// client that it was called for.
class service {
 public:
  virtual ~service() = default;
  // Before anything else; the link is valid until the server has stopped.
  virtual void on_start(server_link& link) = 0;
  // A client opens a connection, whatever for.
  virtual admission on_connection() { return {}; }
  // An HTTP answer in place of a WebSocket at this target, if it is to be refused.
  virtual std::optional<rest_answer> refuses(std::string_view target) {
    static_cast<void>(target);
    return {};
  }
  // True if WebSocket connections are taken at this target (path and query); others get 404.
  virtual bool accepts(std::string_view target) = 0;
  virtual void on_open(client_id who, std::string_view target) = 0;
  virtual void on_text(client_id who, std::string_view text) = 0;
  virtual void on_close(client_id who) = 0;
  virtual void on_room(client_id who) = 0;
  // Answers an HTTP request that is no WebSocket upgrade; the body is JSON.
  virtual rest_answer on_request(std::string_view method, std::string_view target) = 0;
};

struct server_options {
  std::string host = "127.0.0.1";  // address to listen on
  std::uint16_t port = 0;          // 0: one that is free
  std::string certificate_file;    // PEM chain; empty for plain connections
  std::string key_file;            // PEM
  // Likewise, of an authority that clients do not know; see admission. Empty: none.
  std::string wrong_certificate_file;
  std::string wrong_key_file;
  bool permessage_deflate = true;  // if the client offers it
  std::size_t clients_max = 256;
  std::size_t client_frames_max = 20'000;                // queued, a client
  std::size_t client_bytes_max = std::size_t{32} << 20;  // likewise
  std::size_t room_frames = 512;     // above this there is no room: see server_link::has_room
  std::int64_t stop_grace_ms = 500;  // for closing handshakes

  // Every problem as a readable line; empty when all is well. Reads the file system.
  std::vector<std::string> check() const;
};

// Counted since construction.
struct server_counters {
  std::uint64_t clients = 0;           // WebSocket connections now
  std::uint64_t clients_accepted = 0;  // so far
  std::uint64_t clients_refused = 0;   // over clients_max
  std::uint64_t clients_cut = 0;       // too slow
  std::uint64_t frames_sent = 0;
  std::uint64_t bytes_sent = 0;  // of frames, uncompressed
  std::uint64_t frames_received = 0;
  std::uint64_t requests = 0;        // HTTP
  std::uint64_t service_errors = 0;  // exceptions of the service
};

class server {
 public:
  // The service outlives the server. Nothing is opened yet.
  server(server_options options, service& what);
  // Stops.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // Listens and starts the thread. Throws std::runtime_error with the reason if it cannot.
  void start();
  // Closes every connection and ends the thread; waits stop_grace_ms at most for clients to say
  // goodbye. Not on the server's thread. No effect when stopped; a server starts once.
  void stop();

  // The port, after start.
  std::uint16_t listening_port() const;
  // Any thread.
  server_counters counters() const;

 private:
  std::unique_ptr<detail::server_impl> impl_;
};

}  // namespace feedtree::simulator
