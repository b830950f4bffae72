// One line a message on standard error: time, level, component, text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace feedtree::log {

enum class level : std::uint8_t { debug, info, warning, error };

// The least level that is written from now on, and whether lines are JSON objects.
void set_level(level least);
void set_json(bool json);
// "debug", "info", "warning", "error"; false if it is none of them.
bool parse_level(std::string_view text, level& out);

// Thread-safe; whole lines.
void write(level at, std::string_view component, std::string_view text);
inline void debug(std::string_view component, std::string_view text) {
  write(level::debug, component, text);
}
inline void info(std::string_view component, std::string_view text) {
  write(level::info, component, text);
}
inline void warning(std::string_view component, std::string_view text) {
  write(level::warning, component, text);
}
inline void error(std::string_view component, std::string_view text) {
  write(level::error, component, text);
}

}  // namespace feedtree::log
