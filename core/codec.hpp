// Events as JSON, by the contract of docs/subjects.md and docs/schema: field names in full,
// decimals with the digits as sent, 64-bit numbers as strings.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.hpp"

namespace feedtree {

inline constexpr int body_version = 1;

// A piece of a book message: a range of its levels, counted over bids and then asks. For other
// kinds the range says nothing.
struct encode_options {
  std::size_t first_level = 0;
  std::size_t levels_max = std::numeric_limits<std::size_t>::max();
  std::uint32_t part = 0;  // from 1; 0: the message is whole
  std::uint32_t parts = 0;
};

// What the publisher adds: the number of the message within its subject, and which run counts.
struct encode_tail {
  std::uint64_t seq = 0;
  std::string_view epoch;  // empty: there is no tail
};

// Writes events as JSON; keeps the constant text of each listing, so it must not outlive them.
// Deterministic. Not thread-safe.
class event_encoder {
 public:
  // Appends one object, without a newline. batch is the one that the event stands in.
  void encode(const event& what, const event_batch& batch, std::string& out) {
    encode(what, batch, {}, {}, out);
  }
  // With a range of levels and a tail. The id of a part ends in "#<part>".
  void encode(const event& what, const event_batch& batch, const encode_options& options,
              const encode_tail& tail, std::string& out);

 private:
  struct listing_text {
    const listing* of = nullptr;
    std::string id_prefix;   // "kraken:BTC-USD:", escaped
    std::string venue_text;  // from `","venue":"` up to the value of state
  };
  const listing_text& text_of(const listing& where);

  std::vector<listing_text> by_index_;
};

// The same without an encoder that is kept: for single events.
void encode_json(const event& what, const event_batch& batch, std::string& out);
void encode_json(const event& what, const event_batch& batch, const encode_options& options,
                 const encode_tail& tail, std::string& out);

// Appends what was kept back as an object of kind "quarantine", with the id
// "<venue>:<instrument>:quarantine:<key>"; the instrument is "" where it is not known.
void encode_json(const quarantine_entry& what, const encode_tail& tail, std::string& out);
// Receive time and fingerprint: what is kept back has no number of the venue's.
event_key key_of(const quarantine_entry& what);

// Appends an alert as an object of kind "alert", with the id
// "<venue>:<instrument>:alert:<key>"; the instrument is "" where it concerns the venue.
void encode_json(const alert_entry& what, const encode_tail& tail, std::string& out);
// Receive time and fingerprint, as of what is kept back.
event_key key_of(const alert_entry& what);

// Appends [["price","quantity"],...].
void encode_levels(std::span<const level> levels, std::string& out);

// Appends a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
void encode_text(std::string_view text, std::string& out);

}  // namespace feedtree
