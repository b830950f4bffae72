// The method: V. Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
// Instruction", Intel, 2009.
#include "core/crc32_folding.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace feedtree::detail {

#if defined(__x86_64__)
namespace {

// The polynomial with its bits reversed, as the CRC's bits are.
constexpr std::uint32_t polynomial = 0xedb8'8320;

// x^exponent modulo the polynomial, bits reversed, shifted by the one bit that a product of two
// reversed words lacks.
constexpr std::uint64_t power_of_x(int exponent) {
  std::uint32_t remainder = 0x8000'0000;
  for (; exponent > 0; --exponent) {
    remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? polynomial : 0);
  }
  return std::uint64_t{remainder} << 1;
}

using word = __m128i;

__attribute__((target("pclmul,sse4.1"))) word load(const char* from) {
  word result;
  __builtin_memcpy(&result, from, sizeof(result));
  return result;
}

__attribute__((target("pclmul,sse4.1"))) std::uint32_t reduce(word value, word fold) {
  const word low_32 = _mm_set_epi32(0, -1, 0, -1);
  // 128 bits to 96, to 64, and by Barrett's method to 32.
  value = _mm_xor_si128(_mm_srli_si128(value, 8), _mm_clmulepi64_si128(value, fold, 0x10));
  const word fold_64 = _mm_set_epi64x(0, static_cast<long long>(power_of_x(64)));
  value = _mm_xor_si128(_mm_srli_si128(value, 4),
                        _mm_clmulepi64_si128(_mm_and_si128(value, low_32), fold_64, 0));
  // floor(x^64 / polynomial) and the polynomial, of 33 bits each, bits reversed.
  const word barrett = _mm_set_epi64x(0x1'f701'1641, 0x1'db71'0641);
  word quotient = _mm_clmulepi64_si128(_mm_and_si128(value, low_32), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_32), barrett, 0);
  return static_cast<std::uint32_t>(_mm_extract_epi32(_mm_xor_si128(value, quotient), 1));
}

}  // namespace

bool can_fold_crc32() {
  static const bool can =
      __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0;
  return can;
}

__attribute__((target("pclmul,sse4.1"))) std::size_t fold_crc32(std::string_view text,
                                                                std::uint32_t& crc) {
  const word fold = _mm_set_epi64x(static_cast<long long>(power_of_x(128 - 32)),
                                   static_cast<long long>(power_of_x(128 + 32)));
  std::size_t at = 16;
  word value = _mm_xor_si128(load(text.data()), _mm_cvtsi32_si128(static_cast<int>(~crc)));
  for (; at + 16 <= text.size(); at += 16) {
    const word low = _mm_clmulepi64_si128(value, fold, 0x00);
    const word high = _mm_clmulepi64_si128(value, fold, 0x11);
    value = _mm_xor_si128(_mm_xor_si128(low, high), load(text.data() + at));
  }
  crc = ~reduce(value, fold);
  return at;
}

#else

bool can_fold_crc32() {
  return false;
}
std::size_t fold_crc32(std::string_view, std::uint32_t&) {
  return 0;
}

#endif

}  // namespace feedtree::detail
