#include "adapters/http/target.hpp"

#include <algorithm>
#include <charconv>

namespace feedtree::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The text with its escapes replaced; nothing if one is wrong or gives a control character.
std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (c == '%') {
      if (text.size() - at < 3) return {};
      const int high = hex_value(text[at + 1]);
      const int low = hex_value(text[at + 2]);
      if (high < 0 || low < 0) return {};
      c = static_cast<char>(high * 16 + low);
      at += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return {};
    result += c;
  }
  return result;
}

// How many bytes follow the first byte of a character; -1 if it is none.
int following(unsigned char first) {
  if (first < 0x80) return 0;
  if (first >= 0xc2 && first < 0xe0) return 1;
  if (first >= 0xe0 && first < 0xf0) return 2;
  return first >= 0xf0 && first < 0xf5 ? 3 : -1;
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const int more = following(static_cast<unsigned char>(text.front()));
    if (more < 0 || text.size() <= static_cast<std::size_t>(more)) return false;
    const auto rest = text.substr(1, static_cast<std::size_t>(more));
    if (!std::all_of(rest.begin(), rest.end(), is_continuation)) return false;
    text.remove_prefix(rest.size() + 1);
  }
  return true;
}

bool read_query(std::string_view text, target& out) {
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const auto equal = std::min(part.find('='), part.size());
    auto name = decoded(part.substr(0, equal), true);
    auto value = decoded(part.substr(std::min(equal + 1, part.size())), true);
    if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) return false;
    out.query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

}  // namespace

std::optional<std::string> target::parameter(std::string_view name) const {
  const auto found = std::find_if(query.begin(), query.end(),
                                  [&](const auto& each) { return each.first == name; });
  if (found == query.end()) return {};
  return found->second;
}

std::optional<target> parse_target(std::string_view text) {
  if (!text.starts_with('/')) return {};
  const auto question = std::min(text.find('?'), text.size());
  target result;
  auto path = decoded(text.substr(0, question), false);
  if (!path || !is_utf8(*path)) return {};
  result.path = std::move(*path);
  if (question < text.size() && !read_query(text.substr(question + 1), result)) return {};
  return result;
}

std::optional<std::uint32_t> parse_count(std::string_view text) {
  if (text.empty() || text.size() > 9) return {};
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace feedtree::http
