// Where what a command finds goes: standard output or a file, or a text that is made line by line.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

namespace feedtree::actors {

// Into the file of this path, or to standard output for "-". Throws std::runtime_error.
void write_report(const std::string& path, const std::string& text);

// Appends what printf would print, at most 399 bytes of it.
template <class... Values>
void print(std::string& out, const char* format, Values... values) {
  std::array<char, 400> line{};
  const auto size = std::snprintf(line.data(), line.size(), format, values...);
  if (size > 0) out.append(line.data(), std::min(static_cast<std::size_t>(size), line.size() - 1));
}

// For "%llu".
inline unsigned long long wide(std::uint64_t value) {
  return value;
}

}  // namespace feedtree::actors
