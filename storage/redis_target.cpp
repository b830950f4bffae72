#include "storage/redis_target.hpp"

#include <algorithm>
#include <charconv>

namespace feedtree::storage {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw sink_error(false, "the url of the redis sink " + why +
                              ": it is redis://HOST:PORT, or rediss://HOST:PORT for TLS, and may "
                              "have USER:PASSWORD@ before the host");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      result += text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
    if (high < 0 || low < 0) refuse("has a % without two hexadecimal digits behind it");
    result += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return result;
}

std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
    refuse("has no port from 1 to 65535");
  }
  return port;
}

void take_login(std::string_view text, redis_target& out) {
  const auto colon = text.find(':');
  if (colon == text.npos) refuse("has a user without a password");
  out.user = decoded(text.substr(0, colon));
  out.password = decoded(text.substr(colon + 1));
}

void take_host(std::string_view text, redis_target& out) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) refuse("has a [ without a ]");
    out.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') refuse("has something between ] and the port");
  } else {
    const auto end = std::min(text.find(':'), text.size());
    out.host = text.substr(0, end);
    text.remove_prefix(end);
  }
  if (out.host.empty()) refuse("has no host");
  if (!text.empty()) out.port = port_of(text.substr(1));
}

}  // namespace

std::string redis_target::place() const {
  const bool six = host.find(':') != host.npos;
  return "redis " + (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

redis_target parse_redis_url(std::string_view url) {
  redis_target result;
  constexpr std::string_view plain = "redis://";
  constexpr std::string_view secure = "rediss://";
  result.tls = url.starts_with(secure);
  if (!result.tls && !url.starts_with(plain)) refuse("does not begin with redis:// or rediss://");
  url.remove_prefix(result.tls ? secure.size() : plain.size());
  if (const auto at = url.rfind('@'); at != url.npos) {
    take_login(url.substr(0, at), result);
    url.remove_prefix(at + 1);
  }
  if (url.find_first_of("/?#") != url.npos) refuse("has more than a host and a port");
  take_host(url, result);
  return result;
}

}  // namespace feedtree::storage
