// A short text inside its owner: no allocation, trivially copyable.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/digits.hpp"

namespace feedtree {

template <std::size_t Max>
class inline_text {
  static_assert(Max < 256);

 public:
  inline_text() = default;
  explicit inline_text(std::string_view text) { append(text); }

  // Appends and returns itself; what does not fit is cut, and fits() is false from then on.
  inline_text& append(std::string_view text) {
    const auto room = Max - size_;
    const auto bytes = std::min(room, text.size());
    if (bytes > 0) std::memcpy(text_.data() + size_, text.data(), bytes);
    size_ = static_cast<std::uint8_t>(size_ + bytes);
    cut_ = cut_ || bytes < text.size();
    return *this;
  }
  inline_text& append(char c) { return append(std::string_view(&c, 1)); }
  template <std::integral Integer>
  requires(!std::same_as<Integer, char>) inline_text& append(Integer value) {
    std::array<char, 40> text;  // not set: only what is written is read
    char* at = text.data();
    auto magnitude = static_cast<std::uint64_t>(value);
    if (value < 0) {
      *at++ = '-';
      magnitude = ~magnitude + 1;
    }
    at = digits::write(magnitude, at);
    return append(std::string_view(text.data(), static_cast<std::size_t>(at - text.data())));
  }

  std::string_view view() const { return {text_.data(), size_}; }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)
  bool empty() const { return size_ == 0; }
  bool fits() const { return !cut_; }
  friend bool operator==(const inline_text& a, const inline_text& b) {
    return a.view() == b.view();
  }

 private:
  std::array<char, Max> text_{};
  std::uint8_t size_ = 0;
  bool cut_ = false;
};

}  // namespace feedtree
