// What is known of the candles of an instrument from its stored trades: a later run of the server
// goes on from it.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "core/candle_options.hpp"
#include "core/event.hpp"
#include "core/traded_sum.hpp"

namespace feedtree {

// In which trades are missing for good.
struct time_stretch {
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
};

// One interval in which there were trades, and the candle that was given of it, if one was.
struct stored_candle {
  std::int64_t open_ns = 0;
  traded_sum sum;
  bool given = false;
  bool whole = false;
  bool settled = false;  // it was closed: nothing more was expected of it
  bool changed = false;  // since it was given
  std::uint32_t revision = 0;
  bool is_kept = false;  // the disk has it like this
};

struct stored_series {
  std::int64_t interval_ns = 0;
  std::int64_t since_ns = 0;           // trades are followed from here on; 0: not yet
  std::int64_t dropped_before_ns = 0;  // candles that began before are not needed any more
  std::deque<stored_candle> candles;   // by open_ns
};

struct candle_past {
  std::vector<time_stretch> lost;
  std::vector<stored_series> series;
  std::vector<std::int64_t> dropped;  // intervals that are not wanted any more

  // Without the candles, which are written one by one.
  void write(byte_writer& to) const;
  void read(byte_reader& from);
};

void write_candle(const stored_candle& candle, byte_writer& to);
void read_candle(stored_candle& candle, byte_reader& from);

// Keeps the candle_past of one instrument. It is given each trade once; times are those of the
// events. Not thread-safe.
class candle_recorder {
 public:
  // Both outlive it.
  candle_recorder(const candle_options& options, candle_past& past);

  // The past is that of an earlier run now. Intervals that are not wanted any more are dropped.
  void loaded();
  // The feed of the trades is not wanted any more: nothing is known.
  void clear();
  void begin(std::int64_t now_ns);
  void take_trade(const event& what);
  // The ledger has an outage of the trades that is open (0: none is).
  void set_outage(std::int64_t begin_ns) { outage_ns_ = begin_ns; }
  // Trades of this time are missing for good.
  void take_loss(const time_stretch& lost);
  // A candle of ours.
  void take_given(const candle& what);

  // Brings the past up to the last event.
  void fold();
  // The disk has all of it.
  void is_kept();

 private:
  // Trades that are not in the candles yet: of the smallest part that all intervals have.
  struct part {
    std::int64_t open_ns = 0;
    traded_sum sum;
  };
  void fold(stored_series& into) const;
  void forget_old(stored_series& of) const;
  bool is_revised(std::int64_t end_ns) const;

  const candle_options& options_;
  candle_past& past_;
  std::int64_t part_ns_ = 0;
  std::vector<part> parts_;
  std::int64_t now_ns_ = 0;
  std::int64_t outage_ns_ = 0;
};

}  // namespace feedtree
