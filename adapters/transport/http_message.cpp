#include "adapters/transport/http_message.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>

namespace feedtree::transport {
namespace {

constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";

char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_without_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return to_lower(x) == to_lower(y);
         });
}

bool is_token_char(char c) noexcept {
  const char lower = to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}

bool is_value_char(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number < 0)
    return std::nullopt;
  return number;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::int64_t> days_since_epoch(std::string_view date) {  // "06 Nov 1994"
  const auto day = parse_number(date.substr(0, 2));
  const auto month = months.find(date.substr(3, 3));
  const auto year = parse_number(date.substr(7, 4));
  if (!day || !year || month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year(static_cast<int>(*year)),
                                        std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                        std::chrono::day(static_cast<unsigned>(*day))};
  if (!ymd.ok()) return std::nullopt;
  return std::chrono::sys_days(ymd).time_since_epoch().count();
}

std::optional<std::int64_t> seconds_of_day(std::string_view time) {  // "08:49:37"
  const auto hour = parse_number(time.substr(0, 2));
  const auto minute = parse_number(time.substr(3, 2));
  const auto second = parse_number(time.substr(6, 2));
  if (!hour || !minute || !second || time[2] != ':' || time[5] != ':') return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

// "Sun, 06 Nov 1994 08:49:37 GMT" as seconds since 1970.
std::optional<std::int64_t> parse_http_date_s(std::string_view text) {
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT"))
    return std::nullopt;
  const auto days = days_since_epoch(text.substr(5, 11));
  const auto seconds = seconds_of_day(text.substr(17, 8));
  if (!days || !seconds) return std::nullopt;
  return *days * 86'400 + *seconds;
}

}  // namespace

void http_headers::add(std::string name, std::string value) {
  lines_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string_view> http_headers::find(std::string_view name) const noexcept {
  for (const auto& [key, value] : lines_)
    if (equal_without_case(key, name)) return value;
  return std::nullopt;
}

std::vector<std::string> http_headers::check() const {
  std::vector<std::string> problems;
  for (const auto& [name, value] : lines_) {
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token_char))
      problems.push_back("'" + name + "' is not a header name");
    else if (!std::all_of(value.begin(), value.end(), is_value_char))
      problems.push_back("the value of header '" + name + "' has control characters");
  }
  return problems;
}

std::string padded_string(std::string_view bytes) {
  std::string result;
  result.reserve(bytes.size() + padding_bytes);
  result.append(bytes);
  return result;
}

std::optional<std::int64_t> parse_retry_after_s(std::string_view value, std::int64_t now_s) {
  const auto text = trim(value);
  if (const auto seconds = parse_number(text)) return seconds;
  const auto date_s = parse_http_date_s(text);
  if (!date_s) return std::nullopt;
  return std::max<std::int64_t>(0, *date_s - now_s);
}

}  // namespace feedtree::transport
