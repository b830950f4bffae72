#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/adapters/transport/test_certificates.hpp"

namespace feedtree::transport::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;

// The server's end of one connection: a blocking TCP socket, with or without TLS.
class peer {
 public:
  using executor_type = tcp::socket::executor_type;
  using tls_stream = asio::ssl::stream<tcp::socket&>;

  explicit peer(tcp::socket& socket) : socket_(&socket) {}

  // The TLS handshake; false when it fails.
  bool accept_tls(asio::ssl::context& context) {
    error_code error;
    tls_ = std::make_unique<tls_stream>(*socket_, context);
    tls_->handshake(asio::ssl::stream_base::server, error);
    return !error;
  }

  tcp::socket& socket() { return *socket_; }
  tls_stream* tls() { return tls_.get(); }
  executor_type get_executor() { return socket_->get_executor(); }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& error) {
    return tls_ ? tls_->read_some(buffers, error) : socket_->read_some(buffers, error);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& error) {
    return tls_ ? tls_->write_some(buffers, error) : socket_->write_some(buffers, error);
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code error;
    const auto count = read_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return count;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    error_code error;
    const auto count = write_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return count;
  }

  using http_request_type = beast::http::request<beast::http::string_body>;

  // The next request, or nothing at the end of the stream.
  std::optional<http_request_type> read_request() {
    error_code error;
    http_request_type request;
    beast::http::read(*this, buffer_, request, error);
    if (error) return std::nullopt;
    return request;
  }
  // Writes `text` as it is.
  void write(const std::string& text) {
    error_code ignored;
    asio::write(*this, asio::buffer(text), ignored);
  }
  // Waits until the client ends the connection.
  void wait_for_end() {
    error_code error;
    std::string chunk(4'096, '\0');
    while (!error) read_some(asio::buffer(chunk), error);
  }

  friend void teardown(beast::role_type, peer& stream, error_code& error) {
    stream.socket_->shutdown(tcp::socket::shutdown_send, error);
  }
  friend void beast_close_socket(peer&) {}

 private:
  tcp::socket* socket_;
  std::unique_ptr<tls_stream> tls_;
  beast::flat_buffer buffer_;
};

// A server context for a certificate, for TLS versions from `version_min` to `version_max`.
inline std::shared_ptr<asio::ssl::context> server_context(const identity& who,
                                                          int version_min = TLS1_2_VERSION,
                                                          int version_max = TLS1_3_VERSION) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  // Without this OpenSSL itself refuses to offer TLS 1.1, which one test wants.
  if (version_max < TLS1_2_VERSION)
    SSL_CTX_set_cipher_list(context->native_handle(), "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context->native_handle(), version_min);
  SSL_CTX_set_max_proto_version(context->native_handle(), version_max);
  context->use_certificate_chain(asio::buffer(who.certificate));
  context->use_private_key(asio::buffer(who.key), asio::ssl::context::pem);
  return context;
}

// Listens on a free port of 127.0.0.1 and runs `serve` for each connection on a thread of its
// own; a connection ends when `serve` returns. Ends everything when destroyed.
class test_server {
 public:
  using serve_fn = std::function<void(peer& client, int index)>;

  explicit test_server(serve_fn serve, std::shared_ptr<asio::ssl::context> tls = nullptr)
      : serve_(std::move(serve)),
        tls_(std::move(tls)),
        acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port_(acceptor_.local_endpoint().port()),
        listener_([this] { listen(); }) {}

  ~test_server() {
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    listener_.join();
    for (auto& socket : sockets_) ::shutdown(socket->native_handle(), SHUT_RDWR);
    for (auto& thread : threads_) thread.join();
  }
  test_server(const test_server&) = delete;
  test_server& operator=(const test_server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int accepted() const { return accepted_; }
  [[nodiscard]] std::string url(const std::string& scheme, const std::string& target = "/",
                                const std::string& host = "127.0.0.1") const {
    return scheme + "://" + host + ":" + std::to_string(port_) + target;
  }

 private:
  void listen() {
    while (true) {
      auto socket = std::make_unique<tcp::socket>(context_);
      error_code error;
      acceptor_.accept(*socket, error);
      if (error) return;
      auto* raw = socket.get();
      sockets_.push_back(std::move(socket));
      threads_.emplace_back([this, raw, index = accepted_++] { run(*raw, index); });
    }
  }

  void run(tcp::socket& socket, int index) {
    {
      peer client(socket);
      if (!tls_ || client.accept_tls(*tls_)) serve_(client, index);
    }
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  }

  serve_fn serve_;
  std::shared_ptr<asio::ssl::context> tls_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::atomic<int> accepted_{0};
  std::vector<std::unique_ptr<tcp::socket>> sockets_;  // of the listener, until it is joined
  std::vector<std::thread> threads_;
  std::thread listener_;
};

// A port of 127.0.0.1 on which nobody listens.
inline std::uint16_t refused_port() {
  asio::io_context context;
  const tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  return acceptor.local_endpoint().port();
}

// A port of 127.0.0.1 that answers no connection attempt: its queue of connections that nobody
// accepts is full, and Linux drops what comes then.
class silent_port {
 public:
  silent_port() : acceptor_(context_) {
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), 0);
    acceptor_.open(endpoint.protocol());
    acceptor_.bind(endpoint);
    acceptor_.listen(0);
    while (connects()) {
    }
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  // True when one more connection was taken into the queue.
  bool connects() {
    auto& socket = sockets_.emplace_back(context_, tcp::v4());
    socket.non_blocking(true);
    const auto endpoint = acceptor_.local_endpoint();
    // Not Asio's connect: that one waits even on a non-blocking socket.
    ::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
    pollfd waiting{socket.native_handle(), POLLOUT, 0};
    return ::poll(&waiting, 1, 100) == 1;
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::vector<tcp::socket> sockets_;
};

}  // namespace feedtree::transport::test
