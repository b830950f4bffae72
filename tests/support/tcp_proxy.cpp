#include "tests/support/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <stdexcept>
#include <utility>
#include <vector>

namespace feedtree::tests {
namespace {

constexpr int poll_ms = 5;
constexpr std::size_t held_bytes_max = 64 << 10;  // in one direction; more stays with the sender

std::int64_t steady_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void make_ready(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
}

void close_with_reset(int socket) {
  const linger now{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(socket);
}

}  // namespace

// Bytes from one socket to the other, each piece with the time from which it may go on.
struct tcp_proxy::direction {
  struct piece {
    std::int64_t due_ms = 0;
    std::vector<char> bytes;
    std::size_t written = 0;
  };
  int from = -1;
  int to = -1;
  std::deque<piece> held;
  std::size_t held_bytes = 0;
  double allowance = 0;  // bytes that the throttle lets through now
  std::int64_t allowed_ms = 0;
  bool ended = false;
};

struct tcp_proxy::pair {
  int client = -1;
  int server = -1;
  direction to_server;
  direction to_client;
  bool over = false;
};

tcp_proxy::tcp_proxy(std::uint16_t target) : target_(target) {
  listen();
  thread_ = std::thread([this] { run(); });
}

tcp_proxy::~tcp_proxy() {
  stopping_ = true;
  thread_.join();
  cut_all();
  if (listener_ >= 0) ::close(listener_);
}

void tcp_proxy::listen() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto address = loopback(port_);
  socklen_t size = sizeof address;
  if (::bind(listener_, generic(address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the proxy cannot listen");
  }
  port_ = ntohs(address.sin_port);
}

void tcp_proxy::refuse(bool on) {
  refusing_ = on;
  // Holds from now on, and not from the thread's next round.
  while (listening_ == on) std::this_thread::yield();
}

void tcp_proxy::run() {
  while (!stopping_) {
    if (refusing_ && listener_ >= 0) {
      ::close(listener_);
      listener_ = -1;
    } else if (!refusing_ && listener_ < 0) {
      listen();
    }
    listening_ = listener_ >= 0;
    if (const auto wanted = resets_.load(); wanted != resets_done_) {
      cut_all();
      resets_done_ = wanted;
    }
    std::vector<pollfd> sockets;
    if (listener_ >= 0) sockets.push_back({listener_, POLLIN, 0});
    const bool busy = !blackhole_;
    for (const auto& both : pairs_) {
      if (!busy) break;
      for (const auto* way : {&both.to_server, &both.to_client}) {
        if (way->held_bytes < held_bytes_max) sockets.push_back({way->from, POLLIN, 0});
      }
    }
    ::poll(sockets.data(), sockets.size(), poll_ms);
    accept();
    for (auto& both : pairs_) serve(both, steady_ms());
    std::erase_if(pairs_, [](const pair& both) {
      if (!both.over) return false;
      ::close(both.client);
      ::close(both.server);
      return true;
    });
  }
}

void tcp_proxy::accept() {
  if (listener_ < 0) return;
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  ++connections_;
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(target_);
  if (::connect(server, generic(address), sizeof address) != 0) {
    ::close(server);
    close_with_reset(client);
    return;
  }
  make_ready(client);
  make_ready(server);
  auto& both = pairs_.emplace_back();
  both.client = client;
  both.server = server;
  both.to_server.from = both.to_client.to = client;
  both.to_server.to = both.to_client.from = server;
}

void tcp_proxy::serve(pair& both, std::int64_t now_ms) {
  if (blackhole_) return;
  const bool good = read(both.to_server, now_ms) && read(both.to_client, now_ms) &&
                    write(both.to_server, now_ms, bytes_to_target_) &&
                    write(both.to_client, now_ms, bytes_to_client_);
  const bool done = (both.to_server.ended && both.to_server.held.empty()) ||
                    (both.to_client.ended && both.to_client.held.empty());
  both.over = !good || done;
}

// False if the connection is broken.
bool tcp_proxy::read(direction& way, std::int64_t now_ms) const {
  std::array<char, 16 << 10> piece;
  while (!way.ended && way.held_bytes < held_bytes_max) {
    const auto size = ::recv(way.from, piece.data(), piece.size(), 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) {
      way.ended = true;
      return true;
    }
    way.held.push_back({now_ms + delay_ms_, {piece.data(), piece.data() + size}, 0});
    way.held_bytes += static_cast<std::size_t>(size);
  }
  return true;
}

bool tcp_proxy::write(direction& way, std::int64_t now_ms,
                      std::atomic<std::uint64_t>& passed) const {
  const auto rate = static_cast<double>(bytes_per_second_.load());
  const auto elapsed_ms = static_cast<double>(now_ms - std::exchange(way.allowed_ms, now_ms));
  // At most a tenth of a second's worth at once.
  way.allowance = std::min(way.allowance + rate * elapsed_ms / 1'000, rate / 10);
  while (!way.held.empty() && way.held.front().due_ms <= now_ms) {
    auto& next = way.held.front();
    auto size = next.bytes.size() - next.written;
    if (rate > 0) size = std::min(size, static_cast<std::size_t>(std::max(0.0, way.allowance)));
    if (size == 0) return true;
    const auto sent = ::send(way.to, next.bytes.data() + next.written, size, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    next.written += static_cast<std::size_t>(sent);
    way.held_bytes -= static_cast<std::size_t>(sent);
    way.allowance -= static_cast<double>(sent);
    passed += static_cast<std::uint64_t>(sent);
    if (next.written == next.bytes.size()) way.held.pop_front();
  }
  return true;
}

void tcp_proxy::cut_all() {
  for (const auto& both : pairs_) {
    close_with_reset(both.client);
    close_with_reset(both.server);
  }
  pairs_.clear();
}

}  // namespace feedtree::tests
