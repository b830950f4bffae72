#include "storage/archive_seal.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <cstring>
#include <memory>

#include "storage/archive_lines.hpp"

namespace feedtree::storage {
namespace {

using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t text_bytes_max = std::size_t{1} << 30;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void require(bool good, const char* what) {
  if (!good) throw archive_error(std::string("OpenSSL cannot ") + what);
}

// RFC 5869, extract and expand.
void derive(const archive_key& master, std::string_view salt, std::string_view purpose,
            unsigned char* out, std::size_t bytes) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), &EVP_PKEY_CTX_free);
  require(context != nullptr && EVP_PKEY_derive_init(context.get()) > 0 &&
              EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) > 0 &&
              EVP_PKEY_CTX_set1_hkdf_salt(context.get(), bytes_of(salt),
                                          static_cast<int>(salt.size())) > 0 &&
              EVP_PKEY_CTX_set1_hkdf_key(context.get(), master.data(),
                                         static_cast<int>(master.size())) > 0 &&
              EVP_PKEY_CTX_add1_hkdf_info(context.get(), bytes_of(purpose),
                                          static_cast<int>(purpose.size())) > 0 &&
              EVP_PKEY_derive(context.get(), out, &bytes) > 0,
          "derive a key");
}

std::string check_of(const archive_key& master, std::string_view salt) {
  std::string result(seal_check_bytes, '\0');
  derive(master, salt, "feedtree archive key check",
         reinterpret_cast<unsigned char*>(result.data()), result.size());
  return result;
}

archive_key key_of(const archive_key& master, std::string_view salt) {
  archive_key result{};
  derive(master, salt, "feedtree archive file key", result.data(), result.size());
  return result;
}

template <class Number>
void append_number(Number value, std::string& out) {
  for (std::size_t at = 0; at < sizeof value; ++at) {
    out += static_cast<char>((value >> (8 * at)) & 0xff);
  }
}

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number value = 0;
  for (std::size_t byte = 0; byte < sizeof value; ++byte) {
    value |= static_cast<Number>(static_cast<unsigned char>(bytes[at + byte])) << (8 * byte);
  }
  return value;
}

std::array<unsigned char, nonce_bytes> nonce_of(std::uint64_t index) {
  std::array<unsigned char, nonce_bytes> nonce{};
  for (std::size_t at = 0; at < sizeof index; ++at) {
    nonce[4 + at] = static_cast<unsigned char>(index >> (8 * at));
  }
  return nonce;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool read_hex(std::string_view text, archive_key& out) {
  if (text.size() != 2 * out.size()) return false;
  for (std::size_t at = 0; at < out.size(); ++at) {
    const auto high = digit_of(text[2 * at]);
    const auto low = digit_of(text[2 * at + 1]);
    if (high < 0 || low < 0) return false;
    out[at] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

}  // namespace

archive_key parse_archive_key(std::string_view text) {
  archive_key key{};
  if (read_hex(text, key)) return key;
  std::string bytes;
  try {
    bytes = from_base64(text);
  } catch (const archive_error&) {
    bytes.clear();
  }
  if (bytes.size() != key.size()) {
    throw archive_error(
        "a key of an archive is 32 bytes as 64 hexadecimal digits or as base64: "
        "openssl rand -hex 32 makes one");
  }
  std::memcpy(key.data(), bytes.data(), key.size());
  return key;
}

archive_seal::archive_seal(const archive_key& master) : header_(seal_magic) {
  std::string salt(seal_salt_bytes, '\0');
  require(
      RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) == 1,
      "give random bytes");
  header_ += salt + check_of(master, salt);
  key_ = key_of(master, salt);
}

archive_seal::archive_seal(const archive_key& master, std::string_view header) {
  if (header.size() < seal_header_bytes || !header.starts_with(seal_magic)) {
    throw archive_error("its header is cut");
  }
  header_ = header.substr(0, seal_header_bytes);
  const auto salt = header.substr(seal_magic.size(), seal_salt_bytes);
  const auto expected = check_of(master, salt);
  if (CRYPTO_memcmp(expected.data(), header_.data() + seal_magic.size() + seal_salt_bytes,
                    seal_check_bytes) != 0) {
    throw archive_error("was sealed with another key (or its header was altered)");
  }
  key_ = key_of(master, salt);
}

std::string archive_seal::seal(seal_type type, std::uint64_t index, std::string_view text) const {
  std::string block(seal_block_magic);
  block += static_cast<char>(type);
  append_number(index, block);
  append_number(static_cast<std::uint32_t>(text.size()), block);
  const cipher_context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const auto nonce = nonce_of(index);
  int size = 0;
  require(context != nullptr &&
              EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(),
                                 nonce.data()) == 1 &&
              EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(header_),
                                static_cast<int>(header_.size())) == 1 &&
              EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(block),
                                static_cast<int>(block.size())) == 1,
          "begin to seal");
  const auto head = block.size();
  block.resize(head + text.size() + seal_tag_bytes);
  auto* const out = reinterpret_cast<unsigned char*>(block.data()) + head;
  require(EVP_EncryptUpdate(context.get(), out, &size, bytes_of(text),
                            static_cast<int>(text.size())) == 1 &&
              EVP_EncryptFinal_ex(context.get(), out + text.size(), &size) == 1 &&
              EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, seal_tag_bytes,
                                  out + text.size()) == 1,
          "seal");
  return block;
}

std::optional<sealed_block> archive_seal::open(std::string_view bytes) const {
  if (bytes.size() < seal_block_header_bytes + seal_tag_bytes) return {};
  if (!bytes.starts_with(seal_block_magic)) return {};
  sealed_block result;
  result.type = static_cast<seal_type>(bytes[4]);
  result.index = number_at<std::uint64_t>(bytes, 5);
  const std::size_t size = number_at<std::uint32_t>(bytes, 13);
  if (size > text_bytes_max) return {};
  result.bytes = seal_block_header_bytes + size + seal_tag_bytes;
  if (bytes.size() < result.bytes) return {};
  const auto text = bytes.substr(seal_block_header_bytes, size);
  std::string tag(bytes.substr(seal_block_header_bytes + size, seal_tag_bytes));
  const cipher_context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const auto nonce = nonce_of(result.index);
  result.text.resize(size);
  int done = 0;
  auto* const out = reinterpret_cast<unsigned char*>(result.text.data());
  const bool good =
      context != nullptr &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce.data()) ==
          1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &done, bytes_of(header_),
                        static_cast<int>(header_.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &done, bytes_of(bytes),
                        static_cast<int>(seal_block_header_bytes)) == 1 &&
      EVP_DecryptUpdate(context.get(), out, &done, bytes_of(text), static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, seal_tag_bytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), out + size, &done) == 1;
  if (!good) return {};
  return result;
}

}  // namespace feedtree::storage
