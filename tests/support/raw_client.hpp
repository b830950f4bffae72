// A TCP client that sends bytes as they are, so that tests can send what no HTTP client would.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace feedtree::tests {

// Connects to 127.0.0.1; throws std::runtime_error if it cannot.
class raw_client {
 public:
  // receive_buffer: bytes the system may take in before this client reads; 0 leaves it to the
  // system.
  explicit raw_client(std::uint16_t port, int receive_buffer = 0);
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  // False if the other side is gone.
  bool send(std::string_view bytes) const;
  // Reads until the text was seen, the other side ends the connection, or time is over. Gives all
  // that was read since the call.
  std::string read_until(std::string_view text,
                         std::chrono::milliseconds timeout = std::chrono::seconds(20));
  // Reads up to the end of the connection.
  std::string read_all() { return read_until({}); }
  // One whole answer with Content-Length; leaves what follows for the next call.
  std::string read_answer();
  bool is_over() const { return is_over_; }

 private:
  bool read_some(std::chrono::steady_clock::time_point deadline);
  int socket_ = -1;
  std::string pending_;
  bool is_over_ = false;
};

// A GET with a Host header.
std::string get_request(std::string_view target, std::string_view more_headers = {});
// One GET over a connection of its own: the answer with its head.
std::string http_get(std::uint16_t port, std::string_view target,
                     std::string_view more_headers = {});
// What stands behind the head.
std::string body_of(const std::string& answer);

}  // namespace feedtree::tests
