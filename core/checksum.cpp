#include "core/checksum.hpp"

#include <zlib.h>

#include "core/crc32_folding.hpp"

namespace feedtree {

std::uint32_t crc32(std::string_view text, std::uint32_t seed) {
  if (text.size() >= detail::folded_min && detail::can_fold_crc32()) {
    text.remove_prefix(detail::fold_crc32(text, seed));
  }
  return static_cast<std::uint32_t>(
      ::crc32_z(seed, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

fingerprint& fingerprint::add(std::int64_t value) {
  // The finaliser of SplitMix64 over state and value: every bit of both counts.
  std::uint64_t word = state_ ^ static_cast<std::uint64_t>(value);
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
  state_ = (word ^ (word >> 31)) + 0x9e3779b97f4a7c15ULL;
  return *this;
}

fingerprint& fingerprint::add(const decimal& value) {
  const auto plain = value.normalised();
  return add(plain.mantissa).add(std::int64_t{plain.exponent});
}

fingerprint& fingerprint::add(const optional_decimal& value) {
  return value.has_value() ? add(*value) : add(std::int64_t{-1});
}

fingerprint& fingerprint::add(std::string_view text) {
  return add(std::int64_t{crc32(text)}).add(static_cast<std::int64_t>(text.size()));
}

fingerprint& fingerprint::add(std::span<const level> levels) {
  for (const auto& entry : levels) add(entry.price()).add(entry.quantity());
  return *this;
}

std::uint32_t fingerprint::value() const {
  return static_cast<std::uint32_t>(state_ ^ (state_ >> 32));
}

event_key time_key(std::int64_t exchange_ns, const fingerprint& content) {
  event_key key;
  return key.append(exchange_ns).append('-').append(content.value());
}

}  // namespace feedtree
