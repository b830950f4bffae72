#include "storage/archive_lines.hpp"

#include <openssl/evp.h>
#include <simdjson.h>

#include <array>
#include <charconv>

namespace feedtree::storage {
namespace {

constexpr std::array<std::string_view, archive_types> names{"frame", "rest", "proof",  "connect",
                                                            "close", "lost", "header", "other"};
constexpr std::size_t padding = 64;
static_assert(padding >= simdjson::SIMDJSON_PADDING);

constexpr std::array<bool, 256> needs_escape = [] {
  std::array<bool, 256> result{};
  for (std::size_t c = 0; c < 0x20; ++c) result[c] = true;
  result['"'] = true;
  result['\\'] = true;
  return result;
}();

void append_escaped(char c, std::string& out) {
  static constexpr std::string_view hex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20) {
    (out += '\\') += c;
  } else {
    ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
  }
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  std::size_t from = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!needs_escape[static_cast<unsigned char>(text[at])]) continue;
    out.append(text, from, at - from);
    append_escaped(text[at], out);
    from = at + 1;
  }
  out.append(text, from, text.size() - from);
  out += '"';
}

void append_base64(std::string_view bytes, std::string& out) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                    reinterpret_cast<const unsigned char*>(bytes.data()),
                                    static_cast<int>(bytes.size()));
  out.append(text, 0, static_cast<std::size_t>(size));
}

archive_type type_of(std::string_view name) {
  for (std::size_t at = 0; at < names.size(); ++at) {
    if (names[at] == name) return static_cast<archive_type>(at);
  }
  return archive_type::other;
}

std::string padded(std::string_view text) {
  std::string result;
  result.reserve(text.size() + padding);
  result.assign(text);
  return result;
}

template <class Number>
void read_number(std::string_view text, Number& out) {
  std::from_chars(text.data(), text.data() + text.size(), out);
}

}  // namespace

std::string_view to_string(archive_type type) {
  return names[static_cast<std::size_t>(type)];
}

void append_archive_line(const archive_line& what, std::string& out) {
  out += R"({"t":")";
  out += to_string(what.type);
  out += R"(","connection":)";
  append_quoted(what.connection, out);
  if (!what.url.empty()) {
    out += R"(,"url":)";
    append_quoted(what.url, out);
  }
  out += R"(,"receive_ns":")";
  out += std::to_string(what.receive_ns);
  out += '"';
  if (what.count != 0) out += R"(,"count":")" + std::to_string(what.count) + '"';
  if (simdjson::validate_utf8(what.text.data(), what.text.size())) {
    out += R"(,"text":)";
    append_quoted(what.text, out);
  } else {
    out += R"(,"base64":")";
    append_base64(what.text, out);
    out += '"';
  }
  out += "}\n";
}

std::string archive_header_line(std::string_view venue, std::string_view connection) {
  std::string line = R"({"t":"header","format":"feedtree-1","venue":)";
  append_quoted(venue, line);
  line += R"(,"archive":)";
  append_quoted(connection, line);
  return line += "}\n";
}

std::string from_base64(std::string_view text) {
  std::string result(text.size() / 4 * 3 + 3, '\0');
  result.reserve(result.size() + padding);
  const auto size = text.size() % 4 != 0
                        ? -1
                        : EVP_DecodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                                          reinterpret_cast<const unsigned char*>(text.data()),
                                          static_cast<int>(text.size()));
  if (size < 0) throw archive_error("a text is no base64");
  // The library counts what stands for no byte.
  std::size_t fill = 0;
  while (fill < 2 && fill < text.size() && text[text.size() - 1 - fill] == '=') ++fill;
  result.resize(static_cast<std::size_t>(size) - fill);
  return result;
}

struct archive_line_reader::parts {
  simdjson::ondemand::parser parser;
  std::string buffer;
};

archive_line_reader::archive_line_reader() : parts_(std::make_unique<parts>()) {}
archive_line_reader::~archive_line_reader() = default;

bool archive_line_reader::read(std::string_view line, archive_record& out) {
  auto& buffer = parts_->buffer;
  buffer.reserve(line.size() + padding);
  buffer.assign(line);
  out = {};
  out.type = archive_type::other;
  bool has_archive = false;
  try {
    auto document = parts_->parser.iterate(buffer.data(), buffer.size(), buffer.capacity());
    simdjson::ondemand::object object = document.get_object();
    for (auto field : object) {
      const std::string_view key = field.unescaped_key();
      const std::string_view value = field.value().get_string();
      if (key == "t") out.type = type_of(value);
      if (key == "connection" || key == "archive") out.connection = value;
      if (key == "archive") has_archive = true;
      if (key == "url") out.url = value;
      if (key == "venue") out.venue = value;
      if (key == "text") out.text = padded(value);
      if (key == "base64") out.text = from_base64(value);
      if (key == "receive_ns") read_number(value, out.receive_ns);
      if (key == "count") read_number(value, out.count);
    }
  } catch (const simdjson::simdjson_error&) {
    return false;
  } catch (const archive_error&) {
    return false;
  }
  return out.type != archive_type::header || has_archive;
}

}  // namespace feedtree::storage
