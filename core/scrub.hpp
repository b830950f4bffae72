// Takes secrets out of what people and other programs get to read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace feedtree {

// What stands in the place of a secret.
inline constexpr std::string_view scrubbed_text = "[secret]";

// Shorter values would be found by chance in other words: they are not looked for.
inline constexpr std::size_t secret_bytes_min = 8;
inline constexpr std::size_t secrets_max = 1'000;

// From now on scrub() takes this value out, in all threads; of an URL only its password or token,
// of a DSN also its password. Nothing shorter than secret_bytes_min, and no more than secrets_max
// values.
void know_secret(std::string_view value);

// The text without what is known to be a secret, also where it is escaped as JSON or with '%'.
std::string scrub_known(std::string_view text);

// That, and without what looks like a secret: user and password before the host of an URL, what
// stands behind "password=", "token=", "Bearer" and their like, tokens of this server, JSON Web
// Tokens, AWS access keys, seeds of NATS keys, private keys in PEM.
std::string scrub(std::string_view text);

}  // namespace feedtree
