// Text that is what it says: UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace feedtree {

// Bytes of the UTF-8 character at a place; 0 if there is none. Source of the ranges: Unicode,
// table 3-7, "Well-Formed UTF-8 Byte Sequences".
std::size_t utf8_character_bytes(std::string_view text, std::size_t at);

// The text where it is UTF-8 without NUL; else `room` holds it with U+FFFD in the place of every
// other byte, and is what is given.
std::string_view clean_utf8(std::string_view text, std::string& room);

}  // namespace feedtree
