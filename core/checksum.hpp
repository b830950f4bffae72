// CRC32 over text, as the venues use it, and over values, for event keys.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/decimal.hpp"
#include "core/event.hpp"

namespace feedtree {

// CRC-32 (IEEE 802.3, as in zlib) of a text; seed continues an earlier one.
std::uint32_t crc32(std::string_view text, std::uint32_t seed = 0);

// A short fingerprint of values, for the keys of events that the venue gives no id: the same values
// give the same key on every run, however their digits were written.
class fingerprint {
 public:
  fingerprint& add(std::int64_t value);
  fingerprint& add(const decimal& value);
  fingerprint& add(const optional_decimal& value);
  fingerprint& add(std::string_view text);
  fingerprint& add(std::span<const level> levels);
  std::uint32_t value() const;

 private:
  std::uint64_t state_ = 0x9e3779b97f4a7c15ULL;
};

// "<ns>-<fingerprint>": exchange time plus checksum.
event_key time_key(std::int64_t exchange_ns, const fingerprint& content);

}  // namespace feedtree
