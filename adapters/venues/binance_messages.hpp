// The messages of Binance's market streams, one function a type, with the raw message it reads in
// the comment above it.
#pragma once

#include <cstdint>

#include "adapters/venues/binance_fields.hpp"
#include "core/event.hpp"

namespace feedtree::venues::binance {

// What a message needs to become an event.
struct reading {
  const message& what;
  const listing* where;
  std::int64_t receive_ns;
  std::int64_t now_ns;  // for messages without a time: when it was received, else the last known
  bool inverse;         // COIN-M: volumes are in contracts and in the base asset
  event_batch& out;
  frame_losses& losses;
};

// Each appends the event of one message and throws decode_error on a field that is missing or
// wrong; false if the message holds nothing that is an event.
bool append_agg_trade(const reading& from);
bool append_trade(const reading& from);
bool append_book(const reading& from);
bool append_quote(const reading& from);
bool append_ticker(const reading& from);
bool append_candle(const reading& from);
bool append_funding(const reading& from);
bool append_liquidation(const reading& from);

// The reader of an event type ("aggTrade"), or null. Without a type, a message with the fields of
// the best bid and offer is one: spot's bookTicker has no type.
using message_reader = bool (*)(const reading&);
message_reader reader_of(const message& what);

}  // namespace feedtree::venues::binance
