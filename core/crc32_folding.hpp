// CRC-32 by carry-less multiplication, on processors that have it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace feedtree::detail {

// Below this many bytes zlib is as fast.
inline constexpr std::size_t folded_min = 32;

// True if this processor can.
bool can_fold_crc32();

// Continues a CRC-32 (IEEE 802.3, as zlib's) over a text of at least 16 bytes, in whole blocks of
// 16; gives the number of bytes that were taken. Only where can_fold_crc32 is true.
std::size_t fold_crc32(std::string_view text, std::uint32_t& crc);

}  // namespace feedtree::detail
