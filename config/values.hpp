// How single values are written: durations, sizes, addresses.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace feedtree::config {

// Milliseconds of "250ms", "10s", "5m", "1h" or "7d": a whole number and its unit, nothing between
// them. What is too big for 64 bits gives the biggest number. Nothing if it is not a duration.
std::optional<std::int64_t> parse_duration_ms(std::string_view text);
// The reverse, in the biggest unit that fits.
std::string duration_text(std::int64_t duration_ms);

// Bytes of "512B", "64KiB", "64MiB" or "1GiB"; likewise.
std::optional<std::int64_t> parse_size_bytes(std::string_view text);
std::string size_text(std::int64_t size_bytes);

// A whole number, with a sign where it is negative; likewise.
std::optional<std::int64_t> parse_number(std::string_view text);

// The value for a message: in quotes, cut where it is long, without control characters.
std::string quoted_text(std::string_view text);
// "a, b, c".
std::string joined(std::span<const std::string> names);

struct url_rule {
  std::string_view schemes;       // "ws wss"
  bool user_information = false;  // user:password@ may stand before the host
};
// Why the text is not SCHEME://HOST[:PORT]; empty if it is. Does not repeat the text, which may
// hold a password.
std::string url_error(std::string_view text, const url_rule& rule);
// Why the text is not http://HOST[:PORT][/PATH] or https://...; likewise.
std::string web_url_error(std::string_view text);
// The same of each of the addresses, which have commas between them.
std::string url_list_error(std::string_view text, const url_rule& rule);
// True if user:password@ or token@ stands before the host.
bool has_user_information(std::string_view url);
// The address with "<user>:<password>@", or "<user>@" where the password is empty, before its
// first host; both are escaped with '%' where that is needed.
std::string with_user_information(std::string_view url, std::string_view user,
                                  std::string_view password);

struct listen_address_parts {
  std::string host;  // an IP address, without brackets
  std::uint16_t port = 0;
};
// "127.0.0.1:8080", "[::1]:8080"; nothing if it is not an IP address and a port.
std::optional<listen_address_parts> parse_listen_address(std::string_view text);
// True of http://, unless the host is this machine by its loopback address or localhost.
bool is_open_url(std::string_view url);
// True of 127.0.0.0/8 and ::1.
bool is_loopback_address(const std::string& host);

// The settings of a PostgreSQL connection string (postgresql://... or key=value ...), of an URL
// only those behind its '?'. Nothing if it is neither.
// Source: PostgreSQL 15 manual, 34.1.1 "Connection Strings".
std::optional<std::map<std::string, std::string>> parse_dsn(std::string_view text);

}  // namespace feedtree::config
