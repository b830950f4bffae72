// A blocking WebSocket and HTTP client of its own, so that the server is not tested with our client
// alone.
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace feedtree::tests {

namespace detail {
namespace asio = boost::asio;
namespace beast = boost::beast;

using tls_stream = asio::ssl::stream<asio::ip::tcp::socket>;

inline asio::ssl::context trusting(const std::string& ca_file) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.load_verify_file(ca_file);
  context.set_verify_mode(asio::ssl::verify_peer);
  context.set_verify_callback(asio::ssl::host_name_verification("localhost"));
  return context;
}

inline void connect(asio::ip::tcp::socket& socket, std::uint16_t port) {
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
}
}  // namespace detail

// With a CA file over TLS, else plain. Throws boost::system::system_error.
class simple_client {
 public:
  simple_client(std::uint16_t port, const std::string& target, const std::string& ca_file = {},
                bool deflate = false) {
    if (ca_file.empty()) {
      plain_.emplace(context_);
      detail::connect(plain_->next_layer(), port);
      upgrade(*plain_, target, deflate);
    } else {
      tls_context_.emplace(detail::trusting(ca_file));
      tls_.emplace(context_, *tls_context_);
      detail::connect(tls_->next_layer().next_layer(), port);
      tls_->next_layer().handshake(detail::asio::ssl::stream_base::client);
      upgrade(*tls_, target, deflate);
    }
  }

  void send(const std::string& text) {
    with([&](auto& stream) { stream.write(detail::asio::buffer(text)); });
  }
  std::string read() {
    detail::beast::flat_buffer buffer;
    with([&](auto& stream) { stream.read(buffer); });
    return detail::beast::buffers_to_string(buffer.data());
  }
  // The next frame, or nothing if the connection ended.
  std::optional<std::string> try_read() {
    try {
      return read();
    } catch (const boost::system::system_error& error) {
      end_ = error.code();
      return {};
    }
  }
  void close() {
    with([](auto& stream) { stream.close(detail::beast::websocket::close_code::normal); });
  }
  // Why try_read gave nothing.
  boost::system::error_code end() const { return end_; }
  bool deflates() const {
    return response_[detail::beast::http::field::sec_websocket_extensions].find(
               "permessage-deflate") != std::string::npos;
  }

 private:
  template <class Stream>
  void upgrade(Stream& stream, const std::string& target, bool deflate) {
    detail::beast::websocket::permessage_deflate option;
    option.client_enable = deflate;
    stream.set_option(option);
    stream.read_message_max(0);
    stream.handshake(response_, "localhost", target);
  }
  template <class Call>
  void with(Call&& call) {
    plain_ ? call(*plain_) : call(*tls_);
  }

  detail::asio::io_context context_;
  std::optional<detail::asio::ssl::context> tls_context_;
  std::optional<detail::beast::websocket::stream<detail::asio::ip::tcp::socket>> plain_;
  std::optional<detail::beast::websocket::stream<detail::tls_stream>> tls_;
  detail::beast::websocket::response_type response_;
  boost::system::error_code end_;
};

struct http_answer {
  unsigned status = 0;
  std::string body;
};

namespace detail {
template <class Stream>
http_answer get(Stream& stream, const std::string& target) {
  beast::http::request<beast::http::empty_body> request(beast::http::verb::get, target, 11);
  request.set(beast::http::field::host, "localhost");
  beast::http::write(stream, request);
  beast::flat_buffer buffer;
  beast::http::response<beast::http::string_body> response;
  beast::http::read(stream, buffer, response);
  return {response.result_int(), response.body()};
}
}  // namespace detail

inline http_answer http_get(std::uint16_t port, const std::string& target,
                            const std::string& ca_file = {}) {
  detail::asio::io_context context;
  if (ca_file.empty()) {
    detail::asio::ip::tcp::socket socket(context);
    detail::connect(socket, port);
    return detail::get(socket, target);
  }
  auto tls = detail::trusting(ca_file);
  detail::tls_stream stream(context, tls);
  detail::connect(stream.next_layer(), port);
  stream.handshake(detail::asio::ssl::stream_base::client);
  return detail::get(stream, target);
}

}  // namespace feedtree::tests
