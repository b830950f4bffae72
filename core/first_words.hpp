// What another program answered, fit for one line of a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace feedtree {

// A character that would change how a line reads: control characters, and those that turn the
// direction of writing. `bytes` is how long it is; see utf8_character_bytes.
bool is_control(std::string_view text, std::size_t at, std::size_t bytes);

// The first words of an answer: white space and control characters become one space, the tags,
// scripts and styles of a page (a text that begins with '<') are left out, what is no UTF-8 becomes
// '?'. At most bytes_max bytes and "..." behind them.
std::string first_words(std::string_view text, std::size_t bytes_max = 200);

}  // namespace feedtree
