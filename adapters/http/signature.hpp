// Signatures over what is sent to others.
#pragma once

#include <string>
#include <string_view>

namespace feedtree::http {

// HMAC-SHA-256 in hexadecimal (lower case). Throws std::runtime_error if OpenSSL cannot.
// Source: RFC 2104, RFC 4231 (test vectors).
std::string hmac_sha256_hex(std::string_view key, std::string_view text);

}  // namespace feedtree::http
