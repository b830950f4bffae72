#include "adapters/simulator/frame_writer.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

namespace feedtree::simulator {
namespace {

void append_escaped(std::string_view value, std::string& out) {
  for (const char c : value) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", unsigned{code});
      out += escape.data();
    } else {
      out += c;
    }
  }
}

}  // namespace

void frame_writer::separate() {
  if (needs_comma_) text_ += ',';
  needs_comma_ = true;
}

frame_writer& frame_writer::open(char brace) {
  separate();
  text_ += brace;
  needs_comma_ = false;
  return *this;
}

frame_writer& frame_writer::close(char brace) {
  text_ += brace;
  needs_comma_ = true;
  return *this;
}

frame_writer& frame_writer::key(std::string_view name) {
  text(name);
  text_ += ':';
  needs_comma_ = false;
  return *this;
}

frame_writer& frame_writer::text(std::string_view value) {
  separate();
  text_ += '"';
  append_escaped(value, text_);
  text_ += '"';
  return *this;
}

frame_writer& frame_writer::raw(std::string_view value) {
  separate();
  text_ += value.empty() ? std::string_view("null") : value;
  return *this;
}

frame_writer& frame_writer::digits(const decimal& value, digits_as form) {
  std::array<char, decimal::text_max> digits{};
  const auto* const end = value.to_chars(digits.data());
  const std::string_view written(digits.data(), static_cast<std::size_t>(end - digits.data()));
  return form == digits_as::text ? text(written) : raw(written);
}

frame_writer& frame_writer::pairs(std::span<const level> levels, digits_as form) {
  begin_array();
  for (const auto& entry : levels) {
    begin_array().digits(entry.price(), form).digits(entry.quantity(), form).end_array();
  }
  return end_array();
}

std::string frame_writer::take() {
  needs_comma_ = false;
  return std::exchange(text_, {});
}

std::string rfc3339_text(std::int64_t ns, int second_digits) {
  const std::time_t seconds = ns / 1'000'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> whole{};
  std::strftime(whole.data(), whole.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%09d", static_cast<int>(ns % 1'000'000'000));
  const auto kept = second_digits > 0 ? static_cast<std::size_t>(second_digits) + 1 : 0;
  return std::string(whole.data()) + std::string(fraction.data(), kept) + "Z";
}

}  // namespace feedtree::simulator
