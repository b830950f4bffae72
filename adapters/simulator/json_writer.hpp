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
class json_writer {
 public:
  json_writer& begin_object() { return open('{'); }
  json_writer& end_object() { return close('}'); }
  json_writer& begin_array() { return open('['); }
  json_writer& end_array() { return close(']'); }
  json_writer& key(std::string_view name);

  json_writer& text(std::string_view value);
  template <std::integral Integer>
  json_writer& number(Integer value) {
    return raw(std::to_string(value));
  }
  json_writer& boolean(bool value) { return raw(value ? "true" : "false"); }
  json_writer& null() { return raw("null"); }
  // The digits of the market, bare or in quotes.
  json_writer& digits(const decimal& value, digits_as form);
  // A JSON value as it stands; an empty one is null.
  json_writer& raw(std::string_view value);

  // Fields: key and value.
  json_writer& field(std::string_view name, std::string_view value) {
    return key(name).text(value);
  }
  json_writer& field(std::string_view name, const char* value) { return key(name).text(value); }
  json_writer& field(std::string_view name, bool value) { return key(name).boolean(value); }
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) json_writer& field(std::string_view name, Integer value) {
    return key(name).number(value);
  }
  json_writer& field(std::string_view name, const decimal& value, digits_as form) {
    return key(name).digits(value, form);
  }

  // [["price","quantity"],...], or with bare numbers.
  json_writer& pairs(std::span<const level> levels, digits_as form);

  // The text so far; the writer is then empty and may be used again.
  std::string take();

 private:
  json_writer& open(char brace);
  json_writer& close(char brace);
  void separate();

  std::string text_;
  bool needs_comma_ = false;
};

// "2026-08-24T22:21:56.724795Z": nanoseconds since 1970 with this many digits of the second (0-9).
std::string rfc3339_text(std::int64_t ns, int second_digits);

}  // namespace feedtree::simulator
