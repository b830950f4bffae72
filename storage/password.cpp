#include "storage/password.hpp"

#include <sodium.h>

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace feedtree::storage {
namespace {

constexpr std::uint64_t memory_kib_max = 262'144;
constexpr std::uint64_t rounds_max = 16;
constexpr std::uint64_t lanes_max = 8;
constexpr std::string_view head = "$argon2id$v=19$";

void begin() {
  static const bool good = sodium_init() >= 0;
  if (!good) throw std::runtime_error("libsodium has no source of random numbers");
}

// The number of "m=65536" at the begin of the text, which is taken off with the sign behind it.
std::optional<std::uint64_t> take_number(std::string_view& text, char name, char end) {
  if (text.size() < 3 || text[0] != name || text[1] != '=') return {};
  std::uint64_t value = 0;
  const auto* const last = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + 2, last, value);
  if (error != std::errc{} || at == last || *at != end) return {};
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  return value;
}

bool is_base64(std::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                              "uvwxyz0123456789+/") == text.npos;
}

// For accounts without a password: the same work.
const std::string& nobodys_hash() {
  static const std::string hash = hash_password(make_token());
  return hash;
}

bool verify(std::string_view password, const std::string& hash) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace

std::string hash_password(std::string_view password) {
  begin();
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(),
                            crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw std::runtime_error("64 MiB of memory for hashing a password are not to be had");
  }
  return text.data();
}

bool is_password(std::string_view password, const std::string& hash) {
  begin();
  if (password.size() > password_bytes_max) return false;
  if (password_hash_error(hash).empty()) return verify(password, hash);
  static_cast<void>(verify(password, nobodys_hash()));
  return false;
}

std::string password_hash_error(std::string_view hash) {
  if (!hash.starts_with(head)) return "is no Argon2id hash ($argon2id$v=19$...)";
  if (hash.size() >= crypto_pwhash_STRBYTES) return "is longer than an Argon2id hash of 32 bytes";
  hash.remove_prefix(head.size());
  const auto memory_kib = take_number(hash, 'm', ',');
  const auto rounds = memory_kib ? take_number(hash, 't', ',') : std::nullopt;
  const auto lanes = rounds ? take_number(hash, 'p', '$') : std::nullopt;
  if (!lanes) return "has no m=,t=,p= behind $argon2id$v=19$";
  if (*memory_kib > memory_kib_max || *rounds > rounds_max || *lanes > lanes_max || *lanes == 0 ||
      *rounds == 0 || *memory_kib < 8 * *lanes) {
    return "asks for more than 256 MiB, 16 rounds or 8 lanes, or for none";
  }
  const auto dollar = hash.find('$');
  if (dollar == hash.npos || !is_base64(hash.substr(0, dollar)) ||
      !is_base64(hash.substr(dollar + 1))) {
    return "has no salt and hash in Base64 at its end";
  }
  return {};
}

std::string make_token() {
  begin();
  std::array<unsigned char, 32> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  constexpr auto variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::array<char, sodium_base64_ENCODED_LEN(32, variant)> text{};
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
  return std::string("ftk_") + text.data();
}

}  // namespace feedtree::storage
