// What was traded in a stretch of time, as candles need it.
#pragma once

#include <cstdint>
#include <optional>

#include "core/byte_reader.hpp"
#include "core/byte_writer.hpp"
#include "core/event.hpp"
#include "core/exact_sum.hpp"

namespace feedtree {

struct trade_point {
  std::int64_t exchange_ns = 0;
  std::int64_t receive_ns = 0;
  std::optional<std::uint64_t> number;
  decimal price;

  static trade_point of(const event& what);
};

// First, last, highest and lowest price, and the sums. The order in which trades are added does not
// matter: the first and the last are so by the venue's clock, then by their numbers, then by when
// they came.
struct traded_sum {
  trade_point first;
  trade_point last;
  decimal high;
  decimal low;
  exact_sum volume;
  exact_sum quote_volume;
  std::int64_t trades = 0;

  // `what` is a trade. Contracts are no amount of the base: they have no quote volume.
  void add(const event& what);
  // Another part of the same stretch.
  void add(const traded_sum& part);

  void write(byte_writer& to) const;
  void read(byte_reader& from);
};

}  // namespace feedtree
