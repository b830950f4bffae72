#include "config/values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "core/first_words.hpp"
#include "core/utf8.hpp"

namespace feedtree::config {
namespace {

using unit = std::pair<std::string_view, std::int64_t>;

constexpr std::array<unit, 5> duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<unit, 4> size_units{
    {{"GiB", std::int64_t{1} << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}};
constexpr auto biggest = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> parse_scaled(std::string_view text, std::span<const unit> units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0) return {};
  const auto count = parse_number(text.substr(0, digits));
  for (const auto& [name, scale] : units) {
    if (name != text.substr(digits)) continue;
    return *count > biggest / scale ? biggest : *count * scale;
  }
  return {};
}

std::string scaled_text(std::int64_t value, std::span<const unit> units) {
  const auto fits = std::find_if(units.begin(), units.end(), [&](const unit& each) {
    return value >= each.second && value % each.second == 0;
  });
  const auto& [name, scale] = fits == units.end() ? units.back() : *fits;
  return std::to_string(value / scale).append(name);
}

// Splits at the first separator; all of it is the first half where there is none.
std::pair<std::string_view, std::string_view> cut(std::string_view text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

bool contains_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto [first, rest] = cut(words, ' ');
    if (first == word) return true;
    words = rest;
  }
  return false;
}

bool is_host(std::string_view host) {
  const bool ipv6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (ipv6) host = host.substr(1, host.size() - 2);
  const std::string_view allowed = ipv6 ? "0123456789abcdefABCDEF:."
                                        : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-._";
  return !host.empty() && host.find_first_not_of(allowed) == std::string_view::npos;
}

std::string host_error(std::string_view authority) {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (!is_host(authority.substr(0, colon))) return "the host is missing or is not one";
  if (colon == std::string_view::npos) return {};
  const auto port = authority.substr(colon + 1);
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == port.npos;
  const auto number = digits ? parse_number(port) : std::nullopt;
  return number && *number >= 1 && *number <= 65'535 ? "" : "the port is not from 1 to 65535";
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escape = text[at] == '%' && at + 2 < text.size() && hex_digit(text[at + 1]) >= 0 &&
                        hex_digit(text[at + 2]) >= 0;
    if (!escape) {
      result += text[at];
      continue;
    }
    result += static_cast<char>(hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2]));
    at += 2;
  }
  return result;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '~') {
      result += c;
    } else {
      result.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return result;
}

using settings = std::map<std::string, std::string>;

settings parse_query(std::string_view query) {
  settings result;
  while (!query.empty()) {
    const auto [setting, rest] = cut(query, '&');
    const auto [key, value] = cut(setting, '=');
    result[percent_decoded(key)] = percent_decoded(value);
    query = rest;
  }
  return result;
}

constexpr std::string_view blanks = " \t\r\n";

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
}

// Takes a value off the text: plain up to a blank, or in single quotes; a backslash escapes.
bool take_value(std::string_view& text, std::string& value) {
  const bool in_quotes = !text.empty() && text.front() == '\'';
  std::size_t at = in_quotes ? 1 : 0;
  for (; at < text.size(); ++at) {
    if (in_quotes ? text[at] == '\'' : blanks.find(text[at]) != blanks.npos) break;
    if (text[at] == '\\' && ++at == text.size()) return false;
    value += text[at];
  }
  if (in_quotes && at++ == text.size()) return false;
  text.remove_prefix(at);
  return true;
}

std::optional<settings> parse_keywords(std::string_view text) {
  settings result;
  for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return {};
    auto key = text.substr(0, equals);
    key = key.substr(0, std::min(key.find_last_not_of(blanks) + 1, key.size()));
    if (key.empty() || key.find_first_of(blanks) != key.npos) return {};
    text.remove_prefix(equals + 1);
    skip_blanks(text);
    auto& value = result[std::string(key)];
    value.clear();
    if (!take_value(text, value)) return {};
  }
  return result;
}

}  // namespace

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
  return parse_scaled(text, duration_units);
}

std::string duration_text(std::int64_t duration_ms) {
  return scaled_text(duration_ms, duration_units);
}

std::optional<std::int64_t> parse_size_bytes(std::string_view text) {
  return parse_scaled(text, size_units);
}

