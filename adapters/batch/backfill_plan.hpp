// How a long backfill is cut into parts that are fetched side by side, and what is left of it when
// it begins again. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/batch/history.hpp"

namespace feedtree::batch {

// Where a part of a backfill is: kept in the database beside the rows.
struct checkpoint {
  std::string venue;
  std::string instrument;
  std::string kind;              // "candle", "trade"
  std::int64_t interval_ns = 0;  // 0 for trades
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  history_position position;
  bool done = false;
  std::uint64_t rows = 0;  // that were handed to the database so far
};

// The parts of a job: cut at multiples of `pages` pages since 1970, so that a later backfill of a
// longer time finds most of them done. Candles: from and to are first brought to whole intervals,
// to inwards. Throws std::invalid_argument if nothing is left.
std::vector<history_job> parts_of(const history_job& job, const history_source& source,
                                  std::int64_t pages);

// The checkpoint of a part that has not begun.
checkpoint fresh_checkpoint(const history_job& part);

// Between parts of numbered trades: what is missing where one ends and the next begins. The
// checkpoints are in the order of their times.
std::vector<history_gap> seams(const std::vector<checkpoint>& parts);

// Of all parts, in thousandths.
std::int64_t progress_of(const std::vector<checkpoint>& parts);

// "2026-03-01", "2026-03-01T12:00:00Z" or "2026-03-01 12:00" (UTC) to nanoseconds since 1970; "now"
// and "2h" (so long ago) count from now_ns. Throws std::invalid_argument.
std::int64_t parse_moment(const std::string& text, std::int64_t now_ns);
// "2026-03-01T12:00:00Z".
std::string moment_text(std::int64_t unix_ns);
// "2026-03-01T12:00:00Z to 2026-03-01T13:00:00Z: why", one behind the other.
std::string describe(const std::vector<history_gap>& gaps);

}  // namespace feedtree::batch
