// A TCP connection, with TLS where that is wanted, whose waits are bounded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace feedtree::storage {

// A connection could not be made, or is lost. `final` where trying again will not help.
struct socket_error {
  std::string what;
  bool final = false;
};

struct tls_files {
  std::string ca_file;  // PEM; empty: the authorities of the system
  std::string cert_file;
  std::string key_file;
};

// One thread at a time. Throws socket_error; afterwards only the destructor may be called.
class tls_socket {
 public:
  // Tries the addresses of the host in their order. tls: verified by these files, and the host's
  // name or address must be in the certificate; null: no TLS.
  tls_socket(const std::string& host, std::uint16_t port, const tls_files* tls,
             std::int64_t timeout_ms);
  ~tls_socket();
  tls_socket(const tls_socket&) = delete;
  tls_socket& operator=(const tls_socket&) = delete;

  // Writes all of it; nothing may move for at most timeout_ms.
  void write(std::string_view bytes, std::int64_t timeout_ms);
  // Reads what there is, at least a byte; the text is valid until the next read.
  std::string_view read(std::int64_t timeout_ms);

 private:
  struct context_deleter {
    void operator()(ssl_ctx_st* what) const;
  };
  struct session_deleter {
    void operator()(ssl_st* what) const;
  };
  void connect(const std::string& host, std::uint16_t port, std::int64_t deadline_ms);
  bool connect_to(const void* address, std::int64_t deadline_ms, std::string& why);
  void secure(const std::string& host, const tls_files& files, std::int64_t deadline_ms);
  void load(const tls_files& files);
  void wait(bool to_write, std::int64_t deadline_ms) const;
  void wait_for_tls(int result, std::int64_t deadline_ms, const char* what) const;

  int file_ = -1;
  std::unique_ptr<ssl_ctx_st, context_deleter> context_;
  std::unique_ptr<ssl_st, session_deleter> session_;
  std::string buffer_;
};

}  // namespace feedtree::storage
