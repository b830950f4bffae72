// What the fuzzers and the contract test feed to a venue: text of several lines, a frame in each.
// A line that begins with @ is the answer to a REST request: "@<url> <body>".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/venue.hpp"

namespace feedtree::fuzz {

struct input_line {
  std::string_view url;  // empty for a frame
  std::string_view text;
};

inline input_line line_of(std::string_view text) {
  if (text.empty() || text.front() != '@') return {{}, text};
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return {text.substr(1), {}};
  return {text.substr(1, space - 1), text.substr(space + 1)};
}

// The lines of a text; they point into it. Empty lines are left out.
inline std::vector<input_line> lines_of(std::string_view text) {
  std::vector<input_line> result;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (const auto line = text.substr(0, end); !line.empty()) result.push_back(line_of(line));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return result;
}

inline venues::raw_frame frame_of(std::string_view text, std::int64_t receive_ns) {
  venues::raw_frame frame;
  frame.text.reserve(text.size() + venues::frame_padding);
  frame.text.assign(text);
  frame.receive_ns = receive_ns;
  return frame;
}

}  // namespace feedtree::fuzz
