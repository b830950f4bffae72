#include "storage/tls_socket.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

namespace feedtree::storage {
namespace {

constexpr std::size_t read_bytes = 65'536;

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

std::string system_text(int error) {
  return std::system_category().message(error);
}

std::string openssl_text() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* const reason = ERR_reason_error_string(code);
  return reason == nullptr ? "error " + std::to_string(code) : reason;
}

[[noreturn]] void fail(const std::string& what, bool final = false) {
  throw socket_error{what, final};
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

// OpenSSL writes to the socket by write(): where the server is gone, that must not end the process.
void ignore_broken_pipes() {
  struct sigaction present {};
  if (sigaction(SIGPIPE, nullptr, &present) == 0 && present.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

using address_list = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

address_list look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) fail(std::string("the host is not known: ") + gai_strerror(error));
  return {found, &freeaddrinfo};
}

}  // namespace

void tls_socket::context_deleter::operator()(ssl_ctx_st* what) const {
  SSL_CTX_free(what);
}
void tls_socket::session_deleter::operator()(ssl_st* what) const {
  SSL_free(what);
}

tls_socket::tls_socket(const std::string& host, std::uint16_t port, const tls_files* tls,
                       std::int64_t timeout_ms)
    : buffer_(read_bytes, '\0') {
  const auto deadline_ms = now_ms() + timeout_ms;
  try {
    connect(host, port, deadline_ms);
    if (tls != nullptr) secure(host, *tls, deadline_ms);
  } catch (...) {
    if (file_ >= 0) close(file_);
    throw;
  }
}

tls_socket::~tls_socket() {
  if (session_) SSL_shutdown(session_.get());  // says goodbye and waits for nothing
  session_.reset();
  close(file_);
}

void tls_socket::connect(const std::string& host, std::uint16_t port, std::int64_t deadline_ms) {
  const auto found = look_up(host, port);
  std::string why = "the host has no address";
  for (const auto* each = found.get(); each != nullptr; each = each->ai_next) {
    if (connect_to(each, deadline_ms, why)) return;
  }
  fail(why);
}

bool tls_socket::connect_to(const void* address, std::int64_t deadline_ms, std::string& why) {
  const auto& to = *static_cast<const addrinfo*>(address);
  const int file = socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (file < 0) {
    why = system_text(errno);
    return false;
  }
  int error = ::connect(file, to.ai_addr, to.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd waited{file, POLLOUT, 0};
    const auto left = std::max<std::int64_t>(0, deadline_ms - now_ms());
    socklen_t size = sizeof error;
    error = ETIMEDOUT;
    if (poll(&waited, 1, static_cast<int>(left)) == 1) {
      getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &size);
    }
  }
  if (error != 0) {
    why = system_text(error);
    close(file);
    return false;
  }
  const int yes = 1;
  setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  file_ = file;
  return true;
}

void tls_socket::load(const tls_files& files) {
  ignore_broken_pipes();
  ERR_clear_error();
  context_.reset(SSL_CTX_new(TLS_client_method()));
  auto* const context = context_.get();
  if (context == nullptr) fail("TLS: " + openssl_text(), true);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const bool trusted = files.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                             : SSL_CTX_load_verify_locations(
                                                   context, files.ca_file.c_str(), nullptr) == 1;
  if (!trusted) fail("ca_file " + files.ca_file + " cannot be read: " + openssl_text(), true);
  if (files.cert_file.empty()) return;
  if (SSL_CTX_use_certificate_chain_file(context, files.cert_file.c_str()) != 1) {
    fail("cert_file " + files.cert_file + " cannot be read: " + openssl_text(), true);
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    fail("key_file " + files.key_file + " cannot be used: " + openssl_text(), true);
  }
}

void tls_socket::secure(const std::string& host, const tls_files& files, std::int64_t deadline_ms) {
  load(files);
  session_.reset(SSL_new(context_.get()));
  auto* const session = session_.get();
  if (session == nullptr || SSL_set_fd(session, file_) != 1) fail("TLS: " + openssl_text(), true);
  auto* const verified = SSL_get0_param(session);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(verified, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(verified, host.c_str(), host.size());
    SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
  }
  for (int result = 0; (result = SSL_connect(session)) != 1;) {
    const auto verdict = SSL_get_verify_result(session);
    if (verdict != X509_V_OK) {
      fail(std::string("the server's certificate is not trusted: ") +
               X509_verify_cert_error_string(verdict) +
               "; check ca_file (the authority's file) and the host's name in the certificate",
           true);
    }
    wait_for_tls(result, deadline_ms, "the TLS handshake failed");
  }
}

void tls_socket::wait(bool to_write, std::int64_t deadline_ms) const {
  const short wanted = to_write ? POLLOUT : POLLIN;
  pollfd waited{file_, wanted, 0};
  const auto left = deadline_ms - now_ms();
  const int ready = left <= 0 ? 0 : poll(&waited, 1, static_cast<int>(left));
  if (ready == 0) fail("no answer in time");
  if (ready < 0 && errno != EINTR) fail(system_text(errno));
}

// After a TLS call that did not get through: waits for what it waits for.
void tls_socket::wait_for_tls(int result, std::int64_t deadline_ms, const char* what) const {
  const int error = SSL_get_error(session_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return wait(false, deadline_ms);
  if (error == SSL_ERROR_WANT_WRITE) return wait(true, deadline_ms);
  if (error == SSL_ERROR_ZERO_RETURN) fail("the server closed the connection");
  fail(std::string(what) + ": " + openssl_text());
}

void tls_socket::write(std::string_view bytes, std::int64_t timeout_ms) {
  auto deadline_ms = now_ms() + timeout_ms;
  while (!bytes.empty()) {
    std::size_t written = 0;
    if (session_) {
      ERR_clear_error();
      const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written);
      if (result != 1) {
        wait_for_tls(result, deadline_ms, "the connection is lost");
        continue;
      }
    } else {
      const auto sent = send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR)
          fail("the connection is lost: " + system_text(errno));
        wait(true, deadline_ms);
        continue;
      }
      written = static_cast<std::size_t>(sent);
    }
    bytes.remove_prefix(written);
    deadline_ms = now_ms() + timeout_ms;
  }
}

std::string_view tls_socket::read(std::int64_t timeout_ms) {
  const auto deadline_ms = now_ms() + timeout_ms;
  while (true) {
    if (session_) {
      ERR_clear_error();
      std::size_t got = 0;
      const int result = SSL_read_ex(session_.get(), buffer_.data(), buffer_.size(), &got);
      if (result == 1) return {buffer_.data(), got};
      wait_for_tls(result, deadline_ms, "the connection is lost");
      continue;
    }
    const auto got = recv(file_, buffer_.data(), buffer_.size(), 0);
    if (got > 0) return {buffer_.data(), static_cast<std::size_t>(got)};
    if (got == 0) fail("the server closed the connection");
    if (errno != EAGAIN && errno != EINTR) fail("the connection is lost: " + system_text(errno));
    wait(false, deadline_ms);
  }
}

}  // namespace feedtree::storage
