// Reads frames that look exactly as the venue nearly always writes them: the members that it sends,
// in its order, without white space and escapes. That is a comparison of the frame with what is
// expected and the conversion of its numbers, without a tokenizer: two to five times as fast (see
// tests/bench/venue_bench, "decode" beside "decode_spaced"). Whatever looks otherwise, wrong frames
// above all, is left to the reader that takes any JSON: a plain reader says "all of it" or "no".
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/venues/json.hpp"
#include "adapters/venues/venue.hpp"
#include "core/decimal.hpp"
#include "core/event.hpp"

namespace feedtree::venues {
namespace plain {

static_assert(std::endian::native == std::endian::little, "texts are compared in registers");

inline std::uint64_t load_word(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

inline constexpr std::uint64_t ones = 0x0101'0101'0101'0101ULL;
inline constexpr std::uint64_t tops = 0x8080'8080'8080'8080ULL;

// How many of the eight characters are digits, counted from the first. A character is turned into
// 0 to 9 if it is one; adding 0x76 sets the top bit of all others. What it carries goes to later
// characters, and the first one that is no digit counts.
inline unsigned digits_in_front(std::uint64_t lanes) {
  const auto others = ((lanes + ones * 0x76) | lanes) & tops;
  return static_cast<unsigned>(std::countr_zero(others)) / 8;  // 8 if all are
}

// The value of eight lanes of 0 to 9, the first digit in the lowest byte: pairs, then fours, then
// all, in three multiplications.
inline std::uint64_t value_of_lanes(std::uint64_t lanes) {
  lanes = (lanes * 10 + (lanes >> 8)) & 0x00ff'00ff'00ff'00ffULL;
  lanes = (lanes * 100 + (lanes >> 16)) & 0x0000'ffff'0000'ffffULL;
  return (lanes * 10'000 + (lanes >> 32)) & 0xffff'ffffULL;
}

inline constexpr std::array<std::uint64_t, 9> powers_of_ten{
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

// Reads digits behind `value`, of each eight at most `most`; gives their number. Beyond 19 digits
// the value wraps.
inline unsigned read_digits(const char*& at, std::uint64_t& value, unsigned most = 8) {
  unsigned total = 0;
  for (;;) {
    const auto lanes = load_word(at) ^ (ones * '0');
    const auto count = std::min(digits_in_front(lanes), most);
    // In two steps, because a word cannot be shifted by all of its bits.
    const auto half = 4 * (8 - count);
    value = value * powers_of_ten[count] + value_of_lanes(lanes << half << half);
    at += count;
    total += count;
    if (count < 8) return total;
  }
}

template <std::size_t... Words>
bool equal_words(const char* at, const char* text, std::index_sequence<Words...>) {
  return ((load_word(at + 8 * Words) ^ load_word(text + 8 * Words)) | ...) == 0;
}

// The same as memcmp; the compiler makes it a few comparisons with constants.
template <std::size_t Size>
bool equals(const char* at, const char* text) {
  if constexpr (Size < 8) {
    return std::memcmp(at, text, Size) == 0;
  } else {
    return equal_words(at, text, std::make_index_sequence<Size / 8>{}) &&
           load_word(at + Size - 8) == load_word(text + Size - 8);
  }
}

}  // namespace plain

// Each function gives false if what comes is not that; the reader is then of no use any more. A
// literal may be as long as the padding, which makes it safe to look behind the frame's end.
class plain_reader {
 public:
  explicit plain_reader(const raw_frame& frame)
      : at_(frame.text.data()), end_(at_ + frame.text.size()) {
    if (frame.text.capacity() - frame.text.size() < frame_padding) at_ = end_ = nothing.data();
  }

  template <std::size_t N>
  bool take(const char (&text)[N]) {
    static_assert(N - 1 <= frame_padding);
    if (!plain::equals<N - 1>(at_, text)) return false;
    at_ += N - 1;
    return true;
  }
  bool take(char c) {
    if (*at_ != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view text) {
    const auto left = static_cast<std::size_t>(end_ - at_);
    if (text.size() > left || std::memcmp(at_, text.data(), text.size()) != 0) return false;
    at_ += text.size();
    return true;
  }
  // True if this comes next; it is not passed.
  bool sees(char c) const { return *at_ == c; }
  const char* position() const { return at_; }
  bool at_end() const { return at_ == end_; }

  // The text up to the next quote, which is passed; false if it is not of plain ASCII: an escape,
  // a control character and UTF-8 need a look that only the tokenizer takes.
  bool text(std::string_view& out) {
    const char* const first = at_;
    while (*at_ >= ' ' && *at_ < '\x7f' && *at_ != '"' && *at_ != '\\') ++at_;
    out = {first, static_cast<std::size_t>(at_ - first)};
    return take('"');
  }

  // An object with nothing nested in it, brackets included.
  bool flat_object(std::string_view& out) {
    const char* const first = at_;
    while (at_ < end_ && *at_ != '}') ++at_;
    if (at_ == end_) return false;
    ++at_;
    out = {first, static_cast<std::size_t>(at_ - first)};
    return true;
  }

  // digits, at most 18.
  bool whole(std::uint64_t& out) {
    out = 0;
    const auto digits = plain::read_digits(at_, out);
    return digits != 0 && digits <= digits_max;
  }
  bool whole(std::int64_t& out) {
    std::uint64_t value = 0;
    const bool read = whole(value);
    out = static_cast<std::int64_t>(value);
    return read;
  }
  // digits[.digits], at most 18 of them, with the digits as sent.
  bool number(decimal& out) {
    std::uint64_t value = 0;
    const auto digits = plain::read_digits(at_, value);
    const bool has_point = *at_ == '.';
    at_ += has_point ? 1 : 0;
    // Without a jump: whether a number has a point cannot be predicted where both are common.
    const auto behind = plain::read_digits(at_, value, has_point ? 8 : 0);
    out = {static_cast<std::int64_t>(value), static_cast<std::int8_t>(-static_cast<int>(behind))};
    return digits != 0 && digits + behind <= digits_max && (behind != 0 || !has_point);
  }
  // Milliseconds since 1970, above zero and not beyond what fits in nanoseconds.
  bool time_ms(std::int64_t& out) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1'000'000;
    return whole(out) && out > 0 && out <= most;
  }
  // "2026-08-09T21:05:48.210883Z" with its last quote, as nanoseconds since 1970.
  bool rfc3339(std::int64_t& out);
  bool quoted(decimal& out) { return take('"') && number(out) && take('"'); }

  // [["price","quantity"],..], appended.
  bool levels(std::vector<level>& out, std::uint32_t& count) {
    return list(out, count, [this](decimal& price, decimal& quantity) {
      return take("[\"") && number(price) && take("\",\"") && number(quantity) && take("\"]");
    });
  }
  // [<level>,..], appended; read(price, quantity) reads one of them.
  template <class Read>
  bool list(std::vector<level>& out, std::uint32_t& count, Read&& read) {
    const auto before = out.size();
    if (!take('[')) return false;
    if (!sees(']')) {
      do {
        decimal price;
        decimal quantity;
        if (!read(price, quantity)) return false;
        out.emplace_back(price, quantity);
      } while (take(','));
    }
    count = static_cast<std::uint32_t>(out.size() - before);
    return take(']');
  }

 private:
  static constexpr unsigned digits_max = 18;
  static constexpr std::array<char, 2 * frame_padding> nothing{};

  const char* at_;
  const char* end_;
};

// Runs a plain reader over a frame: true if it read all of it. If not, what it has appended to the
// batch is taken back, and the frame must be read otherwise.
template <class Read>
bool read_plain(const raw_frame& frame, event_batch& out, session_counters& counters, Read&& read) {
  const auto events = out.events.size();
  const auto levels = out.levels.size();
  plain_reader in(frame);
  if (read(in)) {
    ++counters.plain_frames;
    return true;
  }
  out.events.resize(events);
  out.levels.resize(levels);
  return false;
}

}  // namespace feedtree::venues
