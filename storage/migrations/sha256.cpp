#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "storage/migrations/migration.hpp"

namespace feedtree::storage {

std::string sha256(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned bytes = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &bytes, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL gives no SHA-256");
  }
  std::string result;
  for (unsigned at = 0; at < bytes; ++at) {
    result.append(1, hex[digest[at] >> 4]).append(1, hex[digest[at] & 15]);
  }
  return result;
}

}  // namespace feedtree::storage
