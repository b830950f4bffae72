#include <openssl/ssl.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "adapters/transport/detail/websocket_impl.hpp"
#include "core/first_words.hpp"

namespace feedtree::transport {
namespace {

namespace http = boost::beast::http;
namespace ws = boost::beast::websocket;

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

ws::permessage_deflate deflate_offer(bool is_wanted) {
  ws::permessage_deflate offer;
  offer.client_enable = is_wanted;
  return offer;
}

void add_headers(ws::request_type& request, const websocket_options& options) {
  request.set(http::field::user_agent, options.user_agent);
  for (const auto& [name, value] : options.headers.lines()) request.set(name, value);
}

}  // namespace

void websocket_client::impl::do_start() {
  if (phase_ != phase::idle) return;
  phase_ = phase::connecting;
  transport_error problem;
  if (!prepare(problem)) return finish(std::move(problem));
  dial();
}

bool websocket_client::impl::prepare(transport_error& problem) {
  problem.stage = error_stage::options;
  problem.terminal = true;
  const auto problems = options_.check();
  if (!problems.empty()) {
    problem.message = "the WebSocket options are wrong: " + join(problems);
    return false;
  }
  std::string ignored;
  target_ = *parse_url(options_.url, ignored);
  return true;
}

void websocket_client::impl::dial() {
  detail::dial_options dial{target_, options_.tls, nullptr, options_.resolve, {}, {}};
  dial.connect_timeout = milliseconds(options_.connect_timeout_ms);
  dial.tls_timeout = milliseconds(options_.handshake_timeout_ms);
  std::string problem;
  if (target_.is_tls()) dial.context = detail::make_tls_context(options_.tls, problem);
  if (!problem.empty()) {
    auto error = make_error(error_stage::tls, "cannot connect to " + peer() + ": " + problem);
    error.terminal = true;
    return finish(std::move(error));
  }
  auto on_done = [weak = weak_from_this()](detail::dial_result result) {
    if (const auto self = weak.lock()) self->on_dialed(std::move(result));
  };
  const auto dialer =
      std::make_shared<detail::dialer>(strand_, std::move(dial), std::move(on_done));
  dialer_ = dialer;  // on_dialed, which may come within start(), lets go of it
  dialer->start();
}

void websocket_client::impl::on_dialed(detail::dial_result result) {
  if (is_over()) return;
  dialer_.reset();
  if (auto* error = std::get_if<transport_error>(&result)) return finish(std::move(*error));
  upgrade(std::move(std::get<detail::dialed>(result)));
}

void websocket_client::impl::upgrade(detail::dialed connection) {
  websocket_.emplace(std::move(connection.stream));
  configure();
  const auto limit = milliseconds(options_.handshake_timeout_ms);
  stage_timer_.expires_at(connection.connected_at + limit);
  stage_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->phase_ != phase::connecting) return;
    self->finish(self->make_error(error_stage::timeout,
                                  "the WebSocket handshake with " + self->peer() +
                                      " was not complete within " +
                                      std::to_string(self->options_.handshake_timeout_ms) + " ms"));
  });
  websocket_->async_handshake(response_, target_.authority(), target_.target,
                              [self = shared_from_this()](const error_code& error) {
                                if (!self->is_over()) self->on_upgraded(error);
                              });
}

void websocket_client::impl::configure() {
  // Limits and times are kept here, with messages of their own, and not by Beast.
  websocket_->set_option(
      ws::stream_base::timeout{ws::stream_base::none(), ws::stream_base::none(), false});
  websocket_->read_message_max(0);
  websocket_->auto_fragment(false);
  websocket_->text(true);
  websocket_->set_option(deflate_offer(options_.permessage_deflate));
  websocket_->set_option(ws::stream_base::decorator(
      [this](ws::request_type& request) { add_headers(request, options_); }));
  websocket_->control_callback(
      [this](ws::frame_type kind, boost::beast::string_view) { on_control(kind); });
}

void websocket_client::impl::on_upgraded(const error_code& error) {
  stage_timer_.cancel();
  if (error) return finish(describe_refusal(error));
  phase_ = phase::open;
  note_connection();
  received_at_ = pinged_at_ = steady_clock::now();
  call(callbacks_.on_open);
  schedule_tick();
  write();
  read();
}

transport_error websocket_client::impl::describe_refusal(const error_code& error) const {
  auto failure =
      make_error(error_stage::handshake, "the WebSocket handshake with " + peer() + " failed: ");
  if (error != ws::error::upgrade_declined) {
    failure.message += error.message();
    return failure;
  }
  failure.http_status = static_cast<int>(response_.result_int());
  failure.answer = first_words(response_.body());
  failure.message +=
      "HTTP status " + std::to_string(failure.http_status) + " " + first_words(response_.reason());
  if (!failure.answer.empty()) failure.message += ": " + failure.answer;
  failure.terminal = is_terminal_status(failure.http_status);
  const auto found = response_.find(http::field::retry_after);
  if (found != response_.end())
    failure.retry_after_s =
        parse_retry_after_s(found->value(), options_.clock_ns() / 1'000'000'000);
  return failure;
}

void websocket_client::impl::note_connection() {
  connection_info info;
  error_code ignored;
  std::ostringstream remote;
  remote << websocket_->next_layer().socket().remote_endpoint(ignored);
  info.remote = remote.str();
  if (auto* tls = websocket_->next_layer().tls(); tls != nullptr) {
    info.tls_version = SSL_get_version(tls->native_handle());
    info.tls_cipher = SSL_get_cipher_name(tls->native_handle());
  }
  const auto extensions = response_[http::field::sec_websocket_extensions];
  info.deflate = extensions.find("permessage-deflate") != std::string_view::npos;
  const std::lock_guard lock(mutex_);
  info_ = std::move(info);
}

}  // namespace feedtree::transport
