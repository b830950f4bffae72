// Digits of whole numbers as text, built in registers: without a loop over digits and without a
// branch on how many there are.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace feedtree {
namespace digits {

static_assert(std::endian::native == std::endian::little, "texts are built in registers");

// Eight digits of a value below 10^8 as text, the first digit in the lowest byte. The value is
// split in halves, quarters and digits, each step for all parts at once, by multiplying with
// reciprocals (1/10000, 1/100, 1/10) that are exact in these ranges.
constexpr std::uint64_t eight(std::uint32_t value) {
  const std::uint64_t high = value / 10'000;
  std::uint64_t fours = high | (std::uint64_t{value - high * 10'000} << 32);
  const std::uint64_t hundreds = ((fours * 10'486) >> 20) & 0x0000007f'0000007fULL;
  const std::uint64_t twos = hundreds | ((fours - hundreds * 100) << 16);
  const std::uint64_t tens = ((twos * 103) >> 10) & 0x000f'000f'000f'000fULL;
  return (tens | ((twos - tens * 10) << 8)) + 0x3030303030303030ULL;
}

__extension__ using wide = unsigned __int128;

// Sixteen digits of a value below 10^16, the first digit in the lowest byte.
constexpr wide sixteen(std::uint64_t value) {
  const auto high = static_cast<std::uint32_t>(value / 100'000'000);
  const auto low = static_cast<std::uint32_t>(value % 100'000'000);
  return wide{eight(high)} | (wide{eight(low)} << 64);
}

inline constexpr std::uint64_t sixteen_max = 9'999'999'999'999'999ULL;

// How many of the sixteen are zeros in front; 15 for zero itself.
constexpr int leading_zeros(wide text) {
  constexpr std::uint64_t zeros = 0x3030303030303030ULL;
  const auto first = static_cast<std::uint64_t>(text) ^ zeros;
  if (first != 0) return std::countr_zero(first) / 8;
  const auto second = (static_cast<std::uint64_t>(text >> 64) ^ zeros) | (std::uint64_t{1} << 63);
  return 8 + std::countr_zero(second) / 8;
}

// Writes a number without leading zeros and gives the end; up to sixteen bytes behind it are
// written too.
inline char* write(std::uint64_t value, char* out) {
  if (value > sixteen_max) {
    const auto high = value / (sixteen_max + 1);
    out = write(high, out);
    const auto low = sixteen(value - high * (sixteen_max + 1));
    std::memcpy(out, &low, 16);
    return out + 16;
  }
  auto text = sixteen(value);
  const int zeros = leading_zeros(text);
  text >>= 8 * zeros;
  std::memcpy(out, &text, 16);
  return out + (16 - zeros);
}

}  // namespace digits
}  // namespace feedtree
