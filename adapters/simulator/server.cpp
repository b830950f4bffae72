#include "adapters/simulator/server.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "adapters/simulator/detail/server_impl.hpp"

namespace feedtree::simulator {

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
  if (client_frames_max == 0 || client_bytes_max == 0 || clients_max == 0) {
    problems.emplace_back("bounds are above zero");
  }
  return problems;
}

namespace detail {

server_impl::server_impl(server_options given, service& what)
    : options(std::move(given)), service_(what) {}

void server_impl::start() {
  if (const auto problems = options.check(); !problems.empty()) {
    throw std::runtime_error(problems.front());
  }
  if (!options.certificate_file.empty()) load_certificate();
  listen();
  asio::post(context_, [this] {
    service_.on_start(*this);
    accept();
  });
  thread_ = std::thread([this] { context_.run(); });
}

namespace {

void load_pair(std::optional<asio::ssl::context>& into, const std::string& certificate,
               const std::string& key) {
  try {
    into.emplace(asio::ssl::context::tls_server);
    into->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1);
    into->use_certificate_chain_file(certificate);
    into->use_private_key_file(key, asio::ssl::context::pem);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(certificate + ", " + key + ": " + error.what());
  }
}

}  // namespace

void server_impl::load_certificate() {
  load_pair(tls_, options.certificate_file, options.key_file);
  if (!options.wrong_certificate_file.empty()) {
    load_pair(wrong_tls_, options.wrong_certificate_file, options.wrong_key_file);
  }
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
    throw std::runtime_error("cannot listen on " + options.host + ":" +
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
  admission how;
  guarded(0, [&] { how = service_.on_connection(); });
  if (!how.is_taken) {
    boost::system::error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
    return;
  }
  if (how.wait_ns == 0) return begin(std::move(socket), how.good_certificate);
  auto waiting = std::make_shared<tcp::socket>(std::move(socket));
  run_after(how.wait_ns,
            [this, waiting, good = how.good_certificate] { begin(std::move(*waiting), good); });
}

void server_impl::begin(tcp::socket socket, bool good_certificate) {
  if (tls_) {
    auto& certificate = good_certificate || !wrong_tls_ ? *tls_ : *wrong_tls_;
    start_tls_connection(*this, std::move(socket), certificate);
  } else {
    start_plain_connection(*this, std::move(socket));
  }
}

void server_impl::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] { begin_stop(); });
  thread_.join();
}

// Without acceptor, timers and connections the context has no work, and its thread ends.
void server_impl::begin_stop() {
  is_stopping_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for (const auto& pending : timers_) pending->cancel();
  const auto open = connections_;
  for (const auto& [id, connection] : open) connection->close();
  if (connections_.empty()) return;
  auto grace = std::make_shared<timer>(context_, std::chrono::milliseconds(options.stop_grace_ms));
  timers_.insert(grace);
  grace->async_wait([this](const boost::system::error_code&) {
    const auto left = connections_;
    for (const auto& [id, connection] : left) connection->cut();
  });
}

bool server_impl::send(client_id to, std::string frame) {
  const auto found = connections_.find(to);
  if (found == connections_.end()) return false;
  const auto client = found->second;
  if (client->queued_frames() >= options.client_frames_max ||
      client->queued_bytes() + frame.size() > options.client_bytes_max) {
    ++clients_cut_;
    client->cut();
    return false;
  }
  client->send(std::move(frame));
  return true;
}

void server_impl::close(client_id who) {
  const auto found = connections_.find(who);
  if (found == connections_.end()) return;
  const auto client = found->second;
  client->close();
}

void server_impl::cut(client_id who) {
  const auto found = connections_.find(who);
  if (found == connections_.end()) return;
  const auto client = found->second;
  client->cut();
}

void server_impl::freeze(client_id who) {
  const auto found = connections_.find(who);
  if (found != connections_.end()) found->second->freeze();
}

bool server_impl::has_room(client_id who) {
  const auto found = connections_.find(who);
  if (found == connections_.end()) return false;
  if (found->second->queued_frames() < options.room_frames &&
      found->second->queued_bytes() < options.client_bytes_max / 2) {
    return true;
  }
  found->second->tell_room();
  return false;
}

template <class Call>
bool server_impl::guarded(client_id id, Call&& call) {
  try {
    call();
    return true;
  } catch (const std::exception&) {
    ++service_errors_;
  }
  const auto found = connections_.find(id);
  if (found == connections_.end()) return false;
  const auto client = found->second;
  client->cut();
  return false;
}

void server_impl::run_after(std::int64_t delay_ns, std::function<void()> task) {
  if (is_stopping_) return;
  auto later = std::make_shared<timer>(context_, std::chrono::nanoseconds(delay_ns));
  timers_.insert(later);
  later->async_wait([this, later, run = std::move(task)](const boost::system::error_code& error) {
    timers_.erase(later);
    if (!error && !is_stopping_) guarded(0, run);
  });
}

client_id server_impl::add_connection(connection_ptr what) {
  connections_.emplace(++last_id_, std::move(what));
  return last_id_;
}

void server_impl::remove_connection(client_id id) {
  connections_.erase(id);
  if (websockets_.erase(id) != 0) {
    --clients_;
    guarded(0, [&] { service_.on_close(id); });
  }
  if (is_stopping_ && connections_.empty()) {
    for (const auto& pending : timers_) pending->cancel();
  }
}

std::optional<rest_answer> server_impl::refusal(std::string_view target) {
  std::optional<rest_answer> result;
  guarded(0, [&] { result = service_.refuses(target); });
  return result;
}

bool server_impl::admits(std::string_view target) {
  bool takes = false;
  guarded(0, [&] { takes = service_.accepts(target); });
  return takes && !is_stopping_;
}

void server_impl::opened(client_id id, std::string_view target) {
  websockets_.insert(id);
  ++clients_;
  ++clients_accepted_;
  guarded(id, [&] { service_.on_open(id, target); });
}

void server_impl::received(client_id id, std::string_view text) {
  ++frames_received_;
  guarded(id, [&] { service_.on_text(id, text); });
}

void server_impl::drained(client_id id) {
  guarded(id, [&] { service_.on_room(id); });
}

rest_answer server_impl::answer(std::string_view method, std::string_view target) {
  ++requests_;
  rest_answer result{500, R"({"error":"internal"})"};
  guarded(0, [&] { result = service_.on_request(method, target); });
  return result;
}

void server_impl::count_sent(std::size_t bytes) {
  ++frames_sent_;
  bytes_sent_ += bytes;
}

server_counters server_impl::counters() const {
  server_counters now;
  now.clients = clients_;
  now.clients_accepted = clients_accepted_;
  now.clients_refused = clients_refused_;
  now.clients_cut = clients_cut_;
  now.frames_sent = frames_sent_;
  now.bytes_sent = bytes_sent_;
  now.frames_received = frames_received_;
  now.requests = requests_;
  now.service_errors = service_errors_;
  return now;
}

}  // namespace detail

server::server(server_options options, service& what)
    : impl_(std::make_unique<detail::server_impl>(std::move(options), what)) {}
server::~server() {
  stop();
}
void server::start() {
  impl_->start();
}
void server::stop() {
  impl_->stop();
}
std::uint16_t server::listening_port() const {
  return impl_->port();
}
server_counters server::counters() const {
  return impl_->counters();
}

}  // namespace feedtree::simulator
