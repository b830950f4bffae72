#include "adapters/http/detail/certificate.hpp"

#include <sys/stat.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <stdexcept>

#include "adapters/http/detail/server_impl.hpp"

namespace feedtree::http::detail {

namespace asio = boost::asio;

asio::ssl::context load_certificate(const server_options& options) {
  try {
    asio::ssl::context result(asio::ssl::context::tls_server);
    result.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1);
    result.use_certificate_chain_file(options.certificate_file);
    result.use_private_key_file(options.key_file, asio::ssl::context::pem);
    return result;
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(options.certificate_file + ", " + options.key_file + ": " +
                             error.what());
  }
}

std::string mark_of(const server_options& options) {
  std::string mark;
  for (const auto& file : {options.certificate_file, options.key_file}) {
    struct stat now {};
    if (stat(file.c_str(), &now) != 0) {
      mark += "none ";
      continue;
    }
    for (const auto part : {static_cast<std::int64_t>(now.st_dev), std::int64_t(now.st_ino),
                            std::int64_t(now.st_size), std::int64_t(now.st_mtim.tv_sec),
                            std::int64_t(now.st_mtim.tv_nsec)}) {
      mark += std::to_string(part) + " ";
    }
  }
  return mark;
}

// Connections that are there keep what they began with. The two files are seldom replaced in one
// moment: a pair that does not fit is tried again when one of them changes.
void server_impl::take_certificate() {
  if (!tls_) return;
  certificate_mark_ = mark_of(options);
  bool is_good = true;
  auto text = options.certificate_file + ": is in use for new connections";
  try {
    tls_ = load_certificate(options);
  } catch (const std::runtime_error& error) {
    is_good = false;
    text = std::string(error.what()) + "; the certificate from before stays in use";
  }
  if (options.on_certificate) options.on_certificate(is_good, text);
}

void server_impl::reload_certificate() {
  asio::post(context_, [this] { take_certificate(); });
}

void server_impl::watch_certificate() {
  if (!tls_ || options.certificate_check_ms == 0) return;
  certificate_timer_.expires_after(std::chrono::milliseconds(options.certificate_check_ms));
  certificate_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || is_stopping_) return;
    if (mark_of(options) != certificate_mark_) take_certificate();
    watch_certificate();
  });
}

}  // namespace feedtree::http::detail
