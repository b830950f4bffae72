// A Redis server of a test's own, on a free port of the loopback, as its child.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.hpp"

namespace feedtree::tests {

class redis_server {
 public:
  static bool is_installed();

  // settings: further lines of redis.conf. tls: only TLS, by cert.pem, key.pem and ca.pem of this
  // folder. Throws std::runtime_error.
  explicit redis_server(std::vector<std::string> settings = {}, std::string tls = "");

  int port() const { return port_; }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  // Starts it on the port that it had, empty; returns when it answers.
  void start();
  void kill();          // SIGKILL
  void freeze() const;  // SIGSTOP: it does not answer
  void thaw() const;
  // What redis-cli prints; as the default user unless login has its options.
  std::string cli(const std::vector<std::string>& command,
                  const std::vector<std::string>& login = {}) const;

 private:
  std::vector<std::string> settings_;
  std::string tls_;
  temporary_folder folder_;
  int port_ = 0;
  child_process process_;
};

}  // namespace feedtree::tests

// Skips the test (or, in CI, fails it) where there is no redis-server.
#define FEEDTREE_REDIS_SERVER()                           \
  if (!::feedtree::tests::redis_server::is_installed()) { \
    const char* const ci = std::getenv("CI");             \
    if (ci != nullptr && std::string(ci) == "true")       \
      FAIL() << "no redis-server, but it must be there";  \
    GTEST_SKIP() << "skipped: no redis-server";           \
  }                                                       \
  static_assert(true)
