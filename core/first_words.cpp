#include "core/first_words.hpp"

#include <algorithm>

#include "core/utf8.hpp"

namespace feedtree {
namespace {

// Pages begin with their styles; what is behind this is not looked at.
constexpr std::size_t looked_at_bytes_max = 16'384;

bool begins_with(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(), [](char wanted, char c) {
           return wanted == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
         });
}

// Behind the next text of this kind, or the end.
std::size_t behind(std::string_view text, std::size_t begin, std::string_view lower_case) {
  for (auto at = begin; at < text.size(); ++at) {
    if (begins_with(text.substr(at), lower_case)) return at + lower_case.size();
  }
  return text.size();
}

// Behind the tag that begins here; behind the whole element where it is no text.
std::size_t behind_tag(std::string_view text, std::size_t at) {
  const auto rest = text.substr(at);
  if (begins_with(rest, "<!--")) return behind(text, at, "-->");
  if (begins_with(rest, "<script")) return behind(text, at, "</script>");
  if (begins_with(rest, "<style")) return behind(text, at, "</style>");
  return behind(text, at, ">");
}

std::string without_tags(std::string_view page) {
  std::string result;
  for (std::size_t at = 0; at < page.size();) {
    if (page[at] != '<') {
      result += page[at++];
      continue;
    }
    result += ' ';
    at = behind_tag(page, at);
  }
  return result;
}

// One character, or the space in its place, unless that would be the second.
void append(std::string_view text, std::size_t at, std::size_t bytes, std::string& out) {
  if (bytes == 0) {
    out += '?';
  } else if (text[at] != ' ' && !is_control(text, at, bytes)) {
    out += text.substr(at, bytes);
  } else if (!out.empty() && out.back() != ' ') {
    out += ' ';
  }
}

}  // namespace

bool is_control(std::string_view text, std::size_t at, std::size_t bytes) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (bytes == 1) return first < 0x20 || first == 0x7f;
  const auto second = static_cast<unsigned char>(text[at + 1]);
  if (bytes == 2) return first == 0xc2 && second < 0xa0;
  if (bytes != 3 || first != 0xe2) return false;
  const auto third = static_cast<unsigned char>(text[at + 2]);
  // U+200B to U+200F, U+2028 to U+202E, U+2066 to U+2069.
  if (second == 0x80) return (third >= 0x8b && third <= 0x8f) || (third >= 0xa8 && third <= 0xae);
  return second == 0x81 && third >= 0xa6 && third <= 0xa9;
}

std::string first_words(std::string_view text, std::size_t bytes_max) {
  text = text.substr(0, looked_at_bytes_max);
  const auto begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  text.remove_prefix(begin);
  const auto is_page = text.starts_with('<');
  const auto readable = is_page ? without_tags(text) : std::string(text);
  std::string result;
  for (std::size_t at = 0; at < readable.size();) {
    const auto bytes = utf8_character_bytes(readable, at);
    const auto length = result.size();
    append(readable, at, bytes, result);
    if (result.size() > bytes_max) {
      result.resize(length);
      return result + "...";
    }
    at += bytes == 0 ? 1 : bytes;
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

}  // namespace feedtree
