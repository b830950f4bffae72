// Writes a venue's frames: field by field, with prices and quantities as exact digits.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/event.hpp"

namespace feedtree::simulator {

// How a venue writes a number that is a price or a quantity.
enum class digits_as : std::uint8_t { number, text };

// A JSON text from left to right. Commas come by themselves; that braces match is up to the caller.
class frame_writer {
 public:
  frame_writer& begin_object() { return open('{'); }
  frame_writer& end_object() { return close('}'); }
  frame_writer& begin_array() { return open('['); }
  frame_writer& end_array() { return close(']'); }
  frame_writer& key(std::string_view name);

  frame_writer& text(std::string_view value);
  template <std::integral Integer>
  frame_writer& number(Integer value) {
    return raw(std::to_string(value));
  }
  frame_writer& boolean(bool value) { return raw(value ? "true" : "false"); }
  frame_writer& null() { return raw("null"); }
  // The digits of the market, bare or in quotes.
  frame_writer& digits(const decimal& value, digits_as form);
  // A JSON value as it stands; an empty one is null.
  frame_writer& raw(std::string_view value);

  // Fields: key and value.
  frame_writer& field(std::string_view name, std::string_view value) {
    return key(name).text(value);
  }
  frame_writer& field(std::string_view name, const char* value) { return key(name).text(value); }
  frame_writer& field(std::string_view name, bool value) { return key(name).boolean(value); }
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) frame_writer& field(std::string_view name, Integer value) {
    return key(name).number(value);
  }
  frame_writer& field(std::string_view name, const decimal& value, digits_as form) {
    return key(name).digits(value, form);
  }

  // [["price","quantity"],...], or with bare numbers.
  frame_writer& pairs(std::span<const level> levels, digits_as form);

  // The text so far; the writer is then empty and may be used again.
  std::string take();

 private:
  frame_writer& open(char brace);
  frame_writer& close(char brace);
  void separate();

  std::string text_;
  bool needs_comma_ = false;
};

// "2026-08-24T22:21:56.724795Z": nanoseconds since 1970 with this many digits of the second (0-9).
std::string rfc3339_text(std::int64_t ns, int second_digits);

}  // namespace feedtree::simulator
