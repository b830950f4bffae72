#include "adapters/http/server.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "adapters/http/detail/certificate.hpp"
#include "adapters/http/detail/server_impl.hpp"
#include "adapters/http/problem.hpp"
#include "core/scrub.hpp"

namespace feedtree::http {

namespace asio = boost::asio;
using asio::ip::tcp;

std::vector<std::string> server_options::check() const {
  std::vector<std::string> problems;
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  if (error) problems.push_back("'" + host + "' is no address to listen on");
  if (certificate_file.empty() != key_file.empty()) {
    problems.emplace_back("TLS needs a certificate and a key");
  }
  for (const auto* file : {&certificate_file, &key_file}) {
    if (!file->empty() && !std::filesystem::exists(*file))
      problems.push_back(*file + " is missing");
  }
  if (connections_max == 0 || header_bytes_max == 0 || stream_bytes_max == 0) {
    problems.emplace_back("bounds are above zero");
  }
  return problems;
}

std::string event_frame(std::string_view name, std::string_view data) {
  std::string frame = "event: " + std::string(name) + "\n";
  while (true) {
    const auto end = std::min(data.find_first_of("\r\n"), data.size());
    frame.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == data.size()) break;
    data.remove_prefix(end + 1);
  }
  return frame += '\n';
}

namespace detail {

server_impl::server_impl(server_options given) : options(std::move(given)) {
  if (const auto problems = options.check(); !problems.empty()) {
    throw std::runtime_error(problems.front());
  }
  if (!options.certificate_file.empty()) {
    certificate_mark_ = mark_of(options);
    tls_ = load_certificate(options);
  }
  listen();
}

void server_impl::start(request_handler handler, response_finisher finish) {
  handler_ = std::move(handler);
  finish_ = std::move(finish);
  asio::post(context_, [this] {
    accept();
    watch_certificate();
    watch_readers();
  });
  thread_ = std::thread([this] {
    yield_to_events();
    context_.run();
  });
}

// Where there are too few processors for all, whoever looks at the server waits and events do not.
// Linux has a nice value for each thread; that it cannot be set is no failure.
void server_impl::yield_to_events() {
  constexpr int niceness = 5;
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
}

void server_impl::listen() {
  const tcp::endpoint at(asio::ip::make_address(options.host), options.port);
  try {
    acceptor_.open(at.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(at);
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("HTTP cannot listen on " + options.host + ":" +
                             std::to_string(options.port) + ": " + error.code().message());
  }
}

void server_impl::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
    if (is_stopping_ || error == asio::error::operation_aborted) return;
    if (!error) take(std::move(socket));
    accept();
  });
}

void server_impl::take(tcp::socket socket) {
  ++connections_accepted_;
  if (connections_.size() >= options.connections_max && !make_room()) {
    ++connections_refused_;
    return;  // and it is closed
  }
  if (tls_) {
    start_tls_connection(*this, std::move(socket), *tls_);
  } else {
    start_plain_connection(*this, std::move(socket));
  }
}

// Ends the connection that has waited longest for its client, if there is one.
bool server_impl::make_room() {
  connection_ptr oldest;
  for (const auto& [id, each] : connections_) {
    const auto since_ms = each->waits_since_ms();
    if (since_ms != 0 && (!oldest || since_ms < oldest->waits_since_ms())) oldest = each;
  }
  if (!oldest) return false;
  ++connections_evicted_;
  oldest->cut();
  return true;
}

void server_impl::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] {
    is_stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    certificate_timer_.cancel();
    reader_timer_.cancel();
    const auto open = connections_;
    for (const auto& [id, connection] : open) connection->cut();
  });
  thread_.join();
}

void server_impl::publish(unsigned topics, frame_ptr frame) {
  if (!has_readers(topics)) return;
  asio::post(context_, [this, topics, what = std::move(frame)] { send_to_readers(topics, what); });
}

void server_impl::send_to_readers(unsigned topics, const frame_ptr& frame) {
  const auto readers = readers_;  // a reader that is cut off leaves the table
  for (const auto& [id, each] : readers) {
    if ((each.topics & topics) == 0) continue;
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    const auto connection = found->second;
    connection->send(frame);
  }
}

bool server_impl::has_readers(unsigned topics) const {
  for (std::size_t at = 0; at < topics_max; ++at) {
    if ((topics >> at & 1U) != 0 && topic_readers_[at] > 0) return true;
  }
  return false;
}

void server_impl::count_topics(unsigned topics, int by) {
  for (std::size_t at = 0; at < topics_max; ++at) {
    if ((topics >> at & 1U) != 0) topic_readers_[at] += by;
  }
}

std::uint64_t server_impl::add_connection(connection_ptr what) {
  connections_[++last_id_] = std::move(what);
  connections_now_ = connections_.size();
  return last_id_;
}

void server_impl::remove_connection(std::uint64_t id) {
  connections_.erase(id);
  connections_now_ = connections_.size();
  const auto reader = readers_.find(id);
  if (reader == readers_.end()) return;
  count_topics(reader->second.topics, -1);
  readers_.erase(reader);
  streams_ = readers_.size();
}

bool server_impl::add_reader(std::uint64_t id, unsigned topics, std::function<bool()> may_go_on) {
  if (readers_.size() >= options.streams_max) {
    ++streams_refused_;
    return false;
  }
  readers_[id] = {topics, std::move(may_go_on)};
  streams_ = readers_.size();
  count_topics(topics, 1);
  return true;
}

// A token that ends takes the streams that were opened with it along.
void server_impl::watch_readers() {
  reader_timer_.expires_after(std::chrono::milliseconds(options.permission_check_ms));
  reader_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || is_stopping_) return;
    std::vector<connection_ptr> over;
    for (const auto& [id, each] : readers_) {
      if (each.may_go_on && !each.may_go_on()) over.push_back(connections_.at(id));
    }
    streams_ended_ += over.size();
    for (const auto& each : over) each->cut();
    watch_readers();
  });
}

reply server_impl::handle(const request& asked) {
  ++requests_;
  return handler_(asked);
}

std::int64_t server_impl::now_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

server_counters server_impl::counters() const {
  return {connections_now_,
          connections_accepted_,
          connections_evicted_,
          connections_refused_,
          timeouts_,
          requests_,
          requests_rejected_,
          streams_,
          streams_cut_,
          streams_refused_,
          streams_ended_,
          events_sent_,
          bytes_sent_};
}

}  // namespace detail

server::server(server_options options)
    : impl_(std::make_unique<detail::server_impl>(std::move(options))) {}
server::~server() = default;

void server::start(request_handler handler, response_finisher finish) {
  impl_->start(std::move(handler), std::move(finish));
}

void server::stop() {
  impl_->stop();
}

std::uint16_t server::listening_port() const {
  return impl_->port();
}

std::string server::url() const {
  const auto& options = impl_->options;
  const bool is_v6 = options.host.find(':') != std::string::npos;
  const auto host = is_v6 ? "[" + options.host + "]" : options.host;
  return (options.certificate_file.empty() ? "http://" : "https://") + host + ":" +
         std::to_string(impl_->port());
}

void server::reload_certificate() {
  impl_->reload_certificate();
}

void server::publish(unsigned topics, std::string_view name, std::string_view json) {
  if (!has_readers(topics)) return;
  impl_->publish(topics, std::make_shared<const std::string>(event_frame(name, scrub_known(json))));
}

bool server::has_readers(unsigned topics) const {
  return impl_->has_readers(topics);
}

server_counters server::counters() const {
  return impl_->counters();
}

}  // namespace feedtree::http
