// What is known of an instrument's feeds from the events of it that are stored: where a server goes
// on that was not there for a while.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/candle_past.hpp"
#include "core/event.hpp"
#include "core/ledger.hpp"
#include "core/trade_continuity.hpp"

namespace feedtree {

// One feed: a kind of the instrument.
struct stored_feed {
  std::int64_t receive_ns = 0;  // of the last event; 0: there was none
  feed_past past;
};

// Trades that were missing when the last one was stored, and the exchange times of those on either
// side.
struct stored_hole {
  number_range numbers;
  std::int64_t before_ns = 0;
  std::int64_t after_ns = 0;
};

struct stored_trades {
  static constexpr std::size_t recent_max = 1'024;

  bool any = false;                // there was one
  std::uint64_t last = 0;          // the highest number, where the venue numbers its trades
  std::int64_t exchange_ns = 0;    // of the trade with the highest number, or else of the newest
  std::int64_t receive_ns = 0;     // likewise
  std::vector<stored_hole> holes;  // in order
  // Of an outage that is open: the first number that came after it; what is missing before it was
  // not received because of it.
  std::optional<std::uint64_t> first_after_outage;
  std::int64_t alive_ns = 0;  // and until when any feed of the instrument was received
  // Where trades have no numbers: hashes of the last keys, the oldest first.
  std::vector<std::uint64_t> recent;
};

struct instrument_past {
  std::array<stored_feed, event_kinds> feeds;
  stored_trades trades;
  candle_past candles;

  const stored_feed& feed(event_kind kind) const { return feeds[static_cast<std::size_t>(kind)]; }
  stored_feed& feed(event_kind kind) { return feeds[static_cast<std::size_t>(kind)]; }
};

// Until when the instrument was received before the outage that is open, or is to begin now.
std::int64_t alive_until_ns(const instrument_past& past);

// For the disk, without the candles themselves; nothing comes back of bytes that are damaged or of
// another form.
void encode_past(const instrument_past& past, std::string& out);
std::optional<instrument_past> decode_past(std::string_view bytes);

}  // namespace feedtree
