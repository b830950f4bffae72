#include "core/json_writer.hpp"

namespace feedtree {
namespace {

bool continues(std::string_view text, std::size_t at, unsigned least = 0x80, unsigned most = 0xbf) {
  if (at >= text.size()) return false;
  const auto byte = static_cast<unsigned char>(text[at]);
  return byte >= least && byte <= most;
}

// Bytes of the UTF-8 character at a place; 0 if there is none. Source of the ranges: Unicode,
// table 3-7, "Well-Formed UTF-8 Byte Sequences".
std::size_t character_bytes(std::string_view text, std::size_t at) {
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

}  // namespace

void json_writer::escaped(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto bytes = character_bytes(text, at);
    if (bytes == 0) {
      raw("\\ufffd");
    } else if (bytes > 1) {
      raw(text.substr(at, bytes));
    } else {
      escaped(text[at]);
    }
    at += bytes == 0 ? 1 : bytes;
  }
}

void json_writer::escaped(char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    raw('\\');
    raw(c);
  } else if (code < 0x20) {
    raw("\\u00");
    raw(hex[code >> 4]);
    raw(hex[code & 15]);
  } else {
    raw(c);
  }
}

}  // namespace feedtree
