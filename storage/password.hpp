// Passwords under Argon2id, and tokens. Source: RFC 9106; the PHC string format.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace feedtree::storage {

inline constexpr std::size_t password_bytes_min = 12;
inline constexpr std::size_t password_bytes_max = 1'024;

// "$argon2id$v=19$m=65536,t=2,p=1$...": 64 MiB and about a tenth of a second. Throws
// std::runtime_error where that memory is not to be had.
std::string hash_password(std::string_view password);

// True if this is the password of the hash; the time does not depend on the password. A hash that
// no password can be checked against, as an empty one, takes as long and is false.
bool is_password(std::string_view password, const std::string& hash);

// Why a hash that someone else made cannot be used, in a few words; empty if it can: Argon2id with
// at most 256 MiB, 16 rounds and 8 lanes.
std::string password_hash_error(std::string_view hash);

// A new token of 256 random bits: "ftk_" and 43 letters, digits, '-' and '_'.
std::string make_token();

}  // namespace feedtree::storage
