#include "core/utf8.hpp"

namespace feedtree {
namespace {

bool continues(std::string_view text, std::size_t at, unsigned least = 0x80, unsigned most = 0xbf) {
  if (at >= text.size()) return false;
  const auto byte = static_cast<unsigned char>(text[at]);
  return byte >= least && byte <= most;
}

// Bytes of the character at a place that a database takes as text; 0 if there is none.
std::size_t clean_bytes(std::string_view text, std::size_t at) {
  return text[at] == '\0' ? 0 : utf8_character_bytes(text, at);
}

std::size_t clean_prefix(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto bytes = clean_bytes(text, at);
    if (bytes == 0) return at;
    at += bytes;
  }
  return text.size();
}

}  // namespace

std::size_t utf8_character_bytes(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(text, at + 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned least = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : 0xbf;
    return continues(text, at + 1, least, most) && continues(text, at + 2) ? 3 : 0;
  }
  if (first < 0xf0 || first > 0xf4) return 0;
  const unsigned least = first == 0xf0 ? 0x90 : 0x80;
  const unsigned most = first == 0xf4 ? 0x8f : 0xbf;
  const bool whole =
      continues(text, at + 1, least, most) && continues(text, at + 2) && continues(text, at + 3);
  return whole ? 4 : 0;
}

std::string_view clean_utf8(std::string_view text, std::string& room) {
  auto at = clean_prefix(text);
  if (at == text.size()) return text;
  room.assign(text.substr(0, at));
  while (at < text.size()) {
    const auto bytes = clean_bytes(text, at);
    room.append(bytes == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(at, bytes));
    at += bytes == 0 ? 1 : bytes;
  }
  return room;
}

}  // namespace feedtree
