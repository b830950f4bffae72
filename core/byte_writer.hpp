// Appends values to bytes: whole numbers in groups of seven bits, texts with their length.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/decimal.hpp"
#include "core/inline_text.hpp"

namespace feedtree {

// What it writes, byte_reader reads. Call finish() at the end: bytes wait in a small buffer.
class byte_writer {
 public:
  explicit byte_writer(std::string& out) : out_(out) {}

  void byte(std::uint8_t value) {
    if (used_ == buffer_.size()) finish();
    buffer_[used_++] = static_cast<char>(value);
  }
  void number(std::uint64_t value) {
    if (used_ + number_bytes_max > buffer_.size()) finish();
    for (; value >= 0x80; value >>= 7) buffer_[used_++] = static_cast<char>(value | 0x80);
    buffer_[used_++] = static_cast<char>(value);
  }
  void finish() {
    out_.append(buffer_.data(), used_);
    used_ = 0;
  }

  void operator()(bool value) { byte(value ? 1 : 0); }
  void operator()(std::unsigned_integral auto value) { number(value); }
  // Small negative numbers stay short: 0, -1, 1, -2, ... are 0, 1, 2, 3, ...
  void operator()(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void operator()(const decimal& value) {
    (*this)(value.mantissa);
    exponent(value.exponent);
  }
  void operator()(const optional_decimal& value) {
    (*this)(value.has_value());
    if (value.has_value()) (*this)(*value);
  }
  // In the form of a decimal that is there: an absent one has an exponent that none has.
  void as_decimal(const optional_decimal& value) {
    if (value.has_value()) return (*this)(*value);
    (*this)(std::int64_t{0});
    exponent(absent_exponent);
  }
  void operator()(std::string_view text) {
    number(text.size());
    if (used_ + text.size() > buffer_.size()) finish();
    if (text.size() > buffer_.size()) {
      out_.append(text);
      return;
    }
    if (!text.empty()) std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  void operator()(const std::string& text) { (*this)(std::string_view(text)); }
  template <std::size_t Max>
  void operator()(const inline_text<Max>& text) {
    (*this)(text.view());
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(Enum value, std::size_t) { byte(static_cast<std::uint8_t>(value)); }
  void exponent(std::int8_t value) { byte(static_cast<std::uint8_t>(value)); }

  static constexpr std::int8_t absent_exponent = 127;

 private:
  static constexpr std::size_t number_bytes_max = 10;
  std::string& out_;
  std::array<char, 1024> buffer_;
  std::size_t used_ = 0;
};

}  // namespace feedtree
