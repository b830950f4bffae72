// The target of a request, taken apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace feedtree::http {

struct target {
  std::string path;  // decoded, begins with '/'
  std::vector<std::pair<std::string, std::string>> query;

  // The first value of a parameter; nothing if it is not there.
  std::optional<std::string> parameter(std::string_view name) const;
};

// Reads "/path?name=value&..."; nothing if it is no such target: another form (RFC 9112, section
// 3.2), a wrong escape, a control character, or bytes that are not UTF-8.
std::optional<target> parse_target(std::string_view text);

// A whole number of up to nine digits; nothing if the text is none.
std::optional<std::uint32_t> parse_count(std::string_view text);

}  // namespace feedtree::http
