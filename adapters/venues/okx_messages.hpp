// OKX's v5 public messages: one function a channel, each fed with an element of the frame's `data`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/venues/json.hpp"
#include "adapters/venues/kraken_common.hpp"
#include "adapters/venues/plain_reader.hpp"
#include "core/event.hpp"

namespace feedtree::venues::okx {

enum class channel_kind : std::uint8_t {
  trades,
  book,       // snapshot, then updates
  book_top5,  // a snapshot each time
  best,       // the best bid and offer
  tickers,
  candles,
  funding,
  open_interest,
  liquidations,
};

// A channel of a connection, as the `arg` of its frames names it.
struct channel {
  channel_kind kind = channel_kind::trades;
  const listing* where = nullptr;  // null for liquidations, which name it in each element
  std::int64_t interval_ns = 0;    // candles
};

// The listing of an instId; throws decode_error for one that cannot be named.
using find_listing = std::function<const listing*(std::string_view inst_id)>;

// What the readers need besides an element of data.
struct context {
  const channel* from = nullptr;
  bool snapshot = false;  // of the book, by the frame's action
  std::int64_t receive_ns = 0;
  frame_losses* losses = nullptr;
  std::vector<level> asks;                            // reused from frame to frame
  std::vector<kraken_family::numbered_trade> trades;  // of the frame
};

// Keeps the number of a trade and how many fills are in it (0: the venue does not say), so that
// missing ones are noticed when the frame was read.
void note_trade(const event& made, std::uint64_t count, context& in);

// "candle1m", "candle6Hutc", ..: the channel of an interval; empty if the venue has none. From six
// hours on these are the variants whose candles begin at UTC's midnight and not at Hong Kong's.
std::string_view candle_channel(std::int64_t interval_ns);
// The reverse; 0 for names that are none, and for those that are not aligned to UTC.
std::int64_t candle_interval(std::string_view channel);

// By the text of the frame's arg; nothing for channels of no interest.
using channel_table =
    std::unordered_map<std::string, std::optional<channel>, text_hash, std::equal_to<>>;

// A book as it is read.
struct book_fields {
  book_change change;
  std::int64_t exchange_ns = 0;
  bool sequenced = false;
};
// Appends the event of a book whose levels are in the batch.
void append_book(book_fields read, const context& in, event_batch& out);

// Reads a whole frame of a book or of a trade that looks as the venue writes it and appends its
// event; false if it does not look so, or its arg was not seen yet.
bool read_plain_frame(plain_reader& in, const channel_table& channels, context& with,
                      event_batch& out);
// Reads the whole of `data`; appends its events. An element that cannot be read costs that element.
void read_data(json::value data, context& in, const find_listing& find, event_batch& out);

}  // namespace feedtree::venues::okx
