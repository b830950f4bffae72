#include "tests/support/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace feedtree::tests {

raw_client::raw_client(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  // Before the connect: a bound set later does not take back a window that was offered.
  if (receive_buffer > 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    ::close(socket_);
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
  }
}

raw_client::~raw_client() {
  ::close(socket_);
}

bool raw_client::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool raw_client::read_some(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  pollfd waiting{socket_, POLLIN, 0};
  if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
  std::array<char, 16'384> bytes{};
  const auto count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  is_over_ = count <= 0;
  if (count > 0) pending_.append(bytes.data(), static_cast<std::size_t>(count));
  return count > 0;
}

std::string raw_client::read_until(std::string_view text, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (text.empty() || pending_.find(text) == std::string::npos) {
    if (!read_some(deadline)) break;
  }
  return std::exchange(pending_, {});
}

std::string raw_client::read_answer() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  constexpr std::string_view name = "Content-Length: ";
  for (;;) {
    const auto end = pending_.find("\r\n\r\n");
    if (end != std::string::npos) {
      const auto at = pending_.find(name);
      const auto length = at < end ? std::stoul(pending_.substr(at + name.size())) : 0;
      if (pending_.size() >= end + 4 + length) {
        auto answer = pending_.substr(0, end + 4 + length);
        pending_.erase(0, answer.size());
        return answer;
      }
    }
    if (!read_some(deadline)) return std::exchange(pending_, {});
  }
}

std::string get_request(std::string_view target, std::string_view more_headers) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" +
         std::string(more_headers) + "\r\n";
}

std::string http_get(std::uint16_t port, std::string_view target, std::string_view more_headers) {
  raw_client client(port);
  client.send(get_request(target, more_headers));
  return client.read_answer();
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string() : answer.substr(end + 4);
}

}  // namespace feedtree::tests
