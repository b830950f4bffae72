// How often a sign-in may be tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace feedtree::http {

struct login_limits {
  double tries = 10;                // in a row, of one key
  std::int64_t refill_ms = 30'000;  // until one more
  std::size_t keys_max = 4'096;     // the one that was longest at rest makes room
};

// Counts tries by name and by address: each has its own allowance, which grows again with time. A
// sign-in that succeeds gives back what it took. One thread.
class login_limiter {
 public:
  explicit login_limiter(login_limits limits) : limits_(limits) {}

  // 0 if this may be tried now, which counts as a try; else for how many ms it may not.
  std::int64_t wait_ms(const std::string& name, const std::string& peer, std::int64_t now_ms);
  // The try was right.
  void succeeded(const std::string& name, const std::string& peer, std::int64_t now_ms);
  std::size_t keys() const { return allowances_.size(); }

 private:
  struct allowance {
    double tries = 0;
    std::int64_t at_ms = 0;
  };
  allowance& of(const std::string& key, std::int64_t now_ms);
  void make_room();

  login_limits limits_;
  std::map<std::string, allowance> allowances_;
};

}  // namespace feedtree::http
