#include "adapters/transport/websocket_client.hpp"

#include <utility>

#include "adapters/transport/detail/websocket_impl.hpp"
#include "adapters/transport/url.hpp"

namespace feedtree::transport {
namespace {

void append(std::vector<std::string>& to, const std::vector<std::string>& lines) {
  to.insert(to.end(), lines.begin(), lines.end());
}

void check_url(const std::string& text, std::vector<std::string>& problems) {
  std::string error;
  const auto target = parse_url(text, error);
  if (!target)
    problems.push_back("url " + error);
  else if (!target->is_websocket())
    problems.push_back("url '" + text + "' must begin with ws:// or wss://");
}

void check_times(const websocket_options& options, std::vector<std::string>& problems) {
  if (options.connect_timeout_ms < 1) problems.push_back("connect_timeout_ms must be at least 1");
  if (options.handshake_timeout_ms < 1)
    problems.push_back("handshake_timeout_ms must be at least 1");
  if (options.close_timeout_ms < 1) problems.push_back("close_timeout_ms must be at least 1");
  if (options.idle_timeout_ms < 0) problems.push_back("idle_timeout_ms must not be negative");
  if (options.ping_interval_ms < 0) problems.push_back("ping_interval_ms must not be negative");
  if (options.idle_timeout_ms > 0 && options.ping_interval_ms >= options.idle_timeout_ms)
    problems.push_back("ping_interval_ms must be shorter than idle_timeout_ms");
}

void check_bounds(const websocket_options& options, std::vector<std::string>& problems) {
  if (options.read_limit_bytes < 1) problems.push_back("read_limit_bytes must be at least 1");
  if (options.write_queue_messages_max < 1)
    problems.push_back("write_queue_messages_max must be at least 1");
  if (options.write_queue_bytes_max < 1)
    problems.push_back("write_queue_bytes_max must be at least 1");
}

}  // namespace

std::vector<std::string> websocket_options::check() const {
  std::vector<std::string> problems;
  check_url(url, problems);
  append(problems, tls.check());
  check_times(*this, problems);
  check_bounds(*this, problems);
  append(problems, headers.check());
  append(problems, http_headers{{"User-Agent", user_agent}}.check());
  if (!clock_ns) problems.push_back("clock_ns must be set");
  return problems;
}

websocket_client::websocket_client(reactor& loop, websocket_options options,
                                   websocket_callbacks callbacks)
    : impl_(std::make_shared<impl>(loop, std::move(options), std::move(callbacks))) {}

websocket_client::~websocket_client() {
  impl_->abandon();
}

void websocket_client::start() {
  impl_->start();
}

send_result websocket_client::send(std::string text) {
  return impl_->send(std::move(text));
}

void websocket_client::close(std::string reason) {
  impl_->close(std::move(reason));
}

void websocket_client::pause_reading() {
  impl_->pause_reading();
}

void websocket_client::resume_reading() {
  impl_->resume_reading();
}

connection_info websocket_client::info() const {
  return impl_->info();
}

websocket_counters websocket_client::counters() const {
  return impl_->counters();
}

}  // namespace feedtree::transport
