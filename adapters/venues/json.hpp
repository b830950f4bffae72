// Reading venue frames with simdjson's on-demand parser. Prices and quantities go from the frame's
// text to exact decimals; nothing here knows floating point.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/venue.hpp"
#include "core/decimal.hpp"
#include "core/event.hpp"

namespace feedtree::venues {

// A frame that cannot be read; what() is the reason.
class decode_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace json {

using simdjson::ondemand::array;
using simdjson::ondemand::document;
using simdjson::ondemand::object;
using simdjson::ondemand::parser;
using simdjson::ondemand::value;

// True if a member's key is this text; the text holds nothing that JSON would escape. Cheap: the
// frame's padding makes it safe to compare without asking how long the key is.
template <std::size_t Size>
bool key_is(simdjson::ondemand::raw_json_string key, const char (&text)[Size]) {
  static_assert(Size <= frame_padding);
  return std::memcmp(key.raw(), text, Size - 1) == 0 && key.raw()[Size - 1] == '"';
}

// The token of a scalar as it stands in the frame: without quotes, without white space.
std::string_view token(value& from);
// A number, or a string that holds one. Throws decode_error with the field's name.
decimal to_decimal(value& from, std::string_view field);
decimal to_decimal(std::string_view text, std::string_view field);
// Absent for null, "" and missing.
optional_decimal to_optional_decimal(value& from, std::string_view field);
// An integer, bare or in a string.
std::int64_t to_int(value& from, std::string_view field);
std::uint64_t to_unsigned(value& from, std::string_view field);
// A string, unescaped; it lives as long as the parser reads this frame.
std::string_view to_text(value& from, std::string_view field);
// A string or a bare number: the id of something.
std::string_view to_id(value& from, std::string_view field);

// Fields that may be absent: null and "" mean that they are. One that is there but does not fit is
// absent too, and noted among the losses.
optional_decimal to_optional_decimal(value& from, std::string_view field, frame_losses& losses);
// Zero is no price.
optional_decimal to_optional_price(value& from, std::string_view field, frame_losses& losses);
std::optional<std::int64_t> to_optional_int(value& from, std::string_view field,
                                            frame_losses& losses);
std::optional<std::uint64_t> to_optional_unsigned(value& from, std::string_view field,
                                                  frame_losses& losses);
// From milliseconds since 1970; 0 where it is absent.
std::int64_t to_optional_time_ns(value& from, std::string_view field, frame_losses& losses);
// From RFC 3339; likewise.
std::int64_t to_optional_rfc3339(value& from, std::string_view field, frame_losses& losses);
// Empty where it is absent.
std::string_view to_optional_text(value& from, std::string_view field, frame_losses& losses);
// The same from a token, for readers that keep those.
optional_decimal optional_decimal_of(std::string_view token, std::string_view field,
                                     frame_losses& losses);
std::optional<std::int64_t> optional_int_of(std::string_view token, std::string_view field,
                                            frame_losses& losses);
std::int64_t optional_time_ns_of(std::string_view token, std::string_view field,
                                 frame_losses& losses);

// True for what concerns one value; others leave the parser in no state to go on.
bool is_local(simdjson::error_code error);
// The text of the frame from here, as much of it as an excerpt has.
std::string excerpt_at(const char* begin);

// Reads one entry of a list by read(). If it cannot be read, what it appended to out is taken back
// and the loss is noted: the list goes on. Throws where the JSON itself is wrong.
template <class Read>
void read_entry(value& entry, event_batch& out, frame_losses& losses, Read&& read) {
  const auto events = out.events.size();
  const auto levels = out.levels.size();
  const auto lost = losses.entries.size();
  const char* const begin = std::string_view(entry.raw_json_token()).data();
  std::string reason;
  try {
    read();
    if (losses.entries.size() == lost) ++losses.read;
    return;
  } catch (const decode_error& error) {
    reason = error.what();
  } catch (const simdjson::simdjson_error& error) {
    if (!is_local(error.error())) throw;
    reason = simdjson::error_message(error.error());
  }
  out.events.resize(events);
  out.levels.resize(levels);
  losses.entries.push_back({std::move(reason), excerpt_at(begin)});
}

// Appends the levels of [["price","quantity",...],...] and gives their number.
std::uint32_t append_levels(array from, std::vector<level>& out);
// Appends one level.
inline void append_level(const decimal& price, const decimal& quantity, std::vector<level>& out) {
  out.emplace_back(price, quantity);
}

// Starts reading a frame; the document lives as long as the parser and the frame.
document read(parser& with, const raw_frame& frame);
// Throws decode_error if anything but white space stands behind the value that was read to its end.
void check_end(document& from);

}  // namespace json

// Milliseconds, microseconds or seconds since 1970 to nanoseconds; throws on overflow.
std::int64_t from_ms(std::int64_t ms);
std::int64_t from_us(std::int64_t us);
std::int64_t from_s(std::int64_t s);
// RFC 3339 ("2026-08-09T21:05:48.228568804Z") to nanoseconds since 1970; throws decode_error.
std::int64_t from_rfc3339(std::string_view text);

// A moment in UTC by its calendar.
struct calendar_time {
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;

  // From 1970 to 2260, with each field in its range.
  bool is_valid() const;
  std::int64_t seconds_since_epoch() const;
};

// An event with its common fields; receive time 0 becomes the exchange time.
event& append_event(event_batch& out, const listing* where, std::int64_t exchange_ns,
                    std::int64_t receive_ns);

// Throws decode_error if the key did not fit or is empty.
void check_key(const event_key& key);

// For events whose key is made of their time and content: if an event from `first` on has the key
// of the last one (two orders that were alike), "-2", "-3", .. is appended to the last one's.
void number_twin_key(event_batch& out, std::size_t first);

}  // namespace feedtree::venues
