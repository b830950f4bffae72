// Builds JSON text piece by piece: puts the commas, closes what is open. For answers of some size;
// events have a faster writer of their own (core/codec.hpp).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/codec.hpp"

namespace feedtree {

class json_builder {
 public:
  explicit json_builder(std::string& out) : out_(out) {}

  // Runs fill, which adds members, between braces or brackets.
  template <class Fill>
  json_builder& object(Fill&& fill) {
    return nest('{', '}', std::forward<Fill>(fill));
  }
  template <class Fill>
  json_builder& array(Fill&& fill) {
    return nest('[', ']', std::forward<Fill>(fill));
  }
  template <class Fill>
  json_builder& object(std::string_view name, Fill&& fill) {
    return key(name).object(std::forward<Fill>(fill));
  }
  template <class Fill>
  json_builder& array(std::string_view name, Fill&& fill) {
    return key(name).array(std::forward<Fill>(fill));
  }

  json_builder& add(std::string_view name, std::string_view value) { return key(name).text(value); }
  json_builder& add(std::string_view name, const char* value) {
    return add(name, std::string_view(value));
  }
  template <std::integral Number>
  json_builder& add(std::string_view name, Number value) {
    key(name);
    return raw(text_of(value));
  }
  // A 64-bit number as text, as the contract has it for nanoseconds; null where it is 0.
  json_builder& add_ns(std::string_view name, std::int64_t value) {
    key(name);
    return value == 0 ? raw("null") : text(std::to_string(value));
  }
  // The text, or null where it is empty.
  json_builder& add_or_null(std::string_view name, std::string_view value) {
    key(name);
    return value.empty() ? raw("null") : text(value);
  }
  // JSON as it is.
  json_builder& add_raw(std::string_view name, std::string_view json) {
    return key(name).raw(json);
  }

  // Members of an array.
  json_builder& text(std::string_view value) {
    separate();
    encode_text(value, out_);
    needs_comma_ = true;
    return *this;
  }
  json_builder& raw(std::string_view json) {
    separate();
    out_ += json;
    needs_comma_ = true;
    return *this;
  }

 private:
  template <class Number>
  static std::string text_of(Number value) {
    if constexpr (std::same_as<Number, bool>) {
      return value ? "true" : "false";
    } else {
      return std::to_string(value);
    }
  }

  json_builder& key(std::string_view name) {
    separate();
    encode_text(name, out_);
    out_ += ':';
    return *this;
  }
  template <class Fill>
  json_builder& nest(char open, char close, Fill&& fill) {
    separate();
    out_ += open;
    fill();
    out_ += close;
    needs_comma_ = true;
    return *this;
  }
  void separate() {
    if (std::exchange(needs_comma_, false)) out_ += ',';
  }

  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace feedtree
