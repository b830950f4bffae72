// Tells by their numbers which trades of one instrument are missing, twice, or out of order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/instrument.hpp"

namespace feedtree {

// Numbers first to last, both included.
struct number_range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
bool operator==(const number_range& a, const number_range& b);

// Trades to be asked for: their numbers, and the exchange times of the trades on either side.
struct missing_trades {
  const listing* where = nullptr;
  number_range numbers;  // 0 to 0: all between these times, of a venue without numbers
  std::int64_t before_ns = 0;
  std::int64_t after_ns = 0;
};

enum class trade_verdict : std::uint8_t {
  next,        // the first one, or the one behind the one before
  after_hole,  // trades before it are missing; they are the last of missing()
  late,        // it was missing
  duplicate,   // it came before
};

// No clock, and no events: numbers only. Not thread-safe; the same numbers give the same verdicts.
class trade_continuity {
 public:
  // More holes than this at a time are not remembered: the oldest are forgotten.
  static constexpr std::size_t holes_max = 256;

  // Judges a trade that stands for first to last; first is not above last.
  trade_verdict take(std::uint64_t first, std::uint64_t last);
  // Judges a trade that was fetched because it was missing: late if it was, else duplicate.
  trade_verdict take_fetched(std::uint64_t first, std::uint64_t last);
  // Goes on where another ended: the highest number that it took, and what was missing then.
  void resume(std::uint64_t last, std::vector<number_range> missing);
  // Counts on behind this number; nothing is missing.
  void restart(std::uint64_t last);
  // These will not come any more.
  void forget(const number_range& what);

  // What is missing, in order; ranges do not touch each other.
  const std::vector<number_range>& missing() const { return missing_; }
  bool is_missing(std::uint64_t number) const;
  // The highest number so far.
  std::optional<std::uint64_t> last() const { return last_; }

 private:
  bool remove(const number_range& what);

  std::optional<std::uint64_t> last_;
  std::vector<number_range> missing_;
};

}  // namespace feedtree
