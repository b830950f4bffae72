// One connection to the HTTP server: requests one after the other, or at last a stream of events.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "adapters/http/detail/server_impl.hpp"
#include "adapters/http/detail/wire.hpp"
#include "adapters/http/problem.hpp"

namespace feedtree::http::detail {

// Lives as long as an operation of it is under way or the server knows it.
template <class Stream>
class connection : public client_connection,
                   public std::enable_shared_from_this<connection<Stream>> {
 public:
  template <class... Arguments>
  explicit connection(server_impl& owner, Arguments&&... arguments)
      : server_(owner),
        stream_(std::forward<Arguments>(arguments)...),
        deadline_(owner.context()) {}

  void start() {
    id_ = server_.add_connection(this->shared_from_this());
    error_code ignored;
    lowest().socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    const auto from = lowest().socket().remote_endpoint(ignored);
    if (!ignored) peer_ = from.address().to_string();
    waits_since_ms_ = server_impl::now_ms();
    if constexpr (requires(Stream & stream) { stream.native_handle(); }) {
      lowest().expires_after(milliseconds(server_.options.request_timeout_ms));
      stream_.async_handshake(boost::asio::ssl::stream_base::server, on(&connection::on_handshake));
    } else {
      wait_for_request();
    }
  }

  void cut() override {
    error_code ignored;
    deadline_.cancel();
    lowest().socket().close(ignored);
    finish();
  }

  void send(const frame_ptr& frame) override {
    if (is_over_) return;
    if (queued_bytes_ + frame->size() > server_.options.stream_bytes_max) {
      server_.count_stream_cut();
      return cut();
    }
    queued_bytes_ += frame->size();
    queue_.push_back(frame);
    if (!is_writing_) write_event();
  }

  std::int64_t waits_since_ms() const override { return waits_since_ms_; }

 private:
  using error_code = boost::system::error_code;
  using milliseconds = std::chrono::milliseconds;
  using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  static constexpr std::size_t read_bytes = 4'096;
  static constexpr std::size_t discarded_bytes_max = 256 * 1024;
  static constexpr milliseconds linger_time{1'000};

  // A handler that keeps the connection alive.
  template <class... Arguments>
  auto on(void (connection::*handler)(const error_code&, Arguments...)) {
    return [self = this->shared_from_this(), handler](const error_code& error,
                                                      Arguments... arguments) {
      (self.get()->*handler)(error, arguments...);
    };
  }

  boost::beast::tcp_stream& lowest() { return boost::beast::get_lowest_layer(stream_); }

  void on_handshake(const error_code& error) { error ? cut() : wait_for_request(); }

  // A client that says nothing may stay for a while; one that has begun must come to its end.
  void wait_for_request() {
    waits_since_ms_ = server_impl::now_ms();
    if (buffer_.size() > 0) return read_request();
    lowest().expires_after(milliseconds(server_.options.idle_timeout_ms));
    stream_.async_read_some(buffer_.prepare(read_bytes), on(&connection::on_first_bytes));
  }

  void on_first_bytes(const error_code& error, std::size_t bytes) {
    if (error || is_over_) return cut();
    buffer_.commit(bytes);
    read_request();
  }

  void read_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_.options.header_bytes_max));
    parser_->body_limit(server_.options.body_bytes_max);
    lowest().expires_after(milliseconds(server_.options.request_timeout_ms));
    boost::beast::http::async_read_header(stream_, buffer_, *parser_, on(&connection::on_header));
  }

  void on_header(const error_code& error, std::size_t) {
    if (error || is_over_) return reject(error);
    if (same_name(std::string_view(to_view(parser_->get()[boost::beast::http::field::expect])),
                  "100-continue")) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      boost::asio::async_write(stream_, boost::asio::buffer(go_on), on(&connection::on_continued));
      return;
    }
    read_body();
  }

  void on_continued(const error_code& error, std::size_t) { error ? cut() : read_body(); }

  void read_body() {
    boost::beast::http::async_read(stream_, buffer_, *parser_, on(&connection::on_request));
  }

  // What is no request gets an answer if it may still be heard, and the connection ends.
  void reject(const error_code& error) {
    if (is_over_) return;
    const int status = status_of(error);
    if (error == boost::beast::error::timeout) server_.count_timeout();
    if (status == 0) return cut();
    server_.count_rejected();
    keep_alive_ = false;
    asked_ = {};
    answer_with(problem(status, detail_of(status)));
  }

  void on_request(const error_code& error, std::size_t) {
    if (error || is_over_) return reject(error);
    waits_since_ms_ = 0;
    keep_alive_ = parser_->get().keep_alive();
    is_http_1_0_ = parser_->get().version() < 11;
    asked_ = request_of(parser_->release());
    asked_.peer = peer_;
    if (!is_http_1_0_ && !asked_.has_header("Host")) {
      keep_alive_ = false;
      return answer_with(problem(400, "a request has a Host header"));
    }
    take(server_.handle(asked_));
  }

  void take(reply what) {
    if (what.later) return answer_later(what.later);
    if (what.topics != 0 && asked_.method == "GET") return stream(std::move(what));
    answer_with(std::move(what.now));
  }

  void answer_later(const std::function<void(responder)>& begin) {
    const auto ticket = ++ticket_;
    deadline_.expires_after(milliseconds(server_.options.answer_timeout_ms));
    deadline_.async_wait([self = this->shared_from_this(), ticket](const error_code& error) {
      if (error || self->ticket_ != ticket) return;
      ++self->ticket_;
      self->answer_with(problem(504, "the answer did not come in time"));
    });
    // The server may be gone when the answer comes: it then finds no connection.
    begin([weak = this->weak_from_this(), ticket](response answer) {
      const auto self = weak.lock();
      if (!self) return;
      boost::asio::post(self->stream_.get_executor(),
                        [weak, ticket, given = std::move(answer)]() mutable {
                          if (const auto here = weak.lock()) here->late(ticket, std::move(given));
                        });
    });
  }

  void late(std::uint64_t ticket, response answer) {
    if (is_over_ || ticket != ticket_) return;
    ++ticket_;
    deadline_.cancel();
    answer_with(std::move(answer));
  }

  void answer_with(response answer) {
    if (is_over_) return;
    if (server_.is_stopping()) keep_alive_ = false;
    answer_ = server_.finish(asked_, std::move(answer));
    head_ = head_of(answer_, keep_alive_, is_http_1_0_);
    lowest().expires_after(milliseconds(server_.options.write_timeout_ms));
    const auto body = asked_.method == "HEAD" ? std::string_view() : answer_.text();
    const std::array<boost::asio::const_buffer, 2> parts{boost::asio::buffer(head_),
                                                         boost::asio::buffer(body)};
    boost::asio::async_write(stream_, parts, on(&connection::on_answered));
  }

  void on_answered(const error_code& error, std::size_t bytes) {
    server_.count_sent(bytes);
    if (error || is_over_) return cut();
    if (!keep_alive_) return linger();
    wait_for_request();
  }

  // Lets the client read the answer: a socket that is closed while bytes wait in it is reset.
  void linger() {
    error_code ignored;
    lowest().socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    lowest().expires_after(linger_time);
    discard();
  }

  void discard() {
    buffer_.clear();
    lowest().async_read_some(buffer_.prepare(read_bytes), on(&connection::on_discarded));
  }

  void on_discarded(const error_code& error, std::size_t bytes) {
    discarded_bytes_ += bytes;
    if (error || is_over_ || discarded_bytes_ > discarded_bytes_max) return cut();
    discard();
  }

  void stream(reply what) {
    if (!server_.add_reader(id_, what.topics, std::move(what.may_go_on))) {
      return answer_with(problem(503, "there are enough readers of events"));
    }
    const auto first = what.now.body;
    what.now.body = nullptr;
    answer_ = server_.finish(asked_, std::move(what.now));
    auto head = stream_head_of(answer_);
    if (first) head += *first;
    lowest().expires_never();
    watch_client();
    send(std::make_shared<const std::string>(std::move(head)));
  }

  // A reader of events says nothing more; that it went away is seen by reading.
  void watch_client() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(read_bytes), on(&connection::on_client));
  }

  void on_client(const error_code& error, std::size_t bytes) {
    discarded_bytes_ += bytes;
    if (error || is_over_ || discarded_bytes_ > discarded_bytes_max) return cut();
    watch_client();
  }

  void write_event() {
    is_writing_ = true;
    deadline_.expires_after(milliseconds(server_.options.write_timeout_ms));
    deadline_.async_wait([self = this->shared_from_this()](const error_code& error) {
      if (error || self->is_over_) return;
      self->server_.count_stream_cut();
      self->cut();
    });
    boost::asio::async_write(stream_, boost::asio::buffer(*queue_.front()),
                             on(&connection::on_event_written));
  }

  void on_event_written(const error_code& error, std::size_t bytes) {
    is_writing_ = false;
    deadline_.cancel();
    server_.count_sent(bytes);
    if (error || is_over_) return cut();
    server_.count_event();
    queued_bytes_ -= queue_.front()->size();
    queue_.pop_front();
    if (!queue_.empty()) write_event();
  }

  // The server forgets the connection; it ends with its last operation.
  void finish() {
    if (is_over_) return;
    is_over_ = true;
    server_.remove_connection(id_);
  }

  server_impl& server_;
  std::uint64_t id_ = 0;
  Stream stream_;
  boost::asio::steady_timer deadline_;  // of an answer that comes later, or of one event
  boost::beast::flat_buffer buffer_;
  std::optional<parser> parser_;
  std::string peer_;
  request asked_;
  response answer_;
  std::string head_;
  bool keep_alive_ = true;
  bool is_http_1_0_ = false;
  std::uint64_t ticket_ = 0;
  std::int64_t waits_since_ms_ = 0;
  std::size_t discarded_bytes_ = 0;
  std::deque<frame_ptr> queue_;  // the front is being written
  std::size_t queued_bytes_ = 0;
  bool is_writing_ = false;
  bool is_over_ = false;
};

}  // namespace feedtree::http::detail
