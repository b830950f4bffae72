#include "adapters/nats/server_list.hpp"

#include <algorithm>
#include <charconv>

#include "adapters/nats/subject.hpp"
#include "core/sink.hpp"

namespace feedtree::nats {
namespace {

constexpr std::string_view default_port = "4222";

[[noreturn]] void refuse(const std::string& what) {
  throw sink_error(false, "the address of the NATS server " + what +
                              ": it is [nats://|tls://][user:password@]host[:port]");
}

// Takes what stands in front of a separator off the text; all of it if there is no separator.
std::string_view take_until(std::string_view& text, std::string_view separator) {
  const auto at = text.find(separator);
  const auto part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + separator.size());
  return part;
}

void read_scheme(std::string_view& text, server_list& out) {
  if (text.find("://") == std::string_view::npos) return;
  const auto scheme = take_until(text, "://");
  if (scheme != "nats" && scheme != "tls") refuse("begins with neither nats:// nor tls://");
  out.tls = out.tls || scheme == "tls";
}

void read_credentials(std::string_view& text, server_list& out) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return;
  auto secret = text.substr(0, at);
  text.remove_prefix(at + 1);
  server_list found;
  if (secret.find(':') == std::string_view::npos) {
    found.token = name_of_token(secret);
  } else {
    found.user = name_of_token(take_until(secret, ":"));
    found.password = name_of_token(secret);
  }
  if (!found.has_credentials()) refuse("has an empty user");
  if (out.has_credentials() &&
      (out.user != found.user || out.password != found.password || out.token != found.token)) {
    refuse("has other credentials for one server than for another");
  }
  out.user = found.user;
  out.password = found.password;
  out.token = found.token;
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0 && port < 65'536;
}

// "host", "host:port", "[::1]:port" as "host:port".
std::string read_host(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const auto host = text.substr(0, colon);
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1)))
    refuse("has no good port");
  const bool bad = std::any_of(host.begin(), host.end(), [](char c) {
    return c == '/' || c == '?' || c == '#' || static_cast<unsigned char>(c) <= 0x20;
  });
  if (host.empty() || bad) refuse("has no good host");
  const auto port = colon == std::string_view::npos ? default_port : text.substr(colon + 1);
  return std::string(host) + ":" + std::string(port);
}

}  // namespace

std::string server_list::address() const {
  std::string all;
  for (const auto& url : urls) {
    all.append(all.empty() ? "" : ", ").append(url.substr(url.find("://") + 3));
  }
  return all;
}

server_list parse_servers(std::string_view text) {
  server_list result;
  std::vector<std::string> hosts;
  if (text.empty()) refuse("is missing");
  while (!text.empty()) {
    auto server = take_until(text, ",");
    read_scheme(server, result);
    read_credentials(server, result);
    if (!server.empty() && server.back() == '/') server.remove_suffix(1);
    hosts.push_back(read_host(server));
  }
  for (const auto& host : hosts) result.urls.push_back((result.tls ? "tls://" : "nats://") + host);
  return result;
}

}  // namespace feedtree::nats
