// Reads what byte_writer wrote, from bytes that may be damaged.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/byte_writer.hpp"
#include "core/decimal.hpp"
#include "core/inline_text.hpp"

namespace feedtree {

// After the first value that cannot be read, good() is false and every further value is empty or
// zero; nothing is read beyond the end.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) : left_(bytes) {}

  bool good() const { return good_; }
  bool at_end() const { return left_.empty(); }
  // Which version of the form the bytes have, for those who read more than one; 0: not said.
  std::uint8_t format() const { return format_; }
  void set_format(std::uint8_t format) { format_ = format; }
  void fail() {
    good_ = false;
    left_ = {};
  }

  std::uint8_t byte() {
    if (left_.empty()) {
      fail();
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t group = byte();
      if (shift == 63 && group > 1) break;
      value |= (group & 0x7f) << shift;
      if (group < 0x80) return value;
    }
    fail();
    return 0;
  }
  // How many values follow, each of at least so many bytes.
  std::size_t count(std::size_t bytes_min) {
    const auto value = number();
    if (value <= left_.size() / bytes_min) return value;
    fail();
    return 0;
  }
  std::string_view text() {
    const auto size = count(1);
    const auto result = left_.substr(0, size);
    left_.remove_prefix(size);
    return result;
  }

  void operator()(bool& out) {
    const auto value = byte();
    if (value > 1) fail();
    out = value == 1;
  }
  template <std::unsigned_integral Number>
  void operator()(Number& out) {
    const auto value = number();
    if (value > std::numeric_limits<Number>::max()) fail();
    out = static_cast<Number>(value);
  }
  void operator()(std::int64_t& out) {
    const auto value = number();
    out = static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  void operator()(decimal& out) {
    (*this)(out.mantissa);
    exponent(out.exponent);
  }
  void operator()(optional_decimal& out) {
    bool present = false;
    (*this)(present);
    out.reset();
    if (!present) return;
    decimal value;
    (*this)(value);
    out = value;
  }
  // What byte_writer::as_decimal wrote.
  void as_decimal(optional_decimal& out) {
    decimal value;
    (*this)(value.mantissa);
    out.reset();
    if (!left_.empty() && left_.front() == static_cast<char>(byte_writer::absent_exponent)) {
      byte();
      if (value.mantissa != 0) fail();
      return;
    }
    exponent(value.exponent);
    if (good_) out = value;
  }
  void operator()(std::string& out) { out = text(); }
  template <std::size_t Max>
  void operator()(inline_text<Max>& out) {
    out = inline_text<Max>(text());
    if (!out.fits()) fail();
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(Enum& out, std::size_t values) {
    const auto value = byte();
    if (value >= values) return fail();
    out = static_cast<Enum>(value);
  }
  void exponent(std::int8_t& out) {
    out = static_cast<std::int8_t>(byte());
    if (out < decimal::exponent_min || out > decimal::exponent_max) fail();
  }

 private:
  std::uint8_t format_ = 0;
  std::string_view left_;
  bool good_ = true;
};

}  // namespace feedtree
