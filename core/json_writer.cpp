#include "core/json_writer.hpp"

#include "core/utf8.hpp"

namespace feedtree {

void json_writer::escaped(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto bytes = utf8_character_bytes(text, at);
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
