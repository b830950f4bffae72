// The fields of Binance's market streams. All three of its markets (spot, USD-M, COIN-M)
// name their fields by single letters and differ in a few of them, so one pass over the fields
// serves every message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "adapters/venues/json.hpp"
#include "core/event.hpp"

namespace feedtree::venues::binance {

// Stands for "pu", the only name of two letters that counts: the number of the update before. No
// JSON name has this character.
inline constexpr char previous_id = '\x1f';

// The scalars of one JSON object by their one-letter names, as they stand in the frame. They live
// as long as the frame.
class letters {
 public:
  // Remembers a token; names that are no letters are not kept.
  void set(char name, std::string_view token) {
    if (!is_letter(name)) return;
    present_ |= bit(name);
    tokens_[index(name)] = token;
  }
  bool has(char name) const { return (present_ & bit(name)) != 0; }
  bool empty() const { return present_ == 0; }

  // The token without quotes; throws decode_error if it is missing.
  std::string_view text(char name) const;
  // The same, or empty.
  std::string_view text_or_empty(char name) const;
  // Throw decode_error with the name if it is missing or not of the type.
  decimal number(char name) const;
  std::int64_t integer(char name) const;
  std::uint64_t id(char name) const;
  bool flag(char name) const;
  std::int64_t time_ns(char name) const;  // from milliseconds
  // Absent if it is missing, null or "", or does not fit: that is noted among the losses.
  optional_decimal optional_number(char name, frame_losses& losses) const;
  // Zero is no price.
  optional_decimal optional_price(char name, frame_losses& losses) const;
  std::optional<std::int64_t> optional_integer(char name, frame_losses& losses) const;
  std::int64_t optional_time_ns(char name, frame_losses& losses) const;  // 0: absent
  // Of a quote: it must be there, but may be null or "". Throws if it is anything but a number.
  optional_decimal side(char name) const;
  // No text, or null.
  bool is_none(char name) const;

 private:
  static constexpr bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == previous_id;
  }
  static constexpr std::size_t index(char c) { return static_cast<unsigned char>(c) & 63U; }
  static constexpr std::uint64_t bit(char c) { return std::uint64_t{1} << index(c); }

  std::uint64_t present_ = 0;
  std::array<std::string_view, 64> tokens_;  // not set: only what is present is read
};

// One message, of a combined stream ({"stream":..,"data":{..}}) or a raw one ({..}).
struct message {
  letters top;
  letters inner;                  // of the object "k" or "o", if there is one
  std::uint32_t first_level = 0;  // of "b" and "a" where they are arrays: in out.levels
  std::uint32_t bids = 0;
  std::uint32_t asks = 0;
  bool has_bids = false;
  bool has_asks = false;
};

// Reads the levels of one side ('b' or 'a') to the end of out.levels; bids come to stand before
// asks also where the frame has them the other way round.
void read_levels(char side, json::array from, message& into, event_batch& out);

// Reads a frame's fields into a message and its levels into out.levels, bids first. Throws
// decode_error or simdjson_error. A message without letters at its top is none of a stream.
void read_message(json::parser& parser, const raw_frame& frame, message& into, event_batch& out);

}  // namespace feedtree::venues::binance
