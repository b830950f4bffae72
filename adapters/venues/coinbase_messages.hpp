// Reads the messages of Coinbase Advanced Trade: what stands in the events of one frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "adapters/venues/json.hpp"
#include "adapters/venues/plain_reader.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::venues::coinbase {

inline constexpr std::string_view venue_name = "coinbase";
// The candles channel has buckets of five minutes only.
inline constexpr std::int64_t candle_interval_ns = 300'000'000'000;

// The frame around every message:
// {"channel":"l2_data","timestamp":"2026-08-09T21:05:48.506659391Z","sequence_num":15,
//  "events":[...]}, or {"type":"error","message":"..."}.
struct envelope {
  std::string_view channel;
  std::string_view timestamp;
  std::string_view type;
  std::string_view message;
  std::optional<std::uint64_t> sequence;
  std::int64_t receive_ns = 0;
  frame_losses* losses = nullptr;  // of the frame
};

// A JSON string as it stands in the frame: names and times have no escapes in them. Throws
// decode_error with the field's name if it is no string.
inline std::string_view to_name(json::value from, std::string_view field) {
  const std::string_view raw = from.raw_json_token();
  if (raw.front() != '"') throw decode_error(std::string(field) + ": not a text");
  const bool ends_here = raw.size() > 1 && raw.back() == '"';  // else white space follows
  return ends_here ? raw.substr(1, raw.size() - 2) : json::token(from);
}

// A field of an object, wherever it stands in it; throws decode_error if it is missing.
json::value field_of(json::object& from, std::string_view name);

// Throws decode_error if something that must be there is not.
inline void require(bool present, std::string_view what) {
  if (!present) throw decode_error(std::string(what) + ": a field is missing");
}

// Reads each object of a list by read(object); one that cannot be read costs itself. An empty list
// may be null.
template <class Read>
void read_objects(const envelope& of, json::value list, event_batch& out, Read&& read) {
  if (json::token(list) == "null") return;
  for (auto element : list.get_array()) {
    json::value entry = element.value();
    json::read_entry(entry, out, *of.losses, [&] { read(entry.get_object().value()); });
  }
}

// Calls visit(object) for each object of an array; an empty list may be null.
template <class Visit>
void for_each_object(json::value list, Visit&& visit) {
  if (json::token(list) == "null") return;
  for (auto entry : list.get_array()) visit(entry.get_object().value());
}

// Appends the events of one message to a batch. Each function throws decode_error, or what
// simdjson throws, if the message cannot be read; the batch is then to be rolled back.
class message_reader {
 public:
  explicit message_reader(venue_symbols& symbols) : symbols_(symbols), table_(symbols.of("")) {}

  // One entry of a frame's events; false if the channel is none of market data.
  bool read(const envelope& of, json::object event, event_batch& out);

  // A whole frame of one book message as the venue writes it; false if it is not that, and then
  // what was appended is to be taken back. Takes the frame's fields from it, too.
  bool read_plain_book(plain_reader& in, envelope& of, event_batch& out);

  const listing* add_product(std::string_view product, std::string_view base,
                             std::string_view quote);
  symbol_table& table() { return table_; }
  venue_symbols& symbols() { return symbols_; }

  // {"trades":[...]} of a frame or an answer over REST.
  void read_trades(const envelope& of, json::object event, event_batch& out);

 private:
  const listing* find_product(std::string_view product);
  void read_book(const envelope& of, json::object event, event_batch& out);
  void read_levels(json::value updates, event_batch& out, std::int64_t& newest_ns);
  bool read_plain_level(plain_reader& in, std::string_view& last_time, std::int64_t& newest_ns,
                        event_batch& out);
  void append_book(const envelope& of, const listing* where, bool snapshot, std::int64_t newest_ns,
                   std::size_t first_level, event_batch& out);
  void read_trade(const envelope& of, json::object from, event_batch& out);
  void read_ticker(const envelope& of, json::object from, event_batch& out);
  void read_candle(const envelope& of, json::object from, event_batch& out);
  void append_candle(const envelope& of, const listing* where, candle body, event_batch& out);
  void read_status_product(json::object from);

  venue_symbols& symbols_;
  symbol_table& table_;
  std::vector<level> asks_;  // of the book message that is being read
};

}  // namespace feedtree::venues::coinbase
