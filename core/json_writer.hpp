// Writes JSON text fast: raw characters into a small buffer on the stack, which is appended to a
// string when it is full. No validation of the structure: the caller writes commas and brackets.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/decimal.hpp"
#include "core/digits.hpp"

namespace feedtree {

class json_writer {
 public:
  explicit json_writer(std::string& out) : out_(out) { at_ = buffer_.data(); }
  ~json_writer() { spill(); }
  json_writer(const json_writer&) = delete;
  json_writer& operator=(const json_writer&) = delete;

  // Text as it is.
  void raw(std::string_view text) {
    if (text.empty()) return;
    if (text.size() > room()) return raw_slow(text);
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void raw(char c) {
    reserve(1);
    *at_++ = c;
  }
  template <std::size_t N>
  void raw(const char (&text)[N]) {
    reserve(N);
    std::memcpy(at_, text, N - 1);
    at_ += N - 1;
  }

  // A whole number, without quotes.
  void number(std::uint64_t value);
  void number(std::int64_t value) {
    if (value < 0) raw('-');
    number(value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value));
  }
  // A decimal with the digits as sent, without quotes.
  void number(const decimal& value) {
    reserve(decimal::text_max + 32);
    at_ = put(value, at_);
  }
  // The inside of a JSON string: escaped, and bytes that are not UTF-8 replaced by U+FFFD.
  void text(std::string_view text) {
    if (is_plain(text)) return raw(text);
    escaped(text);
  }

 private:
  std::size_t room() const {
    return static_cast<std::size_t>(buffer_.data() + buffer_.size() - at_);
  }
  void reserve(std::size_t bytes) {
    if (bytes > room()) spill();
  }
  void spill() {
    out_.append(buffer_.data(), static_cast<std::size_t>(at_ - buffer_.data()));
    at_ = buffer_.data();
  }
  void raw_slow(std::string_view text) {
    spill();
    out_.append(text);
  }
  static char* put(const decimal& value, char* out);
  static char* put_fast(std::uint64_t magnitude, int fraction, char* out);
  static bool is_plain(std::string_view text);
  void escaped(std::string_view text);
  void escaped(char c);

  std::string& out_;
  std::array<char, 4096> buffer_;  // not set: only what was written is read
  char* at_ = nullptr;
};

inline void json_writer::number(std::uint64_t value) {
  reserve(40);
  at_ = digits::write(value, at_);
}

inline char* json_writer::put(const decimal& value, char* out) {
  const auto sign = static_cast<std::uint64_t>(value.mantissa >> 63);
  const auto magnitude = (static_cast<std::uint64_t>(value.mantissa) ^ sign) - sign;
  if (value.exponent > 0 || value.exponent < -16 || magnitude > digits::sixteen_max) {
    return value.to_chars(out);
  }
  *out = '-';
  return put_fast(magnitude, -value.exponent, out + (sign & 1));
}

// magnitude / 10^fraction for at most sixteen digits on either side; writes up to 32 bytes past
// the end that it returns.
inline char* json_writer::put_fast(std::uint64_t magnitude, int fraction, char* out) {
  auto text = digits::sixteen(magnitude);
  const int zeros = digits::leading_zeros(text);
  text >>= 8 * zeros;
  const int count = 16 - zeros;
  if (fraction == 0) {
    std::memcpy(out, &text, 16);
    return out + count;
  }
  if (count > fraction) {
    const int whole = count - fraction;
    const auto behind = text >> (8 * whole);
    std::memcpy(out, &text, 16);
    out[whole] = '.';
    std::memcpy(out + whole + 1, &behind, 16);
    return out + count + 1;
  }
  std::memcpy(out, "0.00000000000000", 16);
  std::memcpy(out + 16, "00", 2);
  std::memcpy(out + 2 + (fraction - count), &text, 16);
  return out + 2 + fraction;
}

// True if nothing in it needs an escape: checked eight bytes at a time.
inline bool json_writer::is_plain(std::string_view text) {
  constexpr std::uint64_t ones = 0x0101010101010101ULL;
  constexpr std::uint64_t tops = 0x8080808080808080ULL;
  const auto special = [](std::uint64_t word) {
    const auto quotes = word ^ (ones * '"');
    const auto slashes = word ^ (ones * '\\');
    return (word | (word - ones * 0x20) | (quotes - ones) | (slashes - ones)) & tops;
  };
  std::uint64_t found = 0;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    found |= special(word);
  }
  if (at == text.size()) return found == 0;
  std::uint64_t rest = ones * '0';
  std::memcpy(&rest, text.data() + at, text.size() - at);
  return (found | special(rest)) == 0;
}

}  // namespace feedtree
