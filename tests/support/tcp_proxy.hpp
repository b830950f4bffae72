// A TCP proxy that does wrong when it is told to, between a client of ours and its server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <thread>

namespace feedtree::tests {

// Listens on a free port of 127.0.0.1 and passes bytes to the target and back, on a thread of its
// own. What it is told holds for the connections that there are and for new ones, until it is told
// otherwise. Thread-safe.
class tcp_proxy {
 public:
  // target: the port of a server on 127.0.0.1. Throws std::runtime_error.
  explicit tcp_proxy(std::uint16_t target);
  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Takes no new connection: nobody listens. False: listens again, on the same port.
  void refuse(bool on);
  // Cuts every connection that there is with a reset; new ones are taken.
  void reset() { ++resets_; }
  // Keeps connections open, takes new ones, and passes nothing in either direction.
  void blackhole(bool on) { blackhole_ = on; }
  // At most so many bytes a second in each direction of each connection; 0: no limit.
  void throttle(std::uint64_t bytes_per_second) { bytes_per_second_ = bytes_per_second; }
  // Every byte comes so much later, in each direction.
  void delay(std::chrono::milliseconds by) { delay_ms_ = by.count(); }

  std::uint64_t connections() const { return connections_; }  // that were ever taken
  std::uint64_t bytes_to_target() const { return bytes_to_target_; }
  std::uint64_t bytes_to_client() const { return bytes_to_client_; }

 private:
  struct pair;
  struct direction;
  void listen();
  void run();
  void accept();
  void serve(pair& both, std::int64_t now_ms);
  bool read(direction& way, std::int64_t now_ms) const;
  bool write(direction& way, std::int64_t now_ms, std::atomic<std::uint64_t>& passed) const;
  void cut_all();

  std::uint16_t target_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> refusing_{false};
  std::atomic<bool> listening_{true};
  std::atomic<bool> blackhole_{false};
  std::atomic<std::uint64_t> resets_{0};
  std::atomic<std::uint64_t> bytes_per_second_{0};
  std::atomic<std::int64_t> delay_ms_{0};
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> bytes_to_target_{0};
  std::atomic<std::uint64_t> bytes_to_client_{0};
  std::uint64_t resets_done_ = 0;
  std::list<pair> pairs_;
  std::thread thread_;
};

}  // namespace feedtree::tests
