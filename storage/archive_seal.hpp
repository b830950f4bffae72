// Sealed blocks: AES-256-GCM under a key of the file's own, so that no block can be read, altered,
// left out or put elsewhere without the master key.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace feedtree::storage {

// The master key: 32 bytes.
using archive_key = std::array<unsigned char, 32>;
// From 64 hexadecimal digits, or from base64. Throws archive_error with what is wrong and never
// with the text.
archive_key parse_archive_key(std::string_view text);

inline constexpr std::string_view seal_magic = "feedtree-sealed1";
inline constexpr std::size_t seal_salt_bytes = 32;
inline constexpr std::size_t seal_check_bytes = 16;
inline constexpr std::size_t seal_header_bytes = 16 + seal_salt_bytes + seal_check_bytes;
inline constexpr std::string_view seal_block_magic = "FTsB";
// Magic, type, index and size in front of a block's text; a tag of 16 bytes behind it.
inline constexpr std::size_t seal_block_header_bytes = 4 + 1 + 8 + 4;
inline constexpr std::size_t seal_tag_bytes = 16;

enum class seal_type : char { data = 'd', end = 'e' };

struct sealed_block {
  seal_type type = seal_type::data;
  std::uint64_t index = 0;
  std::string text;
  std::size_t bytes = 0;  // of the block in the file
};

// Seals and opens the blocks of one file. Keys come from the master key and the file's random salt
// by HKDF-SHA256 (RFC 5869); the nonce is the block's index, which no file uses twice; the file's
// header and the block's own are authenticated with it.
class archive_seal {
 public:
  // For a new file.
  explicit archive_seal(const archive_key& master);
  // For a file that begins with this header. Throws archive_error if the header is none, or was
  // made with another key.
  archive_seal(const archive_key& master, std::string_view header);

  const std::string& header() const { return header_; }
  std::string seal(seal_type type, std::uint64_t index, std::string_view text) const;
  // The block at the beginning of these bytes; nothing if it is cut, or altered in any way.
  std::optional<sealed_block> open(std::string_view bytes) const;

 private:
  std::string header_;
  archive_key key_{};
};

}  // namespace feedtree::storage
