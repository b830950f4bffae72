#include "adapters/transport/detail/http_exchange.hpp"

#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

#include "adapters/transport/inflate.hpp"

namespace feedtree::transport::detail {
namespace {

namespace http = beast::http;

constexpr std::uint32_t header_limit_bytes = 64U << 10;

bool is_end_of_stream(const error_code& error) {
  return error == http::error::end_of_stream || error == asio::error::eof ||
         error == asio::ssl::error::stream_truncated || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe;
}

bool is_http_error(const error_code& error) {
  return error.category() == error_code(http::error::end_of_stream).category();
}

http::verb verb_of(http_method method) {
  if (method == http_method::get) return http::verb::get;
  return method == http_method::post ? http::verb::post : http::verb::put;
}

http_headers headers_of(const http::fields& fields) {
  http_headers headers;
  for (const auto& field : fields)
    headers.add(std::string(field.name_string()), std::string(field.value()));
  return headers;
}

}  // namespace

http_exchange::http_exchange(const asio::any_io_executor& strand, const https_options& options,
                             std::shared_ptr<http_job> job, done_fn done)
    : strand_(strand),
      options_(options),
      job_(std::move(job)),
      done_(std::move(done)),
      timer_(strand) {
  parser_.header_limit(header_limit_bytes);
  parser_.body_limit(options_.body_limit_bytes);
}

void http_exchange::start(tls_context context, std::optional<any_stream> kept) {
  if (is_done()) return;
  fill_request();
  if (!kept) return dial(std::move(context));
  is_kept_ = true;
  stream_ = std::move(kept);
  write();
}

void http_exchange::cancel() {
  done_ = nullptr;
  timer_.cancel();
  if (dialer_) dialer_->cancel();
  if (stream_) stream_->close();
}

void http_exchange::fill_request() {
  const auto& given = job_->request;
  request_.method(verb_of(given.method));
  request_.target(job_->target.target);
  request_.version(11);
  request_.set(http::field::host, job_->target.authority());
  request_.set(http::field::user_agent, options_.user_agent);
  request_.set(http::field::accept_encoding, "gzip, deflate");
  for (const auto& [name, value] : given.headers.lines()) request_.set(name, value);
  if (given.method != http_method::get) request_.body() = given.body;
  request_.prepare_payload();
}

void http_exchange::dial(tls_context context) {
  dial_options dial{job_->target, options_.tls, std::move(context), options_.resolve, {}, {}};
  dial.connect_timeout = milliseconds(options_.connect_timeout_ms);
  const auto dialing = std::make_shared<dialer>(strand_, std::move(dial),
                                                [weak = weak_from_this()](dial_result result) {
                                                  if (const auto self = weak.lock())
                                                    self->on_dialed(std::move(result));
                                                });
  dialer_ = dialing;  // on_dialed, which may come within start(), lets go of it
  dialing->start();
}

void http_exchange::on_dialed(dial_result result) {
  if (is_done()) return;
  dialer_.reset();
  if (auto* error = std::get_if<transport_error>(&result))
    return finish({std::move(*error), std::nullopt, false, false});
  stream_ = std::move(std::get<dialed>(result).stream);
  is_connected_ = true;
  write();
}

void http_exchange::write() {
  timer_.expires_after(milliseconds(options_.request_timeout_ms));
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && !self->is_done()) self->on_timeout();
  });
  http::async_write(*stream_, request_,
                    [self = shared_from_this()](const error_code& error, std::size_t) {
                      if (self->is_done()) return;
                      if (error) return self->fail(error, error_stage::write);
                      self->read();
                    });
}

void http_exchange::read() {
  http::async_read(*stream_, buffer_, parser_,
                   [self = shared_from_this()](const error_code& error, std::size_t) {
                     if (!self->is_done()) self->on_read(error);
                   });
}

void http_exchange::on_read(const error_code& error) {
  if (error == http::error::body_limit)
    return fail(error_stage::too_large, "the answer is larger than the limit of " +
                                            std::to_string(options_.body_limit_bytes) + " bytes");
  if (error) return fail(error, error_stage::read);
  on_answer();
}

void http_exchange::on_answer() {
  exchange_result done;
  http_response response;
  response.receive_ns = options_.clock_ns();
  auto& message = parser_.get();
  response.status = static_cast<int>(message.result_int());
  response.headers = headers_of(message);
  if (!decode_body(response)) return;
  if (const auto wait = response.headers.find("Retry-After"))
    response.retry_after_s = parse_retry_after_s(*wait, response.receive_ns / 1'000'000'000);
  done.result = std::move(response);
  // Bytes behind the answer belong to no request: such a connection is not to be trusted.
  if (message.keep_alive() && !message.need_eof() && buffer_.size() == 0)
    done.reusable = std::move(stream_);
  finish(std::move(done));
}

bool http_exchange::decode_body(http_response& response) {
  auto& raw = parser_.get().body();
  const auto encoding = response.headers.find("Content-Encoding").value_or("identity");
  if (raw.empty() || beast::iequals(encoding, "identity")) {
    response.body = std::move(raw);
    response.body.reserve(response.body.size() + padding_bytes);
    return true;
  }
  if (!beast::iequals(encoding, "gzip") && !beast::iequals(encoding, "x-gzip") &&
      !beast::iequals(encoding, "deflate")) {
    fail(error_stage::protocol,
         "the answer has the content encoding '" + std::string(encoding) + "'; not supported");
    return false;
  }
  const auto result = inflate(raw, options_.body_limit_bytes, response.body);
  if (result == inflate_result::done) return true;
  if (result == inflate_result::corrupt)
    fail(error_stage::protocol, "the compressed answer is corrupt");
  else
    fail(error_stage::too_large, "the answer is, decompressed, larger than the limit of " +
                                     std::to_string(options_.body_limit_bytes) + " bytes");
  return false;
}

void http_exchange::on_timeout() {
  fail(error_stage::timeout,
       "no complete answer within " + std::to_string(options_.request_timeout_ms) + " ms");
}

void http_exchange::fail(const error_code& error, error_stage stage) {
  if (is_http_error(error) && error != http::error::end_of_stream &&
      error != http::error::partial_message)
    return fail(error_stage::protocol, "the answer is not HTTP: " + error.message());
  if (is_end_of_stream(error) && is_kept_ && !parser_.got_some()) {
    exchange_result stale;
    transport_error gone;
    gone.stage = error_stage::closed_by_peer;
    gone.message = "request to " + peer() + " failed: the kept connection was closed";
    stale.result = std::move(gone);
    stale.is_stale = true;
    return finish(std::move(stale));
  }
  const bool is_closed = is_end_of_stream(error) || error == http::error::partial_message;
  fail(is_closed ? error_stage::closed_by_peer : stage, error.message());
}

void http_exchange::fail(error_stage stage, const std::string& reason) {
  transport_error error;
  error.stage = stage;
  error.message = "request to " + peer() + " failed: " + reason;
  finish({std::move(error), std::nullopt, false, false});
}

void http_exchange::finish(exchange_result result) {
  const auto done = std::exchange(done_, nullptr);
  timer_.cancel();
  if (stream_) stream_->close();
  result.is_connected = is_connected_;
  done(std::move(result));
}

}  // namespace feedtree::transport::detail
