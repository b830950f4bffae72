#include "adapters/transport/https_client.hpp"

#include <utility>

#include "adapters/transport/detail/https_impl.hpp"

namespace feedtree::transport {
namespace {

void append(std::vector<std::string>& to, const std::vector<std::string>& lines) {
  to.insert(to.end(), lines.begin(), lines.end());
}

void check_times(const https_options& options, std::vector<std::string>& problems) {
  if (options.connect_timeout_ms < 1) problems.push_back("connect_timeout_ms must be at least 1");
  if (options.request_timeout_ms < 1) problems.push_back("request_timeout_ms must be at least 1");
  if (options.keep_alive_ms < 0) problems.push_back("keep_alive_ms must not be negative");
}

}  // namespace

std::vector<std::string> https_options::check() const {
  auto problems = tls.check();
  check_times(*this, problems);
  if (body_limit_bytes < 1) problems.push_back("body_limit_bytes must be at least 1");
  if (in_flight_max < 1) problems.push_back("in_flight_max must be at least 1");
  if (queue_bytes_max < 1) problems.push_back("queue_bytes_max must be at least 1");
  append(problems, http_headers{{"User-Agent", user_agent}}.check());
  if (!clock_ns) problems.push_back("clock_ns must be set");
  return problems;
}

https_client::https_client(reactor& loop, https_options options)
    : impl_(std::make_shared<impl>(loop, std::move(options))) {}

https_client::~https_client() {
  impl_->abandon();
}

void https_client::get(std::string url, http_headers headers, callback on_result) {
  impl_->send({http_method::get, std::move(url), std::move(headers), {}}, std::move(on_result));
}

void https_client::send(http_request request, callback on_result) {
  impl_->send(std::move(request), std::move(on_result));
}

https_counters https_client::counters() const {
  return impl_->counters();
}

}  // namespace feedtree::transport
