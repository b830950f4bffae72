// What the pages of all venues have in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/batch/candle_rows.hpp"
#include "adapters/batch/history.hpp"

namespace feedtree::batch {

// The values that a venue's live candles have in their keys, beside the prices and the volume.
struct candle_key_parts {
  bool quote_volume = false;
  bool trades = false;
};

// The key that the venue's stream gives to the same candle.
event_key candle_key(const candle& what, candle_key_parts parts);

// [position, end) of a page of so many candles.
std::int64_t candle_page_end(const history_job& job, const history_position& position,
                             std::int64_t candles);

// Makes events of a page of candles, in whatever order they came: those of [position, end) that are
// over, each once. What is missing there or could not be read is a gap.
history_page put_candles(const history_job& job, const history_position& position,
                         std::int64_t end_ns, candle_list answer, std::int64_t receive_ns,
                         candle_key_parts parts, event_batch& out);

// The trades of an answer, read by the session. Throws decode_error where none could be read.
struct trade_answer {
  std::size_t size() const { return trades.events.size() + unread; }

  event_batch trades;
  std::size_t unread = 0;  // beside them
  std::string reason;      // of the first of these
};
trade_answer answered_trades(history_reader& reader, const std::string& url,
                             const venues::raw_frame& body);

// What a page of trades is cut to: those of the job, each once, oldest first, without those that a
// page before it had. Numbered trades that are missing are a gap, and so are those that could not
// be read and a numbering that begins again. A trade whose number another one of the page has gets
// the key that the stream gives it.
struct trade_page {
  std::size_t received = 0;    // before the cut
  std::int64_t newest_ns = 0;  // of all that was received; 0: nothing
  bool beyond = false;         // the page reaches behind the end of the job
};
trade_page put_trades(const history_job& job, const trade_answer& received, bool numbered,
                      history_page& page, event_batch& out);

// The next page of trades that are asked for by time; `full`: so many are in a full page,
// `tick_ns`: the venue's smallest step of time.
void advance_by_time(const history_job& job, const history_position& position,
                     const trade_page& got, std::size_t full, std::int64_t tick_ns,
                     history_page& page);

// Gaps in order; those of one reason that touch or overlap are one.
std::vector<history_gap> merged(std::vector<history_gap> gaps);

}  // namespace feedtree::batch
