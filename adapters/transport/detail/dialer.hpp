#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "adapters/transport/connection_options.hpp"
#include "adapters/transport/detail/any_stream.hpp"
#include "adapters/transport/detail/tls.hpp"
#include "adapters/transport/error.hpp"
#include "adapters/transport/url.hpp"

namespace feedtree::transport::detail {

using steady_clock = std::chrono::steady_clock;
using milliseconds = std::chrono::milliseconds;

struct dial_options {
  url target;
  tls_options tls;
  tls_context context;  // null without TLS
  resolver_fn resolve;
  milliseconds connect_timeout{0};
  // Of its own for the TLS handshake; without it the handshake has what the connect left.
  std::optional<milliseconds> tls_timeout;
};

struct dialed {
  any_stream stream;
  steady_clock::time_point connected_at;  // when TCP was there, before TLS
};

using dial_result = std::variant<dialed, transport_error>;

// Opens one connection: resolves, tries every address in turn, puts TLS on it. Runs on the given
// strand; `done` is called once, unless cancel() came first.
class dialer : public std::enable_shared_from_this<dialer> {
 public:
  using done_fn = std::function<void(dial_result)>;

  dialer(const asio::any_io_executor& strand, dial_options options, done_fn done);

  void start();
  void cancel();

 private:
  void resolve();
  void resolve_by_dns();
  void use_addresses(const std::vector<socket_address>& addresses);
  void connect_next();
  void on_connect(const error_code& error);
  void start_tls();
  void handshake(any_stream::tls_stream& tls);
  void on_tls(const error_code& error);
  void arm(steady_clock::duration limit, std::function<void()> on_timeout);
  void fail_connect();
  void fail(error_stage stage, const std::string& reason, bool terminal = false);
  void finish(dial_result result);
  steady_clock::duration share_of_next() const;
  bool is_done() const { return done_ == nullptr; }

  asio::any_io_executor strand_;
  dial_options options_;
  done_fn done_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  any_stream stream_;
  steady_clock::time_point deadline_;
  steady_clock::time_point connected_at_;
  steady_clock::duration share_{};
  std::vector<tcp::endpoint> endpoints_;
  std::size_t next_ = 0;
  std::size_t timed_out_ = 0;
  std::string tried_;
  std::shared_ptr<std::string> peer_names_ = std::make_shared<std::string>();
  unsigned step_ = 0;  // makes timers of former steps powerless
  bool is_share_over_ = false;
};

}  // namespace feedtree::transport::detail
