#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "adapters/transport/websocket_client.hpp"
#include "tests/adapters/transport/test_servers.hpp"

namespace feedtree::transport::test {

inline constexpr std::chrono::seconds patience{20};

// A value that one thread sets and another waits for.
class event {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    is_set_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool wait(std::chrono::milliseconds limit = patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return is_set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

using server_websocket = beast::websocket::stream<peer&>;

// The server's end of an accepted WebSocket.
struct websocket_session {
  explicit websocket_session(peer& client) : socket(client) {}

  // Reads the upgrade request and accepts it.
  bool accept(bool with_deflate = true) {
    beast::websocket::permessage_deflate deflate;
    deflate.server_enable = with_deflate;
    socket.set_option(deflate);
    auto received = socket.next_layer().read_request();
    if (!received) return false;
    request = std::move(*received);
    error_code error;
    socket.accept(request, error);
    return !error;
  }
  // The next message, or nothing when the connection ended.
  std::optional<std::string> read() {
    error_code error;
    beast::flat_buffer buffer;
    socket.read(buffer, error);
    if (error) return std::nullopt;
    return beast::buffers_to_string(buffer.data());
  }
  bool write(const std::string& text) {
    error_code error;
    socket.write(asio::buffer(text), error);
    return !error;
  }
  void echo() {
    while (const auto message = read()) write(*message);
  }

  server_websocket socket;
  peer::http_request_type request;
};

// A server that accepts each upgrade and then runs `talk`.
inline test_server::serve_fn websocket_server(std::function<void(websocket_session&)> talk) {
  return [talk = std::move(talk)](peer& client, int) {
    websocket_session session(client);
    if (session.accept()) talk(session);
  };
}

inline test_server::serve_fn echo_server() {
  return websocket_server([](websocket_session& session) { session.echo(); });
}

// Keeps what a client reports, for a test to wait on.
class recorder {
 public:
  struct frame {
    std::string text;
    std::size_t capacity;
    std::int64_t receive_ns;
  };

  websocket_callbacks callbacks() {
    return {[this] { note([this] { ++opened_; }); },
            [this](std::string&& text, std::int64_t receive_ns) {
              const auto capacity = text.capacity();
              note([&] { frames_.push_back({std::move(text), capacity, receive_ns}); });
            },
            [this](transport_error error) {
              note([&] {
                ++closed_;
                error_ = std::move(error);
              });
            }};
  }

  [[nodiscard]] bool wait_open() {
    return wait([this] { return opened_ > 0 || closed_ > 0; }) && opened_ > 0;
  }
  [[nodiscard]] bool wait_frames(std::size_t count) {
    return wait([&] { return frames_.size() >= count || closed_ > 0; }) && frame_count() >= count;
  }
  // What on_closed was given; fails the caller by an empty message when it never came.
  [[nodiscard]] transport_error wait_closed() {
    if (!wait([this] { return closed_ > 0; })) return {};
    const std::lock_guard lock(mutex_);
    return error_;
  }
  [[nodiscard]] std::size_t frame_count() {
    const std::lock_guard lock(mutex_);
    return frames_.size();
  }
  [[nodiscard]] frame frame_at(std::size_t index) {
    const std::lock_guard lock(mutex_);
    return frames_.at(index);
  }
  [[nodiscard]] int closed_count() {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  template <class Change>
  void note(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, condition);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int opened_ = 0;
  int closed_ = 0;
  std::vector<frame> frames_;
  transport_error error_;
};

// A started reactor, a recorder and one client.
struct connection {
  explicit connection(websocket_options options) : client(loop(), std::move(options), seen()) {
    client.start();
  }

  recorder record;
  reactor own_loop;
  websocket_client client;

 private:
  reactor& loop() {
    own_loop.start();
    return own_loop;
  }
  websocket_callbacks seen() { return record.callbacks(); }
};

inline websocket_options options_for(std::string url) {
  websocket_options options;
  options.url = std::move(url);
  options.tls.ca_file = test_authority().file();
  return options;
}

}  // namespace feedtree::transport::test
