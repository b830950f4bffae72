#include "adapters/simulator/frame_damage.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace feedtree::simulator {
namespace {

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_number(std::string_view text) {
  return !text.empty() && (is_digit(text.front()) || (text.front() == '-' && text.size() > 1)) &&
         text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

// The end of the JSON text that begins at `from` with a quote.
std::size_t end_of_text(std::string_view frame, std::size_t from) {
  auto at = from + 1;
  while (at < frame.size() && frame[at] != '"') at += frame[at] == '\\' ? 2 : 1;
  return at + 1;
}

}  // namespace

bool corrupt_checksum(std::string& frame) {
  constexpr std::string_view name = R"("checksum":)";
  const auto found = frame.find(name);
  const auto last = frame.find_first_not_of("0123456789", found + name.size());
  if (found == std::string::npos || last == std::string::npos) return false;
  auto& digit = frame[last - 1];
  digit = digit == '7' ? '3' : '7';
  return true;
}

void make_malformed(std::string& frame) {
  const auto comma = frame.find(',', frame.size() / 2);
  frame.insert(comma == std::string::npos ? 1 : comma, ",,");
}

void truncate_frame(std::string& frame) {
  frame.resize(frame.size() / 2);
}

void make_oversized(std::string& frame, std::size_t bytes) {
  if (frame.size() < bytes) frame.insert(1, bytes - frame.size(), ' ');
}

void make_wrong_type(std::string& frame) {
  std::string out;
  for (std::size_t at = 0; at < frame.size();) {
    auto end = at + 1;
    if (frame[at] == '"') {
      end = end_of_text(frame, at);
      const bool is_name = end < frame.size() && frame[end] == ':';
      const std::string_view inner(frame.data() + at + 1, end - at - 2);
      out += !is_name && is_number(inner) ? "true" : frame.substr(at, end - at);
    } else if (is_digit(frame[at]) || frame[at] == '-') {
      end = std::min(frame.find_first_not_of("0123456789+-.eE", at), frame.size());
      out += "true";
    } else {
      out += frame[at];
    }
    at = end;
  }
  frame = std::move(out);
}

void add_unknown_field(std::string& frame) {
  if (frame.empty()) return;
  frame.insert(1, frame.front() == '{' ? R"("new_in_this_version":{"a":[1,"b",null]},)" : "");
}

}  // namespace feedtree::simulator
