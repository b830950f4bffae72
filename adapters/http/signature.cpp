#include "adapters/http/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <limits>
#include <stdexcept>

namespace feedtree::http {

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int bytes = 0;
  if (key.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           &bytes) == nullptr) {
    throw std::runtime_error("OpenSSL cannot compute an HMAC");
  }
  std::string result;
  result.reserve(std::size_t{bytes} * 2);
  for (unsigned int at = 0; at < bytes; ++at) {
    result += digits[digest[at] >> 4];
    result += digits[digest[at] & 15];
  }
  return result;
}

}  // namespace feedtree::http
