#include "adapters/transport/url.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cstring>

namespace feedtree::transport {
namespace {

struct scheme_rule {
  std::string_view name;
  std::uint16_t port;
};

constexpr std::array<scheme_rule, 4> schemes{
    {{"ws", 80}, {"wss", 443}, {"http", 80}, {"https", 443}}};

const scheme_rule* find_scheme(std::string_view name) {
  const auto* found = std::find_if(schemes.begin(), schemes.end(),
                                   [&](const scheme_rule& rule) { return rule.name == name; });
  return found == schemes.end() ? nullptr : found;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

// A part of the work: each function fills its fields, or gives why it cannot.
std::string read_scheme(std::string_view& text, url& out) {
  const auto end = text.find("://");
  if (end == std::string_view::npos) return "it has no scheme; write ws, wss, http or https";
  out.scheme = lower(text.substr(0, end));
  const auto* rule = find_scheme(out.scheme);
  if (rule == nullptr) return "scheme '" + out.scheme + "' is not one of ws, wss, http, https";
  out.port = rule->port;
  text.remove_prefix(end + 3);
  return {};
}

std::string read_port(std::string_view text, url& out) {
  if (text.empty()) return {};
  text.remove_prefix(1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || port == 0 ||
      port > 65'535)
    return "port '" + std::string(text) + "' is not a number from 1 to 65535";
  out.port = static_cast<std::uint16_t>(port);
  return {};
}

std::string read_ipv6(std::string_view text, url& out) {
  const auto end = text.find(']');
  if (end == std::string_view::npos) return "the '[' of an IPv6 address is not closed";
  out.host = lower(text.substr(1, end - 1));
  if (out.host.find(':') == std::string::npos || !is_address(out.host))
    return "'" + out.host + "' is not an IPv6 address";
  const auto rest = text.substr(end + 1);
  if (!rest.empty() && rest.front() != ':') return "there is text between ']' and the port";
  return read_port(rest, out);
}

std::string check_label(std::string_view label) {
  if (label.empty()) return "the host has an empty part between dots";
  if (label.size() > 63) return "a part of the host is longer than 63 characters";
  if (label.front() == '-' || label.back() == '-') return "a part of the host has '-' at its edge";
  for (const char c : label)
    if (!is_alphanumeric(c) && c != '-' && c != '_')
      return std::string("character '") + c + "' is not allowed in a host";
  return {};
}

std::string check_host(const std::string& host) {
  if (host.empty()) return "it has no host";
  if (host.size() > 253) return "the host is longer than 253 characters";
  std::string_view rest = host;
  bool numeric = true;
  while (true) {
    const auto dot = rest.find('.');
    const auto label = rest.substr(0, dot);
    if (auto problem = check_label(label); !problem.empty()) return problem;
    numeric = std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (numeric && !is_address(host)) return "'" + host + "' is not an IPv4 address";
  return {};
}

std::string read_authority(std::string_view text, url& out) {
  if (text.find('@') != std::string_view::npos)
    return "user and password in a URL are not supported; use a header";
  if (!text.empty() && text.front() == '[') return read_ipv6(text, out);
  const auto colon = text.find(':');
  out.host = lower(text.substr(0, colon));
  if (auto problem = check_host(out.host); !problem.empty()) return problem;
  return read_port(colon == std::string_view::npos ? std::string_view{} : text.substr(colon), out);
}

// RFC 3986: pchar, '/', '?' and, in a query only, nothing more.
std::string check_target(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '#') return "a fragment ('#') is not sent to a server; remove it";
    if (c == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])))
      return "'%' is not followed by two hexadecimal digits";
    if (!is_alphanumeric(c) && (c == '\0' || std::strchr("-._~!$&'()*+,;=:@/?%", c) == nullptr))
      return "character " + std::to_string(static_cast<unsigned char>(c)) +
             " of the path must be written as %XX";
  }
  return {};
}

std::string read_target(std::string_view text, url& out) {
  if (auto problem = check_target(text); !problem.empty()) return problem;
  out.target = text.empty() || text.front() != '/' ? "/" : "";
  out.target += text;
  return {};
}

std::string read_all(std::string_view text, url& out) {
  if (auto problem = read_scheme(text, out); !problem.empty()) return problem;
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  if (auto problem = read_authority(text.substr(0, end), out); !problem.empty()) return problem;
  return read_target(text.substr(end), out);
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

bool url::is_tls() const noexcept {
  return scheme == "wss" || scheme == "https";
}

bool url::is_websocket() const noexcept {
  return scheme == "ws" || scheme == "wss";
}

bool url::is_ip_literal() const noexcept {
  return is_address(host);
}

std::string url::host_and_port() const {
  return bracketed(host) + ":" + std::to_string(port);
}

std::string url::authority() const {
  const auto* rule = find_scheme(scheme);
  return rule != nullptr && rule->port == port ? bracketed(host) : host_and_port();
}

std::optional<url> parse_url(std::string_view text, std::string& error) {
  url result;
  error = read_all(text, result);
  if (error.empty()) return result;
  error = "'" + std::string(text) + "' is not a usable URL: " + error;
  return std::nullopt;
}

}  // namespace feedtree::transport
