#include "adapters/transport/detail/dialer.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

namespace feedtree::transport::detail {
namespace {

std::string text_of(steady_clock::duration duration) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(duration).count()) + " ms";
}

std::string text_of(const tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

}  // namespace

dialer::dialer(const asio::any_io_executor& strand, dial_options options, done_fn done)
    : strand_(strand),
      options_(std::move(options)),
      done_(std::move(done)),
      resolver_(strand),
      timer_(strand),
      stream_(strand) {}

void dialer::start() {
  deadline_ = steady_clock::now() + options_.connect_timeout;
  resolve();
}

void dialer::cancel() {
  done_ = nullptr;
  ++step_;
  timer_.cancel();
  resolver_.cancel();
  stream_.close();
}

void dialer::arm(steady_clock::duration limit, std::function<void()> on_timeout) {
  timer_.expires_after(limit);
  timer_.async_wait([self = shared_from_this(), step = ++step_,
                     action = std::move(on_timeout)](const error_code& error) {
    if (!error && step == self->step_ && !self->is_done()) action();
  });
}

void dialer::resolve() {
  const auto& host = options_.target.host;
  if (options_.resolve) return use_addresses(options_.resolve(host, options_.target.port));
  if (options_.target.is_ip_literal()) return use_addresses({{host, options_.target.port}});
  resolve_by_dns();
}

void dialer::resolve_by_dns() {
  arm(options_.connect_timeout, [this] {
    fail(error_stage::timeout,
         "the name was not resolved within " + text_of(options_.connect_timeout));
  });
  resolver_.async_resolve(options_.target.host, std::to_string(options_.target.port),
                          tcp::resolver::numeric_service,
                          [self = shared_from_this()](const error_code& error,
                                                      const tcp::resolver::results_type& results) {
                            if (self->is_done()) return;
                            if (error) return self->fail(error_stage::resolve, error.message());
                            for (const auto& entry : results)
                              self->endpoints_.push_back(entry.endpoint());
                            self->connect_next();
                          });
}

void dialer::use_addresses(const std::vector<socket_address>& addresses) {
  for (const auto& address : addresses) {
    error_code error;
    const auto ip = asio::ip::make_address(address.ip, error);
    if (error) return fail(error_stage::resolve, "'" + address.ip + "' is not an address");
    endpoints_.emplace_back(ip, address.port);
  }
  if (endpoints_.empty()) return fail(error_stage::resolve, "the name has no address");
  connect_next();
}

steady_clock::duration dialer::share_of_next() const {
  const auto left = static_cast<int>(endpoints_.size() - next_);
  const steady_clock::duration least = milliseconds(1);
  return std::max(least, (deadline_ - steady_clock::now()) / left);
}

void dialer::connect_next() {
  if (next_ == endpoints_.size()) return fail_connect();
  share_ = share_of_next();
  is_share_over_ = false;
  stream_ = any_stream(strand_);
  arm(share_, [this] {
    is_share_over_ = true;
    stream_.close();
  });
  stream_.socket().async_connect(endpoints_[next_],
                                 [self = shared_from_this()](const error_code& error) {
                                   if (!self->is_done()) self->on_connect(error);
                                 });
}

void dialer::on_connect(const error_code& error) {
  if (!error && !is_share_over_) return start_tls();
  tried_ += (tried_.empty() ? "" : ", ") + text_of(endpoints_[next_]) + " (" +
            (is_share_over_ ? "no answer within " + text_of(share_) : error.message()) + ")";
  if (is_share_over_) ++timed_out_;
  ++next_;
  connect_next();
}

void dialer::fail_connect() {
  const bool all_timed_out = timed_out_ == endpoints_.size();
  fail(all_timed_out ? error_stage::timeout : error_stage::connect, "tried " + tried_);
}

void dialer::start_tls() {
  error_code ignored;
  stream_.socket().set_option(tcp::no_delay(true), ignored);
  connected_at_ = steady_clock::now();
  if (!options_.context) return finish(dialed{std::move(stream_), connected_at_});
  auto& tls = stream_.enable_tls(*options_.context);
  const auto problem = prepare_tls(tls.native_handle(), options_.tls, options_.target);
  if (!problem.empty()) return fail(error_stage::tls, problem, true);
  // Shared, since the callback stays with the stream when the dialer is gone.
  tls.set_verify_callback([names = peer_names_](bool is_verified, auto& context) {
    return note_peer_names(is_verified, context, *names);
  });
  handshake(tls);
}

void dialer::handshake(any_stream::tls_stream& tls) {
  const steady_clock::duration left = deadline_ - connected_at_;
  const auto limit = options_.tls_timeout ? *options_.tls_timeout : left;
  arm(limit, [this, limit] {
    fail(error_stage::timeout, "the TLS handshake was not complete within " + text_of(limit));
  });
  tls.async_handshake(asio::ssl::stream_base::client,
                      [self = shared_from_this()](const error_code& error) {
                        if (!self->is_done()) self->on_tls(error);
                      });
}

void dialer::on_tls(const error_code& error) {
  if (!error) return finish(dialed{std::move(stream_), connected_at_});
  auto* handle = stream_.tls()->native_handle();
  finish(describe_tls_failure(handle, error, options_.tls, options_.target, *peer_names_));
}

void dialer::fail(error_stage stage, const std::string& reason, bool terminal) {
  transport_error error;
  error.stage = stage;
  error.message = "cannot connect to " + options_.target.host_and_port() + ": " + reason;
  error.terminal = terminal;
  finish(std::move(error));
}

void dialer::finish(dial_result result) {
  const auto done = std::exchange(done_, nullptr);
  ++step_;
  timer_.cancel();
  resolver_.cancel();
  if (std::holds_alternative<transport_error>(result)) stream_.close();
  done(std::move(result));
}

}  // namespace feedtree::transport::detail
