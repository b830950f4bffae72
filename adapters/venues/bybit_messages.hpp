// Bybit's v5 public messages: one function a message type, each fed with the frame's `data`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/venues/json.hpp"
#include "adapters/venues/plain_reader.hpp"
#include "core/event.hpp"

namespace feedtree::venues::bybit {

enum class topic_kind : std::uint8_t { trades, book, tickers, candles, liquidations };

// What a ticker frame says. A field that it does not name has not changed; one that it names
// without a value has none any more.
struct ticker_values {
  ticker shown;
  optional_decimal funding_rate;
  optional_decimal open_interest;
  optional_decimal open_interest_value;
  std::int64_t next_funding_ns = 0;  // 0: absent
  std::uint32_t named = 0;           // a bit a field
  std::uint32_t unread = 0;          // of these: whose value did not fit

  // Takes over the fields that are named.
  void merge(const ticker_values& change);
};
// The best level of each side as orderbook.1 tells it.
struct top_of_book {
  bool known = false;  // from a snapshot on, as long as no update is missing
  std::uint64_t last_update_id = 0;
  std::vector<level> bids;  // one level, or none
  std::vector<level> asks;
};

// What the frames of a connection have shown of an instrument, whatever their topic.
struct instrument_state {
  std::size_t book_depth = 0;  // of the deepest book topic that was seen
  bool has_top_topic = false;  // orderbook.1 came: quotes are taken from there
  top_of_book top;
};

// A topic of a connection, with what must be kept of it from frame to frame.
struct topic {
  topic_kind kind = topic_kind::trades;
  const listing* where = nullptr;
  bool inverse = false;          // quantities are in quote units, turnover is in base units
  std::int64_t interval_ns = 0;  // candles
  std::size_t depth = 0;         // books
  instrument_state* seen = nullptr;
  ticker_values known;  // all fields so far
  ticker_values told;   // as of the last funding, open interest and quote event
};

// The topics that a connection has carried, by name.
using topic_table = std::unordered_map<std::string, topic, text_hash, std::equal_to<>>;

// A frame while it is read. Members come in any order, so what needs several of them waits until
// all are read.
struct message {
  topic* about = nullptr;
  bool has_type = false;
  bool snapshot = false;
  bool has_data = false;
  std::int64_t ts_ms = 0;   // made by the market data service
  std::int64_t cts_ms = 0;  // the matching engine's time; 0 where it is not sent
  std::uint64_t cs = 0;     // cross sequence of a ticker; 0 where it is not sent
  std::int64_t receive_ns = 0;
  frame_losses* losses = nullptr;
  book_change book;
  std::uint64_t cross_sequence = 0;
  ticker_values values;  // of a ticker frame

  // Ready for the next frame. Reused: the values are cleared only when a ticker frame is read.
  void reset(std::int64_t received_ns, frame_losses& of_frame);
};

// Reads `data` of the message's topic; appends the events that need nothing else of the frame.
void read_data(json::value data, message& into, event_batch& out);
// Reads the `data` of a ticker; its events are appended by finish_ticker.
void read_ticker(json::object from, message& into);
void finish_ticker(message& what, event_batch& out);

// A field of a ticker that is a decimal.
struct decimal_field;
// The one whose name stands here, with the quote behind it; null for other names.
const decimal_field* decimal_named(const char* name);
// Puts a value into it; zero is no price.
void set_value(const decimal_field& which, const optional_decimal& value, ticker_values& values);

// Reads a whole frame of a book, or of a ticker, that looks as the venue writes it; false if it
// does not. The events are then appended by finish.
bool read_plain_frame(plain_reader& in, topic_table& topics, message& into, event_batch& out);

// Appends the events that need the whole frame, and remembers what later frames build upon.
void finish(message& what, event_batch& out);

}  // namespace feedtree::venues::bybit
