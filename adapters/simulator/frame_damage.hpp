// What a fault makes of a frame's text. JSON texts as the simulator writes them: no spaces.
#pragma once

#include <cstddef>
#include <string>

namespace feedtree::simulator {

// Another checksum; false if the frame has none, and it is then as it was.
bool corrupt_checksum(std::string& frame);
// No JSON any more: a comma too many.
void make_malformed(std::string& frame);
// The first half.
void truncate_frame(std::string& frame);
// The same JSON, blown up to this many bytes with spaces.
void make_oversized(std::string& frame, std::size_t bytes);
// Every number, written bare or as a text, becomes true.
void make_wrong_type(std::string& frame);
// A field more that nobody knows, in front.
void add_unknown_field(std::string& frame);

}  // namespace feedtree::simulator
