#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "adapters/transport/detail/dialer.hpp"
#include "adapters/transport/https_client.hpp"

namespace feedtree::transport::detail {

// A request on its way through the client.
struct http_job {
  http_request request;
  url target;
  https_client::callback on_result;
  bool is_retry = false;  // takes no kept connection
  std::size_t bytes = 0;  // counted against the queue
};

struct exchange_result {
  http_result result;
  std::optional<any_stream> reusable;  // the connection, where the server keeps it
  bool is_stale = false;               // a kept connection was gone before any answer
  bool is_connected = false;           // a connection was opened by this exchange
};

// One request on one connection: dials unless a kept connection is given, writes, reads, decodes.
// Runs on the given strand; `done` is called once, unless cancel() came first.
class http_exchange : public std::enable_shared_from_this<http_exchange> {
 public:
  using done_fn = std::function<void(exchange_result)>;

  http_exchange(const asio::any_io_executor& strand, const https_options& options,
                std::shared_ptr<http_job> job, done_fn done);

  void start(tls_context context, std::optional<any_stream> kept);
  void cancel();
  [[nodiscard]] const std::shared_ptr<http_job>& job() const { return job_; }

 private:
  using request_type = beast::http::request<beast::http::string_body>;
  using parser_type = beast::http::response_parser<beast::http::string_body>;

  void dial(tls_context context);
  void on_dialed(dial_result result);
  void write();
  void read();
  void on_read(const error_code& error);
  void fill_request();
  void on_answer();
  bool decode_body(http_response& response);
  void on_timeout();
  void fail(const error_code& error, error_stage stage);
  void fail(error_stage stage, const std::string& reason);
  void finish(exchange_result result);
  bool is_done() const { return done_ == nullptr; }
  std::string peer() const { return job_->target.host_and_port(); }

  asio::any_io_executor strand_;
  https_options options_;
  std::shared_ptr<http_job> job_;
  done_fn done_;
  asio::steady_timer timer_;
  std::shared_ptr<dialer> dialer_;
  std::optional<any_stream> stream_;
  bool is_kept_ = false;
  bool is_connected_ = false;
  request_type request_;
  parser_type parser_;
  beast::flat_buffer buffer_;
};

}  // namespace feedtree::transport::detail
