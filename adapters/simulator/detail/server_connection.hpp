// One connection to the server: TLS handshake, HTTP requests, then perhaps a WebSocket.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "adapters/simulator/detail/server_impl.hpp"

namespace feedtree::simulator::detail {

// Lives as long as an operation of it is under way or the server knows it.
template <class Stream>
class server_connection : public client_connection,
                          public std::enable_shared_from_this<server_connection<Stream>> {
 public:
  template <class... Arguments>
  explicit server_connection(server_impl& owner, Arguments&&... arguments)
      : server_(owner), stream_(std::in_place, std::forward<Arguments>(arguments)...) {}

  void start() {
    id_ = server_.add_connection(this->shared_from_this());
    lowest().socket().set_option(boost::asio::ip::tcp::no_delay(true));
    lowest().expires_after(idle_time);
    if constexpr (requires(Stream & stream) { stream.native_handle(); }) {
      stream_->async_handshake(boost::asio::ssl::stream_base::server,
                               on(&server_connection::on_handshake));
    } else {
      read_request();
    }
  }

  void send(std::string frame) override {
    if (is_over_ || is_closing_ || is_frozen_) return;
    queued_bytes_ += frame.size();
    queue_.push_back(std::move(frame));
    if (!is_writing_) write();
  }

  void close() override {
    if (is_over_ || is_closing_) return;
    if (is_frozen_) return cut();
    is_closing_ = true;
    if (!websocket_) {
      cut();
    } else if (!is_writing_) {
      send_close();
    }
  }

  void cut() override {
    boost::system::error_code ignored;
    lowest().socket().close(ignored);
    finish();
  }

  void freeze() override {
    is_frozen_ = true;
    boost::system::error_code ignored;
    lowest().socket().cancel(ignored);
  }

  std::size_t queued_frames() const override { return queue_.size(); }
  std::size_t queued_bytes() const override { return queued_bytes_; }
  void tell_room() override { tells_room_ = true; }

 private:
  using error_code = boost::system::error_code;
  using request = boost::beast::http::request<boost::beast::http::string_body>;
  using response = boost::beast::http::response<boost::beast::http::string_body>;
  using websocket = boost::beast::websocket::stream<Stream>;
  static constexpr std::chrono::seconds idle_time{30};
  static constexpr std::size_t request_bytes_max = 64 * 1024;

  // A handler that keeps the connection alive.
  template <class... Arguments>
  auto on(void (server_connection::*handler)(const error_code&, Arguments...)) {
    return [self = this->shared_from_this(), handler](const error_code& error,
                                                      Arguments... arguments) {
      (self.get()->*handler)(error, arguments...);
    };
  }

  boost::beast::tcp_stream& lowest() {
    return websocket_ ? boost::beast::get_lowest_layer(*websocket_)
                      : boost::beast::get_lowest_layer(*stream_);
  }

  void on_handshake(const error_code& error) { error ? finish() : read_request(); }

  void read_request() {
    parser_.emplace();
    parser_->body_limit(request_bytes_max);
    lowest().expires_after(idle_time);
    boost::beast::http::async_read(*stream_, buffer_, *parser_, on(&server_connection::on_request));
  }

  void on_request(const error_code& error, std::size_t) {
    if (error || is_over_) return finish();
    const auto& what = parser_->get();
    const std::string_view target(what.target().data(), what.target().size());
    if (!boost::beast::websocket::is_upgrade(what)) {
      const auto method = what.method_string();
      respond(server_.answer({method.data(), method.size()}, target));
    } else if (auto refusal = server_.refusal(target)) {
      respond(std::move(*refusal));
    } else if (!server_.admits(target)) {
      respond({404, R"({"error":"no such path"})"});
    } else if (server_.is_full()) {
      server_.count_refused();
      respond({503, R"({"error":"too many connections"})"});
    } else {
      upgrade();
    }
  }

  void respond(rest_answer answer) {
    const auto& asked = parser_->get();
    response_ = response(static_cast<boost::beast::http::status>(answer.status), asked.version());
    response_.set(boost::beast::http::field::server, "feedtree");
    response_.set(boost::beast::http::field::content_type, "application/json");
    if (answer.retry_after_s != 0) {
      response_.set(boost::beast::http::field::retry_after, std::to_string(answer.retry_after_s));
    }
    response_.keep_alive(asked.keep_alive());
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    boost::beast::http::async_write(*stream_, response_, on(&server_connection::on_responded));
  }

  void on_responded(const error_code& error, std::size_t) {
    if (error || !response_.keep_alive() || is_closing_) return cut();
    read_request();
  }

  void upgrade() {
    lowest().expires_never();
    websocket_.emplace(std::move(*stream_));
    stream_.reset();
    boost::beast::websocket::stream_base::timeout limits;
    limits.handshake_timeout = std::chrono::seconds(10);
    limits.idle_timeout = boost::beast::websocket::stream_base::none();
    limits.keep_alive_pings = false;
    websocket_->set_option(limits);
    boost::beast::websocket::permessage_deflate deflate;
    deflate.server_enable = server_.options.permessage_deflate;
    websocket_->set_option(deflate);
    websocket_->read_message_max(request_bytes_max);
    websocket_->text(true);
    websocket_->async_accept(parser_->get(), on(&server_connection::on_upgraded));
  }

  void on_upgraded(const error_code& error) {
    if (error || is_over_) return finish();
    const auto& target = parser_->get().target();
    server_.opened(id_, {target.data(), target.size()});
    read();
  }

  void read() {
    if (is_over_) return;
    websocket_->async_read(buffer_, on(&server_connection::on_read));
  }

  void on_read(const error_code& error, std::size_t) {
    if (is_frozen_) return;
    if (error || is_over_) return cut();
    const auto data = buffer_.cdata();
    const std::string text(static_cast<const char*>(data.data()), data.size());
    buffer_.consume(buffer_.size());
    server_.received(id_, text);
    read();
  }

  void write() {
    is_writing_ = true;
    websocket_->async_write(boost::asio::buffer(queue_.front()),
                            on(&server_connection::on_written));
  }

  void on_written(const error_code& error, std::size_t) {
    is_writing_ = false;
    if (is_frozen_) return;
    if (error || is_over_) return cut();
    const auto bytes = queue_.front().size();
    queued_bytes_ -= bytes;
    queue_.pop_front();
    server_.count_sent(bytes);
    tell_of_room();
    if (is_over_ || is_writing_) return;
    if (!queue_.empty()) {
      write();
    } else if (is_closing_) {
      send_close();
    }
  }

  void tell_of_room() {
    if (!tells_room_ || queue_.size() > server_.options.room_frames / 2) return;
    tells_room_ = false;
    server_.drained(id_);
  }

  void send_close() {
    if (is_close_sent_) return;
    is_close_sent_ = true;
    websocket_->async_close(boost::beast::websocket::close_code::going_away,
                            on(&server_connection::on_closed));
  }

  void on_closed(const error_code&) { cut(); }

  // The server forgets the connection; it ends with its last operation.
  void finish() {
    if (is_over_) return;
    is_over_ = true;
    server_.remove_connection(id_);
  }

  server_impl& server_;
  client_id id_ = 0;
  std::optional<Stream> stream_;  // until it is a WebSocket
  std::optional<websocket> websocket_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  response response_;
  std::deque<std::string> queue_;  // the front is being written
  std::size_t queued_bytes_ = 0;
  bool is_writing_ = false;
  bool is_closing_ = false;
  bool is_close_sent_ = false;
  bool is_over_ = false;
  bool is_frozen_ = false;
  bool tells_room_ = false;
};

}  // namespace feedtree::simulator::detail
