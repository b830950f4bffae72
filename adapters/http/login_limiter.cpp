#include "adapters/http/login_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace feedtree::http {
namespace {

// A name and an address are never the same key.
std::string name_key(const std::string& name) {
  return "name " + name;
}
std::string peer_key(const std::string& peer) {
  return "peer " + peer;
}

}  // namespace

login_limiter::allowance& login_limiter::of(const std::string& key, std::int64_t now_ms) {
  auto found = allowances_.find(key);
  if (found == allowances_.end()) {
    make_room();
    found = allowances_.emplace(key, allowance{limits_.tries, now_ms}).first;
  }
  auto& what = found->second;
  const auto since = static_cast<double>(std::max<std::int64_t>(0, now_ms - what.at_ms));
  what.tries = std::min(limits_.tries, what.tries + since / static_cast<double>(limits_.refill_ms));
  what.at_ms = std::max(what.at_ms, now_ms);
  return what;
}

void login_limiter::make_room() {
  if (allowances_.size() < limits_.keys_max) return;
  allowances_.erase(std::min_element(
      allowances_.begin(), allowances_.end(),
      [](const auto& a, const auto& b) { return a.second.at_ms < b.second.at_ms; }));
}

std::int64_t login_limiter::wait_ms(const std::string& name, const std::string& peer,
                                    std::int64_t now_ms) {
  const auto of_name = of(name_key(name), now_ms).tries;
  const auto of_peer = of(peer_key(peer), now_ms).tries;
  const auto least = std::min(of_name, of_peer);
  if (least < 1) {
    return std::max<std::int64_t>(
        1, std::llround(std::ceil((1 - least) * static_cast<double>(limits_.refill_ms))));
  }
  of(name_key(name), now_ms).tries -= 1;
  of(peer_key(peer), now_ms).tries -= 1;
  return 0;
}

void login_limiter::succeeded(const std::string& name, const std::string& peer,
                              std::int64_t now_ms) {
  for (const auto& key : {name_key(name), peer_key(peer)}) {
    auto& what = of(key, now_ms);
    what.tries = std::min(limits_.tries, what.tries + 1);
  }
}

}  // namespace feedtree::http
