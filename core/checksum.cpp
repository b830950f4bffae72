#include "core/checksum.hpp"

#include <zlib.h>

#include <bit>

#include "core/crc32_folding.hpp"

namespace feedtree {

std::uint32_t crc32(std::string_view text, std::uint32_t seed) {
  if (text.size() >= detail::folded_min && detail::can_fold_crc32()) {
    text.remove_prefix(detail::fold_crc32(text, seed));
  }
  return static_cast<std::uint32_t>(
      ::crc32_z(seed, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

namespace {

// Most numbers end in a digit that counts; only the others need the division in a loop.
decimal plain_form(const decimal& value) {
  const bool is_plain = value.exponent <= 0 && value.mantissa % 10 != 0;
  return is_plain ? value : value.normalised();
}

// Two decimals in one word, by value: a book message has thousands of them, and one step of the
// state for each level is enough. The factors are odd, so each alone maps one to one.
std::uint64_t word_of(const decimal& price, const decimal& quantity) {
  const auto a = plain_form(price);
  const auto b = plain_form(quantity);
  const auto exponents = static_cast<std::uint64_t>(a.exponent * 256 + b.exponent);
  return static_cast<std::uint64_t>(a.mantissa) * 0xd6e8feb86659fd93ULL +
         std::rotl(static_cast<std::uint64_t>(b.mantissa) * 0xa0761d6478bd642fULL, 32) +
         exponents * 0xe7037ed1a0b428dbULL;
}

}  // namespace

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
  for (const auto& entry : levels) {
    add(static_cast<std::int64_t>(word_of(entry.price(), entry.quantity())));
  }
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
