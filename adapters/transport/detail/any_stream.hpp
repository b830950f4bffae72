#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace feedtree::transport::detail {

namespace asio = boost::asio;
namespace beast = boost::beast;
using error_code = boost::system::error_code;
using tcp = asio::ip::tcp;

// A TCP socket, with or without TLS on it, as one type, so that the protocols above are written
// and compiled once. Movable while no operation is pending.
class any_stream {
 public:
  using executor_type = asio::any_io_executor;
  using tls_stream = asio::ssl::stream<tcp::socket&>;

  explicit any_stream(const executor_type& executor) : state_(std::make_unique<state>(executor)) {}

  executor_type get_executor() const { return state_->socket.get_executor(); }
  tcp::socket& socket() { return state_->socket; }
  // Puts TLS on the socket; the handshake is the caller's.
  tls_stream& enable_tls(asio::ssl::context& context) {
    return state_->tls.emplace(state_->socket, context);
  }
  // Null without TLS.
  tls_stream* tls() { return state_->tls ? &*state_->tls : nullptr; }
  // Cuts the connection; pending operations end with an error. No effect when moved from.
  void close() {
    if (!state_) return;
    error_code ignored;
    state_->socket.close(ignored);
  }

  template <class Buffers, class Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    return asio::async_initiate<Handler, void(error_code, std::size_t)>(
        [state = state_.get()](auto&& done, const Buffers& into) {
          if (state->tls)
            state->tls->async_read_some(into, std::forward<decltype(done)>(done));
          else
            state->socket.async_read_some(into, std::forward<decltype(done)>(done));
        },
        handler, buffers);
  }

  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    return asio::async_initiate<Handler, void(error_code, std::size_t)>(
        [state = state_.get()](auto&& done, const Buffers& from) {
          if (state->tls)
            state->tls->async_write_some(from, std::forward<decltype(done)>(done));
          else
            state->socket.async_write_some(from, std::forward<decltype(done)>(done));
        },
        handler, buffers);
  }

  // What Beast asks of a stream of one's own, found by the argument's namespace.
  friend void beast_close_socket(any_stream& stream) { stream.close(); }

  friend void teardown(beast::role_type role, any_stream& stream, error_code& error) {
    if (stream.tls() != nullptr)
      beast::teardown(role, *stream.tls(), error);
    else
      beast::websocket::teardown(role, stream.socket(), error);
  }

  template <class Handler>
  friend void async_teardown(beast::role_type role, any_stream& stream, Handler&& handler) {
    if (stream.tls() != nullptr)
      beast::async_teardown(role, *stream.tls(), std::forward<Handler>(handler));
    else
      beast::websocket::async_teardown(role, stream.socket(), std::forward<Handler>(handler));
  }

 private:
  struct state {
    explicit state(const executor_type& executor) : socket(executor) {}
    tcp::socket socket;
    std::optional<tls_stream> tls;
  };
  std::unique_ptr<state> state_;
};

}  // namespace feedtree::transport::detail