std::string size_text(std::int64_t size_bytes) {
  return scaled_text(size_bytes, size_units);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size()) return {};
  if (error == std::errc::result_out_of_range) {
    return text.front() == '-' ? std::numeric_limits<std::int64_t>::min() : biggest;
  }
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

std::string quoted_text(std::string_view text) {
  constexpr std::size_t text_max = 60;
  std::string result = "'";
  for (std::size_t at = 0; at < text.size();) {
    const auto bytes = utf8_character_bytes(text, at);
    if (at + std::max<std::size_t>(1, bytes) > text_max) return result + "...'";
    const bool is_readable = bytes != 0 && !is_control(text, at, bytes);
    result += is_readable ? text.substr(at, bytes) : std::string_view("?");
    at += std::max<std::size_t>(1, bytes);
  }
  return result + "'";
}

std::string joined(std::span<const std::string> names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

std::string url_error(std::string_view text, const url_rule& rule) {
  const auto scheme_end = text.find("://");
  const auto scheme = text.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos || !contains_word(rule.schemes, scheme)) {
    const auto first = std::string(cut(rule.schemes, ' ').first);
    return "it does not begin with " + first + ":// or " +
           std::string(cut(rule.schemes, ' ').second) + "://";
  }
  auto authority = text.substr(scheme_end + 3);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    if (!rule.user_information) return "user information (before an @) is not allowed";
    authority = authority.substr(at + 1);
  }
  if (authority.find_first_of("/?#") != std::string_view::npos) {
    return "only a scheme, a host and a port are allowed, no path";
  }
  return host_error(authority);
}

std::string web_url_error(std::string_view text) {
  const auto rest = text.find("://");
  const auto path = rest == text.npos ? rest : text.find('/', rest + 3);
  if (auto error = url_error(text.substr(0, path), {"https http"}); !error.empty()) return error;
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\';
  });
  return is_plain ? "" : "it has a character that must be escaped, or a fragment";
}

bool is_open_url(std::string_view url) {
  if (!url.starts_with("http://")) return false;
  auto host = url.substr(7);
  host = host.substr(0, host.find('/'));
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  return host != "localhost" && !is_loopback_address(std::string(host));
}

std::string url_list_error(std::string_view text, const url_rule& rule) {
  while (true) {
    const auto [first, rest] = cut(text, ',');
    auto error = url_error(first, rule);
    if (!error.empty() || first.size() == text.size()) return error;
    text = rest;
  }
}

bool has_user_information(std::string_view url) {
  return url.find("://") < url.rfind('@') && url.rfind('@') != std::string_view::npos;
}

std::string with_user_information(std::string_view url, std::string_view user,
                                  std::string_view password) {
  const auto host = url.find("://") + 3;
  std::string result(url.substr(0, host));
  result += percent_encoded(user);
  if (!password.empty()) result += ":" + percent_encoded(password);
  return result.append("@").append(url.substr(host));
}

std::optional<listen_address_parts> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return {};
  auto host = text.substr(0, colon);
  const bool has_brackets = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (has_brackets) host = host.substr(1, host.size() - 2);
  listen_address_parts result;
  result.host = host;
  in6_addr binary{};
  if (inet_pton(has_brackets ? AF_INET6 : AF_INET, result.host.c_str(), &binary) != 1) return {};
  const auto port = parse_number(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65'535) return {};
  result.port = static_cast<std::uint16_t>(*port);
  return result;
}

bool is_loopback_address(const std::string& host) {
  in_addr binary{};
  if (inet_pton(AF_INET, host.c_str(), &binary) == 1) return ntohl(binary.s_addr) >> 24 == 127;
  in6_addr longer{};
  return inet_pton(AF_INET6, host.c_str(), &longer) == 1 && IN6_IS_ADDR_LOOPBACK(&longer) != 0;
}

std::optional<std::map<std::string, std::string>> parse_dsn(std::string_view text) {
  if (text.starts_with("postgresql://") || text.starts_with("postgres://")) {
    return parse_query(cut(text, '?').second);
  }
  auto result = parse_keywords(text);
  return result && result->empty() ? std::nullopt : result;
}

}  // namespace feedtree::config
