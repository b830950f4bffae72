#include "core/crc32_folding.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

#include "core/checksum.hpp"

namespace feedtree {
namespace {

std::uint32_t plain(std::string_view text, std::uint32_t seed) {
  return static_cast<std::uint32_t>(
      ::crc32_z(seed, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

std::string random_text(std::size_t size) {
  std::mt19937 random(3);
  std::string text(size, '\0');
  for (auto& c : text) c = static_cast<char>(random());
  return text;
}

TEST(crc32_folding, equals_zlib_at_every_length_and_seed) {
  if (!detail::can_fold_crc32()) GTEST_SKIP() << "this processor cannot multiply without carry";
  const auto text = random_text(1'100);
  for (std::size_t size = 16; size < 1'000; ++size) {
    for (const std::uint32_t seed : {0U, 1U, 0xdead'beefU, 0xffff'ffffU}) {
      const auto part = std::string_view(text).substr(size % 17, size);
      auto crc = seed;
      const auto taken = detail::fold_crc32(part, crc);
      EXPECT_EQ(taken, size / 16 * 16);
      EXPECT_EQ(crc, plain(part.substr(0, taken), seed)) << size;
    }
  }
}

TEST(crc32, equals_zlib_at_every_length) {
  const auto text = random_text(600);
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto part = std::string_view(text).substr(0, size);
    EXPECT_EQ(crc32(part), plain(part, 0)) << size;
    EXPECT_EQ(crc32(part, 77), plain(part, 77)) << size;
  }
}

}  // namespace
}  // namespace feedtree
