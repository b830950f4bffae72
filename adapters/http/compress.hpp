// Bodies under gzip.
#pragma once

#include <string>
#include <string_view>

namespace feedtree::http {

// The text under gzip (RFC 1952); level 1 is fast, 9 is small. Always the same bytes for a text.
std::string gzip(std::string_view text, int level);

// True if an Accept-Encoding header takes gzip (RFC 9110, section 12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace feedtree::http
